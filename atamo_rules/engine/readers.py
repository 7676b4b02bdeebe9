"""JSON values as their declared types say: times are read from texts, and what is of another type is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import is_number
from atamo_rules.functions.time import parse_date, parse_duration, parse_moment
from atamo_rules.model.types import (
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


def reader(type: Type) -> Callable[[Any], Any] | None:
    """How a value of a declared type is read from JSON, None when as it is."""
    if isinstance(type, Moment):
        return _date if type.date_only else _moment
    if isinstance(type, Duration):
        return _length
    if isinstance(type, ListOf):
        read = reader(type.item)
        if read is not None:
            return lambda value: (
                [_kept(read, item) for item in value] if isinstance(value, list | tuple) else value
            )
    if isinstance(type, MapOf):
        each = reader(type.value)
        if each is not None:
            return lambda value: (
                {key: _kept(each, item) for key, item in value.items()} if isinstance(value, dict) else value
            )
    return None


def _kept(read: Callable[[Any], Any], item: Any) -> Any:
    """An element as it is read, or as it came: a list has no holes, whatever is in it."""
    found = read(item)
    return item if found is ABSENT else found


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    return (parse_moment(value) or ABSENT) if isinstance(value, str) else ABSENT


def _date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    return (parse_date(value) or ABSENT) if isinstance(value, str) else ABSENT


def _length(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = parse_duration(value) if isinstance(value, str) else None
    return ABSENT if found is None else found


def of_type(value: Any, type: Type) -> bool:
    """Whether a runtime value is what its declared type says, as far as functions rely on it."""
    match type:
        case Text():
            return isinstance(value, str)
        case Number():
            return is_number(value)
        case Boolean():
            return isinstance(value, bool)
        case ListOf():
            return isinstance(value, list | tuple)
        case Record() | MapOf():
            return isinstance(value, dict)
        case OneOf():
            return not isinstance(value, list | dict | tuple)
        case _:
            return True
