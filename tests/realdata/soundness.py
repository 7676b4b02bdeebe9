"""Does a value contradict the type that rules are checked against? Written from `model.types`, for tests only."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atamo_rules.functions.time import parse_date, parse_duration, parse_moment
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    MapOf,
    Moment,
    Number,
    OneOf,
    Record,
    Text,
    Type,
)


def contradicts(value: Any, type: Type, path: str = "") -> str:
    """Where and how a value is none of the type, or the empty text."""
    match type:
        case Anything():
            good = True
        case Text():
            good = isinstance(value, str) and type.shortest <= len(value) <= (type.longest or len(value))
        case Boolean():
            good = isinstance(value, bool)
        case Number():
            good = isinstance(value, int | Decimal) and not isinstance(value, bool)
            good = good and (not type.whole or value == int(value))
            good = (
                good and (type.low is None or value >= type.low) and (type.high is None or value <= type.high)
            )
        case OneOf():
            good = any(
                isinstance(value, bool) == isinstance(one, bool) and value == one for one in type.values
            )
        case Moment():
            good = (
                isinstance(value, str) and (parse_date if type.date_only else parse_moment)(value) is not None
            )
        case Duration():
            good = isinstance(value, str) and parse_duration(value) is not None
        case ListOf():
            if isinstance(value, list):
                return next(
                    (why for n, v in enumerate(value) if (why := contradicts(v, type.item, f"{path}[{n}]"))),
                    "",
                )
            good = False
        case MapOf():
            if isinstance(value, Mapping):
                return next(
                    (why for k, v in value.items() if (why := contradicts(v, type.value, f"{path}.{k}"))), ""
                )
            good = False
        case Record():
            return _record(value, type, path)
    return "" if good else f"{path or 'it'} is {value!r}, not {type}"


def _record(value: Any, type: Record, path: str) -> str:
    if not isinstance(value, Mapping):
        return f"{path or 'it'} is {value!r}, not an object"
    for name, member in type.members.items():
        here = f"{path}.{name}"
        if value.get(name) is None:
            null_is_a_value = name in value and not contradicts(None, member.type)
            if not member.optional and not member.has_default and not null_is_a_value:
                return f"{here} is {'null' if name in value else 'absent'}, and need not be guarded"
        elif why := contradicts(value[name], member.type, here):
            return why
    return ""
