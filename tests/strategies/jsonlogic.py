"""Random JsonLogic rules and events: mixed types, missing fields, lists in lists, and operators in odd places."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.strategies.choices import Choices

FIELDS = ("a", "b", "c", "user", "items")
WORDS = (
    "",
    "a",
    "b",
    "ab",
    "5",
    "05",
    " 5 ",
    "0",
    "1",
    "1e1",
    "0x5",
    "true",
    "null",
    "a,b",
    "é",
    "\uffee",
    "\U0001f600",
)
NUMBERS = (0, 1, 2, 5, 10, -1, Decimal("0.5"), Decimal("1.50"), Decimal("5.0"), 1000000)
PATHS = (
    "a",
    "b",
    "c",
    "user",
    "items",
    "a.b",
    "a.b.c",
    "items.0",
    "items.1.a",
    "missing",
    "user.name",
    "event",
    "a-b",
)
INNER = ("", "a", "b", "a.b", "0")


def scalar(choose: Choices) -> Any:
    kind = choose.upto(9)
    if kind <= 3:
        return choose.pick(WORDS)
    if kind <= 6:
        return choose.pick(NUMBERS)
    return choose.pick((None, True, False))


def event(choose: Choices) -> dict[str, Any]:
    body = {name: data(choose, 2) for name in FIELDS if choose.upto(4)}
    if isinstance(body.get("items"), str):
        body["items"] = "a5"  # a letter of it is a text of its own, which half of a surrogate pair is not
    if choose.upto(2) == 2:
        body["a-b"] = data(choose, 1)
    if choose.upto(2) == 2:
        body["event"] = data(choose, 1)
    return body


def data(choose: Choices, depth: int) -> Any:
    kind = choose.upto(7) if depth else 0
    if kind <= 3:
        return scalar(choose)
    if kind <= 5:
        return [data(choose, depth - 1) for _ in range(choose.upto(3))]
    return {name: data(choose, depth - 1) for name in ("a", "b", "name", "0") if choose.upto(1)}


def rule(choose: Choices, depth: int = 3, paths: Sequence[str] = PATHS) -> Any:
    """A rule whose outcome is asked for its truthiness."""
    kind = choose.upto(9) if depth else choose.upto(3)
    match kind:
        case 0 | 1 | 2 | 3:
            return compared(choose, depth, paths)
        case 4 | 5:
            parts = [rule(choose, depth - 1, paths) for _ in range(1 + choose.upto(2))]
            return {choose.pick(("and", "or")): parts}
        case 6:
            return {choose.pick(("!", "!!")): [operand(choose, depth - 1, paths)]}
        case 7:
            parts = [operand(choose, depth - 1, paths) for _ in range(2 + choose.upto(3))]
            return {choose.pick(("if", "if", "?:", "and", "or")): parts}
        case 8:
            over = listed(choose, depth - 1, paths)
            return {choose.pick(("some", "all", "none")): [over, rule(choose, depth - 1, INNER)]}
    return listed(choose, depth - 1, paths)


def compared(choose: Choices, depth: int, paths: Sequence[str]) -> Any:
    operator = choose.pick(("==", "!=", "===", "!==", "<", "<=", ">", ">=", "in", "==", "===", "in"))
    one = operand(choose, depth - 1, paths)
    two = operand(choose, depth - 1, paths)
    if operator == "in" and choose.upto(1):
        two = [scalar(choose) for _ in range(choose.upto(3))]
    if operator in ("<", "<=") and choose.upto(5) == 5:
        return {operator: [scalar(choose), one, scalar(choose)]}
    return {operator: [one, two]}


def operand(choose: Choices, depth: int, paths: Sequence[str]) -> Any:
    kind = choose.upto(10)
    if kind == 10:
        return computed(choose, paths)
    if kind <= 3 or (depth <= 0 and kind > 6):
        return var(choose, paths)
    if kind <= 6:
        return scalar(choose)
    if kind == 7:
        return listed(choose, depth, paths)
    return rule(choose, depth, paths)


def computed(choose: Choices, paths: Sequence[str]) -> Any:
    """A number or a text, of constants or of what is in the event."""

    def part(*constants: Any) -> Any:
        kind = choose.upto(4)
        return (
            var(choose, paths)
            if kind <= 1
            else choose.pick(constants)
            if kind <= 3
            else computed(choose, paths)
        )

    match choose.upto(3):
        case 0 | 1:
            operator = choose.pick(("+", "-", "*", "/", "%", "min", "max"))
            size = 2 if operator in "/%-" else 2 + choose.upto(1)
            return {operator: [part(*NUMBERS, "5", " 1e1", "2.5x", Decimal("0.1"), 3) for _ in range(size)]}
        case 2:
            return {"cat": [part(*WORDS, *NUMBERS, None, True) for _ in range(choose.upto(3))]}
    bounds = (choose.upto(6) - 3 for _ in range(1 + choose.upto(1)))
    return {"substr": [part("abc", "a", 150, "[object"), *bounds]}


def var(choose: Choices, paths: Sequence[str]) -> Any:
    path = choose.pick(paths)
    kind = choose.upto(5)
    if kind == 5:
        return {"var": [path, scalar(choose)]}
    return {"var": [path]} if kind == 4 else {"var": path}


def listed(choose: Choices, depth: int, paths: Sequence[str]) -> Any:
    """Something that is, mostly, a list."""
    kind = choose.upto(6) if depth > 0 else choose.upto(1)
    match kind:
        case 0:
            return var(choose, paths)
        case 1:
            return [scalar(choose) for _ in range(choose.upto(3))]
        case 2:
            return {"filter": [listed(choose, depth - 1, paths), rule(choose, depth - 1, INNER)]}
        case 3:
            return {"map": [listed(choose, depth - 1, paths), operand(choose, depth - 1, INNER)]}
        case 4:
            return {"merge": [listed(choose, depth - 1, paths) for _ in range(choose.upto(3))]}
        case 5:
            names = [choose.pick(paths) for _ in range(choose.upto(3))]
            return {"missing": names} if choose.upto(1) else {"missing_some": [choose.upto(3), names]}
    return [operand(choose, depth - 1, paths) for _ in range(choose.upto(2))]
