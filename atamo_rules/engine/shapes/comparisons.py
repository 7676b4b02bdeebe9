"""Questions about one value as Python expressions: tests against constants, presence, truth, emptiness.

An expression may raise where the value is of another kind than the question is about; it must never be *wrong* in
silence. So `in` and `==` are only used where what Python says of a list, an object or a boolean is what the language
says, and are followed by a look at the value's type where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atamo_rules.engine import readers
from atamo_rules.engine.questions import single
from atamo_rules.engine.shapes import numbers
from atamo_rules.engine.shapes.piece import CALL, EQUAL, MARK, PART, PATTERN, PRESENCE, Piece
from atamo_rules.model.meaning import Condition, Const, Exists, Holds, IsNull, Present, Test
from atamo_rules.model.types import Anything, ListOf, Type

READ = ("moment", "date", "duration")
"""Kinds whose values are read from texts before they are compared."""


def test(node: Test, type: Type, read: str, soft: bool, value: str) -> Piece | None:
    """A test of the value of `read` against its constant, None where only a frame can tell.

    `type` is the declared type of what is there, `soft` says that it is None where nothing is.
    """
    assert isinstance(node.right, Const)
    constant = node.right.value
    if has_null(constant):
        return None  # null in the event equals it, and what is missing does not
    quick = None
    if node.kind not in READ and (not node.many or _any_of_list(node, type)):
        quick = _QUICK.get(node.operator, _none)(node, constant, type, read, soft, value)
    cost = PATTERN if node.operator in ("regex", "glob", "cidr") or node.kind in READ else CALL
    return quick or Piece(cost, f"{MARK}({read})", (check(node, type),))


def check(node: Test, type: Type) -> Callable[[Any], bool]:
    """The test as a question about one value as JSON has it."""
    ask = single(node)
    convert = readers.reader(type) if node.kind in READ else None
    if convert is None:
        return ask
    return lambda value: ask(convert(value))


def state(node: Condition, read: str, value: str) -> Piece:
    """Presence, truth or emptiness. For `is null` and `exists`, `read` gives A where nothing is."""
    match node:
        case Present():
            return Piece(PRESENCE, f"{read} is not None")
        case Holds():
            return Piece(PRESENCE, f"{read} is True")
        case IsNull():
            return Piece(PRESENCE, f"{read} is None")
        case Exists():
            return Piece(PRESENCE, f"{read} is not A")
    return Piece(PART, f"(not ({value} := {read}) and isinstance({value}, (str, list, tuple, dict)))")


def has_null(constant: Any) -> bool:
    """Whether a constant is null, or a list with null in it."""
    return constant is None or (isinstance(constant, list | tuple) and None in constant)


def _any_of_list(node: Test, type: Type) -> bool:
    """`xs contains any of ["a", "b"]`: sets do it, for texts."""
    if node.operator != "contains" or node.many != "any" or node.ignore_case or not isinstance(type, ListOf):
        return False
    constant = node.right.value if isinstance(node.right, Const) else None
    return isinstance(constant, tuple) and all(isinstance(item, str) for item in constant)


def _none(node: Test, constant: Any, type: Type, read: str, soft: bool, value: str) -> Piece | None:
    return None


def _equal(node: Test, constant: Any, type: Type, read: str, soft: bool, value: str) -> Piece | None:
    if isinstance(constant, str):
        if node.ignore_case:
            return _folded(f"== {MARK}", constant.casefold(), read, soft, value)
        return Piece(EQUAL, f"{read} == {MARK}", (constant,))
    if isinstance(constant, bool):
        return Piece(PRESENCE, f"{read} is {constant}")
    return numbers.equal(constant, read, value)


def _order(node: Test, constant: Any, type: Type, read: str, soft: bool, value: str) -> Piece | None:
    return numbers.order(node.operator, constant, read, soft, value)


def _among(node: Test, constant: Any, type: Type, read: str, soft: bool, value: str) -> Piece | None:
    if not isinstance(constant, list | tuple) or not constant:
        return None
    if node.ignore_case:
        if not all(isinstance(item, str) for item in constant):
            return None
        return _folded(f"in {MARK}", frozenset(item.casefold() for item in constant), read, soft, value)
    if len(constant) == 1:
        return _equal(node, constant[0], type, read, soft, value)
    return numbers.among(tuple(constant), read, value)


def _contains(node: Test, constant: Any, type: Type, read: str, soft: bool, value: str) -> Piece | None:
    """A part of a text, or an element of a list; which of them a value of an open type may be is seen at its type."""
    if node.many:
        there = f"({value} := {read}) is not None and " if soft else ""
        looked = value if soft else f"({value} := {read})"
        text = (
            f"({there}not {MARK}.isdisjoint({looked}) and (type({value}) is list or isinstance({value}, L)))"
        )
        return Piece(PART, text, (frozenset(constant),))
    if not isinstance(constant, str) or not constant:
        return None
    of_list, of_anything = isinstance(type, ListOf), isinstance(type, Anything)
    if node.ignore_case:
        if of_list or of_anything:
            return None
        there = f"({value} := {read}) is not None and {MARK} in {value}.casefold()"
        text = f"({there})" if soft else f"{MARK} in {read}.casefold()"
        return Piece(PART, text, (constant.casefold(),))
    kind = "L" if of_list else "(str, list, tuple)" if of_anything else "str"
    first = (
        f"({value} := {read}) is not None and {MARK} in {value}" if soft else f"{MARK} in ({value} := {read})"
    )
    return Piece(PART, f"({first} and isinstance({value}, {kind}))", (constant,))


def _end(method: str) -> Callable[[Test, Any, Type, str, bool, str], Piece | None]:
    def ask(node: Test, constant: Any, type: Type, read: str, soft: bool, value: str) -> Piece | None:
        if not isinstance(constant, str):
            return None
        if node.ignore_case:
            return _folded(f".{method}({MARK})", constant.casefold(), read, soft, value)
        there = f"(({value} := {read}) is not None and {value}.{method}({MARK}))"
        return Piece(PART, there if soft else f"{read}.{method}({MARK})", (constant,))

    return ask


def _folded(asked: str, constant: Any, read: str, soft: bool, value: str) -> Piece:
    """A question of the case-folded text: only texts have a `casefold`."""
    asked = asked if asked.startswith(".") else f" {asked}"
    if soft:
        return Piece(PART, f"(({value} := {read}) is not None and {value}.casefold(){asked})", (constant,))
    return Piece(PART, f"{read}.casefold(){asked}", (constant,))


_QUICK: dict[str, Callable[[Test, Any, Type, str, bool, str], Piece | None]] = {
    "eq": _equal,
    "lt": _order,
    "le": _order,
    "gt": _order,
    "ge": _order,
    "in": _among,
    "contains": _contains,
    "prefix": _end("startswith"),
    "suffix": _end("endswith"),
}
