"""Conditions and bodies of events `of anything as text`: numbers, booleans, lists and objects where texts stand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.strategies.choices import Choices

KEYS = ("a", "b", "c")
TEXTS = ("abc", "ABCD", "xabc", "straße", "STRASSE", "ab", "", "4688", "1", "0.5", "true", "10.0.0.7", "bc\nxa", "\\x",
         "\ud800abc", "a*c", "ſabc")  # fmt: skip
VALUES: tuple[Any, ...] = (
    *TEXTS,
    None,
    True,
    False,
    0,
    1,
    1.0,
    4688,
    Decimal("0.5"),
    0.5,
    float("nan"),
    2**60,
)
WORDS = (
    "abc",
    "ABC",
    "bcd",
    "strasse",
    "straße",
    "4688",
    "1",
    "0.5",
    "true",
    "TRUE",
    "ab",
    "",
    "c",
    "xabc",
    "c bc",
)


def body(choose: Choices) -> dict[str, Any]:
    """An event's body."""
    return {key: _value(choose, 2) for key in KEYS if choose.upto(5)}


def _value(choose: Choices, depth: int) -> Any:
    kind = choose.upto(5) if depth else 0
    if kind == 4:
        return {key: _value(choose, depth - 1) for key in KEYS if choose.upto(2)}
    if kind == 5:
        return [_value(choose, depth - 1) for _ in range(choose.upto(3))]
    return choose.pick(VALUES)


def condition(choose: Choices, depth: int = 2) -> str:
    """A condition that compiles."""
    match choose.upto(8 if depth else 6):
        case 7:
            parts = [condition(choose, depth - 1) for _ in range(2 + choose.upto(1))]
            return "(" + choose.pick((" and ", " or ")).join(parts) + ")"
        case 8:
            return f"not ({condition(choose, depth - 1)})"
        case 6:
            path = _path(choose)
            return choose.pick(
                (f"{path} is null", f"{path} exists", f"{path} > 1", f"{path} is {_path(choose)}")
            )
        case 5:
            return choose.pick((f"{_path(choose)} matches /{choose.pick(('^abc', 'b+c', 'x?abc', '4.88'))}/",
                                f'{_path(choose)} is in network "10.0.0.0/8"'))  # fmt: skip
    fold = choose.pick(("", " ignoring case"))
    where = _path(choose) if choose.upto(4) else "any field"
    if choose.upto(3) == 3:
        return f'{where} {choose.pick(("is", "is not"))} one of ["{_word(choose)}", "{_word(choose)}"]{fold}'
    operator = choose.pick(
        ("is", "is not", "starts with", "ends with", "contains", "does not contain", "is like")
    )
    if operator in ("starts with", "ends with", "contains") and choose.upto(1):
        many = choose.pick(("any", "all"))
        return f'{where} {operator} {many} of ["{_word(choose)}", "{_word(choose)}"]{fold}'
    glob = choose.pick(("", "*")) if operator == "is like" else ""
    return f'{where} {operator} "{glob}{_word(choose)}{glob}"{fold}'


def _word(choose: Choices) -> str:
    return choose.pick(WORDS)


def _path(choose: Choices) -> str:
    return choose.pick(KEYS) + choose.pick(("", "", ".a", ".b", "[0]"))
