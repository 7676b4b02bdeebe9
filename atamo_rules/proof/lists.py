"""Lists that may satisfy tests: of nothing, of something, and of elements that are as the tests ask for.

An element is made for each test of its own, and one for all of them. Lists stand for all there are only where nothing
is asked but which values they contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from atamo_rules.engine.examples import example
from atamo_rules.engine.frame import bare
from atamo_rules.model.meaning import Const, Empty, Test
from atamo_rules.model.types import Anything, Duration, ListOf, MapOf, Moment, Record, Type
from atamo_rules.proof.formula import Lit, Path, plain_atom, within
from atamo_rules.proof.reads import compared, type_at

Choose: TypeAlias = "Callable[[Path, Type, Sequence[Lit]], tuple[Any, bool]]"
"""Finds a value at a path that is as tests ask for, and says whether it did."""


def made(type: ListOf, path: Path, literals: Sequence[Lit], choose: Choose) -> tuple[list[Any], bool]:
    """Lists to try, and whether they stand for all there are."""
    some = example(type.item, None, "item")
    wanted = [] if isinstance(type.item, Moment | Duration) else list(_contained(literals))
    found: list[Any] = [[], [some], wanted, [*wanted, some]]
    elements = [one for lit in literals for one in _elements(type.item, lit, choose)]
    found += [[one] for one in elements]
    joined: list[Any] = []
    for lit in literals:
        if lit.positive:
            enough = (some for some in found if lit.atom.holds(bare(within(path, some))))
            joined += [item for item in next(enough, ()) if item not in joined]
    return [*found, joined, elements], _only_contains(type, literals)


def _contained(literals: Sequence[Lit]) -> Iterator[Any]:
    for atom, positive in literals:
        test = atom.condition
        if positive and isinstance(test, Test) and atom.plain and isinstance(test.right, Const):
            value = test.right.value
            yield from value if isinstance(value, tuple) else (value,)


def _only_contains(type: ListOf, literals: Sequence[Lit]) -> bool:
    """Whether a list of just what it is to contain is the one that may satisfy them, if any does."""
    if isinstance(type.item, Moment | Duration) or not all(lit.atom.plain for lit in literals):
        return False
    tests = [lit.atom.condition for lit in literals if isinstance(lit.atom.condition, Test)]
    asked = any(
        positive and isinstance(atom.condition, Test | Empty) for atom, positive in literals
    )  # else one element that nobody names might do what these do not
    return asked and all(
        test.operator == "contains"
        and not (test.many or test.ignore_case)
        and isinstance(test.right, Const)
        and not isinstance(test.right.value, list | dict | tuple)
        for test in tests
    )


def _elements(item: Type, lit: Lit, choose: Choose) -> Iterator[Any]:
    """Elements that a test about a list may ask for: for each comparison in it one, and one for them all."""
    together: dict[str, Any] = {}
    for steps, test in compared(lit.atom.condition):
        type = type_at(item, steps)
        path = steps or ("item",)
        one = Lit(plain_atom(test, path, type), True)
        value, there = choose(path, type, [one])
        if not there:
            continue
        if not steps:
            yield value
        elif isinstance(item, Record | Anything | MapOf):
            given: Any = within(steps, value)
            yield example(item, given) if isinstance(item, Record) else given
            together.setdefault(steps[0], within(steps, value)[steps[0]])
    if len(together) > 1:
        yield example(item, together) if isinstance(item, Record) else together
