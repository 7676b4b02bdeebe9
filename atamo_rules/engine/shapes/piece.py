"""What the writers of shapes hand each other: a Python expression with its constants taken out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from atamo_rules.model.meaning import Step

MARK = "\0"
"""Stands in a piece's text where its next constant goes. `repr` writes it otherwise, so no key can contain it."""

HOLE = "\1"
"""Stands in a question's text where its value goes."""

DEEPEST = 24
"""Conditions in one another that are written as one expression; what is deeper is asked through closures. (CPython
takes 200 parentheses in one another.)"""

# What a piece costs, in tens of nanoseconds or so: conjuncts are asked in this order.
PRESENCE, EQUAL, ORDER, PART, CALL, ELEMENTS, FRAME, PATTERN = 1, 2, 3, 4, 15, 20, 60, 120


class Piece(NamedTuple):
    """A Python expression that is True or False for a body, or raises where its quick reading does not fit.

    `text` has a MARK for each of `constants`, in order.
    """

    cost: int
    text: str
    constants: tuple[Any, ...] = ()


class Beyond(Exception):
    """A condition reads more than the body."""


Place: TypeAlias = "tuple[str, tuple[Step, ...]]"
"""A path: the name of its root in the expression, and its steps."""


class Held(NamedTuple):
    """The variable that holds what is at a path. `soft`: it is None where nothing is. `number`: it is an int or a
    float, and nearer to zero than 2**53."""

    name: str
    soft: bool
    number: bool


class Here(NamedTuple):
    """Where in a condition we are.

    `names` are the roots of paths and the Python names that hold them. `soft` are the paths that a condition around
    us asks the presence of: they are often absent, so reading them must not cost an exception. `value` is the Python
    name that holds a value which is looked at twice. `held` are the paths that have been read before.
    """

    names: Mapping[str, str]
    soft: frozenset[Place] = frozenset()
    value: str = "v"
    depth: int = 0
    variables: tuple[tuple[str, str], ...] = ()
    held: Mapping[Place, Held] = {}

    def deeper(self, soft: frozenset[Place]) -> Here:
        """Inside an `and`, an `or` or a `not`, where these paths too may be absent."""
        soft = self.soft | soft if soft else self.soft
        return Here(self.names, soft, self.value, self.depth + 1, self.variables, self.held)

    def inside(self, variable: str) -> tuple[Here, str]:
        """Inside a quantifier, and the Python name of its element."""
        name = f"x{len(self.variables)}"
        here = Here(
            {**self.names, variable: name},
            self.soft,
            "u",
            self.depth + 1,
            (*self.variables, (variable, name)),
            self.held,
        )
        return here, name
