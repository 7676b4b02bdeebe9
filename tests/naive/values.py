"""What a JSON value is to a rule, given the type that the author wrote for it.

A value is a pair (kind, content): text str, number Fraction, boolean bool, time and duration whole microseconds, date
the day's number, list [value…], object raw dict. None is "nothing that compares": missing, null, or of another type.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple, TypeAlias

from atamo_rules.source.span import Source
from atamo_rules.syntax import type_tree

Written: TypeAlias = "type_tree.TypeExpr | None"
"""A type as written; None is `anything`."""

AS_TEXT = type_tree.Plain("anything as text", span=Source("types", "").whole)
"""What an event `of anything as text` holds, at any depth."""
THROUGH = "anything through lists"
TEXTS = ("text", "email", "uri", "uuid", "ip")
NUMBERS = ("number", "whole", "money")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Value(NamedTuple):
    kind: str
    content: Any


def value(raw: Any, type: Written) -> Value | None:
    """A JSON value as its type says, None where it is not of that type."""
    if isinstance(type, type_tree.Plain) and type.word in ("anything", THROUGH):
        type = None
    if type is AS_TEXT:
        found = [Value("text", text) for text in texts(raw)]
        return found[0] if len(found) == 1 else Value("list", found) if found else None
    if type is None:
        return untyped(raw)
    if isinstance(type, type_tree.OneOf):
        return None if isinstance(raw, list | dict) else untyped(raw)
    if isinstance(type, type_tree.ListOf):
        return Value("list", [value(item, type.item) for item in raw]) if isinstance(raw, list) else None
    if isinstance(type, type_tree.MapOf | type_tree.RecordOf):
        return Value("object", raw) if isinstance(raw, dict) else None
    if type.word in ("time", "date", "duration"):
        read = {"time": moment, "date": day, "duration": length}[type.word]
        return read(raw) if isinstance(raw, str) else None
    one = untyped(raw)
    wanted = "text" if type.word in TEXTS else "number" if type.word in NUMBERS else "boolean"
    return one if one is not None and one.kind == wanted else None


def texts(raw: Any, *, everywhere: bool = False) -> list[str]:
    """The texts that stand in a value: in a list, its elements; everywhere, what objects hold, too."""
    match raw:
        case str():
            return [raw]
        case bool():
            return [str(raw).lower()]
        case int() | Decimal():
            return [f"{raw:f}" if isinstance(raw, Decimal) else str(raw)]
        case float() if isfinite(raw):
            return [f"{Decimal(repr(raw)):f}"]
        case list():
            return [text for item in raw for text in texts(item, everywhere=everywhere)]
        case dict() if everywhere:
            return [text for item in raw.values() for text in texts(item, everywhere=True)]
    return []


def number_in(found: Value | None) -> Value | None:
    """The number that a text writes."""
    if found is None or found.kind != "text":
        return found
    if (
        re.fullmatch(
            r"\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,4})?\s*", found.content, re.ASCII
        )
        is None
    ):
        return None
    return Value("number", Fraction(Decimal(found.content.strip())))


def flat(raw: Any) -> list[Any]:
    """A value, or what is in a list and in the lists in it."""
    return [inner for item in raw for inner in flat(item)] if isinstance(raw, list) else [raw]


def untyped(raw: Any) -> Value | None:
    """A JSON value as it stands."""
    match raw:
        case None:
            return None
        case bool():
            return Value("boolean", raw)
        case int() | Decimal():
            return Value("number", Fraction(raw))
        case float() if isfinite(raw):
            return Value("number", Fraction(Decimal(repr(raw))))
        case float():
            return Value("no number", object())
        case str():
            return Value("text", raw)
        case list():
            return Value("list", [untyped(item) for item in raw])
        case dict():
            return Value("object", raw)
    raise AssertionError(f"no JSON value: {raw!r}")


def moment(text: str) -> Value | None:
    """RFC 3339, to microseconds; a zone is required, the leap second counts as the next second."""
    found = re.fullmatch(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?"
        r"([Zz]|[+-][0-9]{2}:[0-9]{2})",
        text,
    )
    if found is None:
        return None
    leap = found[3] == "60"
    zone = "+00:00" if found[5] in "Zz" else found[5]
    try:
        start = datetime.fromisoformat(f"{found[1]}T{found[2]}:{'59' if leap else found[3]}{zone}")
        seconds = (start - EPOCH) // timedelta(seconds=1) + leap
    except (ValueError, OverflowError):
        return None
    fraction = int((found[4] or ".0")[1:].ljust(6, "0")[:6])
    return Value("time", seconds * 1_000_000 + fraction)


def day(text: str) -> Value | None:
    """`YYYY-MM-DD`, a day of the calendar."""
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return None
    try:
        return Value("date", date(int(text[:4]), int(text[5:7]), int(text[8:])).toordinal())
    except ValueError:
        return None


def length(text: str) -> Value | None:
    """An ISO 8601 duration without months and years, in microseconds."""
    found = re.fullmatch(
        r"([+-]?)P(?:([0-9]+)W)?(?:([0-9]+)D)?"
        r"(T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]{1,6})?)S)?)?",
        text,
    )
    if found is None or text.endswith("P"):
        return None
    sign, weeks, days, _, hours, minutes, seconds = found.groups()
    total = sum(
        Fraction(part or 0) * each
        for part, each in ((weeks, 604_800), (days, 86_400), (hours, 3600), (minutes, 60), (seconds, 1))
    )
    return Value("duration", int(total * 1_000_000) * (-1 if sign == "-" else 1))


def equal(one: Value | None, two: Value | None) -> bool:
    """Never across types, never of nothing; lists and objects of an `anything` part by part."""
    return one is not None and two is not None and same(one, two)


def same(one: Value | None, two: Value | None) -> bool:
    if one is None or two is None:
        return one is two
    if one.kind != two.kind:
        return False
    if one.kind == "list":
        return len(one.content) == len(two.content) and all(map(same, one.content, two.content))
    if one.kind == "object":
        return one.content.keys() == two.content.keys() and all(
            same(untyped(one.content[key]), untyped(two.content[key])) for key in one.content
        )
    return bool(one.content == two.content)


def folded(found: Value | None) -> Value | None:
    return Value("text", found.content.casefold()) if found is not None and found.kind == "text" else found
