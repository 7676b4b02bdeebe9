"""Bodies from types: the defaults a sender left out, and the smallest whole event around what a test gives."""

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

_FORMATS = {
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ip": "192.0.2.1",
}


def with_defaults(body: Json, type: Type) -> Json:
    """The body with declared defaults in the places of what was left out. The given body is not changed."""
    if isinstance(type, ListOf) and isinstance(body, list):
        made = [with_defaults(item, type.item) for item in body]
        return made if any(one is not two for one, two in zip(made, body, strict=True)) else body
    if isinstance(type, MapOf) and isinstance(body, dict):
        kept = {key: with_defaults(item, type.value) for key, item in body.items()}
        return kept if any(kept[key] is not body[key] for key in body) else body
    if not isinstance(type, Record) or not isinstance(body, dict):
        return body
    filled: dict[str, Json] | None = None
    for name, member in type.members.items():
        if name in body:
            inner = body[name]
            done = (
                with_defaults(inner, member.type)
                if isinstance(member.type, Record | ListOf | MapOf)
                else inner
            )
            if done is not inner:
                filled = filled or dict(body)
                filled[name] = done
        elif member.has_default:
            filled = filled or dict(body)
            filled[name] = member.default
    return body if filled is None else filled


def may_fill(type: Type) -> bool:
    """Whether a type has defaults anywhere."""
    match type:
        case Record():
            return any(member.has_default or may_fill(member.type) for member in type.members.values())
        case ListOf():
            return may_fill(type.item)
        case MapOf():
            return may_fill(type.value)
        case _:
            return False


def example(type: Type, given: Json = None, name: str = "") -> Json:
    """The smallest value of a type, the same every time, that keeps what is given.

    Required members are made up, optional ones stay out, defaults are used. Texts are the name of their field, so
    that a failed test reads well.
    """
    match type:
        case Record():
            body = dict(given) if isinstance(given, dict) else {}
            made: dict[str, Json] = {}
            for key, member in type.members.items():
                if key in body:
                    inner = body.pop(key)
                    nested = isinstance(inner, dict) and isinstance(member.type, Record)
                    made[key] = example(member.type, inner, key) if nested else _items(member.type, inner)
                elif member.has_default:
                    made[key] = member.default
                elif not member.optional:
                    made[key] = example(member.type, None, key)
            return {**made, **body}
        case Text():
            return _text(type, name)
        case Number():
            return _number(type)
        case Boolean():
            return False
        case OneOf():
            return type.values[0] if type.values else None
        case Moment():
            return "2026-01-01" if type.date_only else "2026-01-01T00:00:00Z"
        case Duration():
            return "PT0S"
        case ListOf():
            return []
        case MapOf():
            return {}
        case Anything():
            return given


def _items(type: Type, given: Json) -> Json:
    if isinstance(type, ListOf) and isinstance(type.item, Record) and isinstance(given, list):
        return [example(type.item, item) if isinstance(item, dict) else item for item in given]
    return given


def _text(type: Text, name: str) -> str:
    if type.format:
        return _FORMATS[type.format]
    text = name or "text"
    if type.longest is not None:
        text = text[: type.longest]
    return text.ljust(type.shortest, "x")


def _number(type: Number) -> int | Decimal:
    if type.low is not None and type.low > 0:
        return type.low
    return type.high if type.high is not None and type.high < 0 else 0
