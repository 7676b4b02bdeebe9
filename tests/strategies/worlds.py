"""Random event types as text, and random bodies for them: fitting, or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import type_tree
from atamo_rules.syntax.read import read
from tests.strategies.choices import Choices

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")
WORDS = ("red", "green", "blue")
TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "ba",
    "A",
    "aB",
    "abba",
    "straße",
    "STRASSE",
    "İ",
    "é",
    "a\nb",
    "red",
    "10",
    "true",
    "*",
    "K",
)
NUMBERS = (
    0,
    1,
    2,
    -1,
    10,
    Decimal("0.1"),
    Decimal("0.3"),
    Decimal("1.0"),
    2**53 + 1,
    2**53,
    Decimal("1E+2"),
    Decimal("-0.0"),
)
TIMES = (
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2025-12-31T23:59:60Z",
    "2026-01-01T00:00:00.000001Z",
    "2026-11-23T12:00:00Z",
    "1969-12-31T23:00:00-05:30",
)
DATES = ("2026-01-01", "2024-02-29", "2025-12-31")
LENGTHS = ("PT0S", "PT60M", "PT1H", "P1D", "-PT5S", "PT1.5S", "P1W")
ADDRESSES = ("10.0.0.1", "10.255.0.1", "192.168.1.1", "::1", "::ffff:10.0.0.1", "2001:db8::1")
PLAIN = ("text", "number", "whole", "boolean", "time", "date", "duration", "money", "ip", "anything")
STRAY = (None, "a", "10", 1, True, False, Decimal("0.1"), [], {}, ["a"], [1], {"a": 1}, "2026-01-01")
"""Values that mostly do not fit."""


def fields(choose: Choices, indent: str = "  ", depth: int = 2) -> str:
    """The lines of some fields."""
    lines = []
    for name in NAMES[: 1 + choose.upto(5 if depth == 2 else 2)]:
        kind = choose.upto(9)
        optional = "?" if choose.upto(3) == 3 else ""
        if kind <= 4 or (depth == 0 and kind > 6):
            word = choose.pick(PLAIN)
            default = choose.upto(5) == 5 and not optional
            value = {"text": ' = "a"', "number": " = 1", "boolean": " = false", "whole": " = 2"}.get(word, "")
            lines.append(f"{indent}{name}: {word}{optional}{value if default else ''}")
        elif kind == 5:
            lines.append(f"{indent}{name}: one of {', '.join(WORDS)}{optional}")
        elif kind == 6:
            item = choose.pick(("text", "number", "time", "boolean", "one of red, green, blue", "anything"))
            lines.append(f"{indent}{name}: {choose.pick(('list', 'list', 'map'))} of {item}{optional}")
        elif kind == 7:
            lines.append(
                f"{indent}{name}:{' ?' if optional else ''}\n{fields(choose, indent + '  ', depth - 1)}"
            )
        else:
            inner = fields(choose, indent + "  ", depth - 1)
            lines.append(f"{indent}{name}: list of\n{inner}")
    return "\n".join(lines)


def event_type(choose: Choices, name: str = "thing") -> str:
    """A declaration, of fields or sometimes of anything. What breaks the type is let in, and marked."""
    if choose.upto(6) == 6:
        return f"event {name} of anything{choose.pick(('', ' as text'))}\n"
    return f"event {name}\n  when invalid flag\n{fields(choose)}\n"


def declared(text: str) -> decl.EventDecl:
    """The tree of the one event type in a text."""
    file, wrong = read(Source("event.atamo", text))
    assert not wrong, [f"{d.span}: {d.message}" for d in wrong]
    return next(one for one in file.declarations if isinstance(one, decl.EventDecl))


def body(choose: Choices, event: decl.EventDecl, fitting: bool) -> dict[str, Any]:
    """A body; one that does not fit has a stray value, or lacks one, in about every eighth place."""
    if event.anything:
        return {name: _open(choose, 2) for name in NAMES[:4] if choose.upto(3)}
    return _record(choose, event.fields, fitting)


def _record(choose: Choices, members: Sequence[type_tree.Field], fitting: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for member in members:
        if not fitting and choose.upto(7) == 7:
            if choose.upto(2):
                made[member.name.text] = choose.pick(STRAY)
            continue
        if (member.optional or member.default is not None) and choose.upto(2) == 2:
            continue
        if member.optional and choose.upto(3) == 3:
            made[member.name.text] = None
            continue
        made[member.name.text] = value(choose, member.type, fitting)
    return made


def value(choose: Choices, type: type_tree.TypeExpr, fitting: bool = True) -> Any:
    """A JSON value of a type."""
    match type:
        case type_tree.RecordOf():
            return _record(choose, type.fields, fitting)
        case type_tree.ListOf():
            return [_item(choose, type.item, fitting) for _ in range(choose.upto(3))]
        case type_tree.MapOf():
            return {key: _item(choose, type.value, fitting) for key in ("x", "y") if choose.upto(2)}
        case type_tree.OneOf():
            return choose.pick(type.values).value
    return _plain(choose, type.word)


def _item(choose: Choices, type: type_tree.TypeExpr, fitting: bool) -> Any:
    if not fitting and choose.upto(7) == 7:
        return choose.pick(STRAY)
    return value(choose, type, fitting)


def _plain(choose: Choices, word: str) -> Any:
    match word:
        case "text":
            return choose.pick(TEXTS)
        case "number" | "money":
            return choose.pick(NUMBERS)
        case "whole":
            return choose.pick((0, 1, 2, -1, 10, 2**53 + 1))
        case "boolean":
            return choose.upto(1) == 1
        case "time":
            return choose.pick(TIMES)
        case "date":
            return choose.pick(DATES)
        case "duration":
            return choose.pick(LENGTHS)
        case "ip":
            return choose.pick(ADDRESSES)
    return _open(choose, 2)


def _open(choose: Choices, depth: int) -> Any:
    kind = choose.upto(6 if depth else 3)
    if kind <= 1:
        return choose.pick(TEXTS)
    if kind == 2:
        return choose.pick(NUMBERS)
    if kind == 3:
        return choose.pick((None, True, False))
    if kind == 4:
        return [_open(choose, depth - 1) for _ in range(choose.upto(2))]
    return {key: _open(choose, depth - 1) for key in ("a", "b", "x") if choose.upto(2)}
