"""Types in words, as diagnostics say them, and the kinds that comparisons go by."""

from __future__ import annotations

from decimal import Decimal

from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    Json,
    ListOf,
    MapOf,
    Moment,
    Number,
    OneOf,
    Record,
    Text,
    Type,
)


def describe(type: Type) -> str:
    """A type as an author would write it, short enough for a line."""
    match type:
        case Text(format=""):
            return "text" + _bounds(type.shortest or None, type.longest)
        case Text():
            return type.format
        case Number():
            word = "money" if type.money else "whole" if type.whole else "number"
            return word + _bounds(type.low, type.high)
        case Boolean():
            return "boolean"
        case OneOf():
            shown = [value_text(value) for value in type.values[:6]]
            more = ", …" if len(type.values) > 6 else ""
            return "one of " + ", ".join(shown) + more
        case Moment():
            return "date" if type.date_only else "time"
        case Duration():
            return "duration"
        case ListOf():
            return f"list of {describe(type.item)}"
        case MapOf():
            return f"map of {describe(type.value)}"
        case Record():
            return "an object"
        case Anything():
            return "anything" + " through lists" * type.through_lists + " as text" * type.as_text


def many(count: int, what: str) -> str:
    """A count with its noun: `1 cell`, `2 cells`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def value_text(value: Json) -> str:
    """A JSON scalar as it may be written in a rule."""
    if isinstance(value, str):
        return value if value.isidentifier() else f'"{value}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    return "…"


_KINDS: dict[type, str] = {
    Text: "text",
    Number: "number",
    Boolean: "boolean",
    Duration: "duration",
    ListOf: "list",
    Record: "object",
    MapOf: "object",
    Anything: "json",
}


def kind_of(type: Type) -> str:
    """How values of a type compare: one of `meaning.KINDS`, or "list" or "object"."""
    if isinstance(type, OneOf):
        return _kind_of_values(type)
    if isinstance(type, Moment):
        return "date" if type.date_only else "moment"
    return _KINDS[type.__class__]


def _kind_of_values(type: OneOf) -> str:
    kinds = {
        "text"
        if isinstance(value, str)
        else "boolean"
        if isinstance(value, bool)
        else "number"
        if isinstance(value, int | Decimal)
        else "json"
        for value in type.values
    }
    return kinds.pop() if len(kinds) == 1 else "json"


def _bounds(low: int | Decimal | None, high: int | Decimal | None) -> str:
    if low is None and high is None:
        return ""
    return f" {'' if low is None else low}..{'' if high is None else high}"
