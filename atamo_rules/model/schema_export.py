"""Our types as JSON Schema 2020-12: what the door checks, what editors and clients read."""

from __future__ import annotations

from decimal import Decimal

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

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CLOCK = (
    r"(?:[0-9]+H(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?|[0-9]+M(?:[0-9]+(?:\.[0-9]+)?S)?|[0-9]+(?:\.[0-9]+)?S)"
)
_LENGTH: dict[str, object] = {
    "type": "string",
    "anyOf": [{"format": "duration"}, {"pattern": f"^-?P(?:[0-9]+D(?:T{_CLOCK})?|T{_CLOCK})$"}],
}
"""RFC 3339 knows neither fractions of seconds nor lengths below zero, which ISO 8601-2 does, and differences have."""


def schema_of(type: Type, *, title: str = "") -> dict[str, object]:
    """The schema whose instances are the values of a type. Optional members may be left out or be null."""
    head: dict[str, object] = {"$schema": DIALECT}
    if title:
        head["title"] = title
    return {**head, **_schema(type)}


def _schema(type: Type) -> dict[str, object]:
    match type:
        case Text():
            return _text(type)
        case Number():
            return _number(type)
        case Boolean():
            return {"type": "boolean"}
        case OneOf():
            return {"enum": list(type.values)}
        case Moment():
            return {"type": "string", "format": "date" if type.date_only else "date-time"}
        case Duration():
            return dict(_LENGTH)
        case ListOf():
            return {"type": "array", "items": _schema(type.item)}
        case MapOf():
            return {"type": "object", "additionalProperties": _schema(type.value)}
        case Record():
            return _record(type)
        case Anything():
            return {}


def _record(type: Record) -> dict[str, object]:
    properties: dict[str, object] = {}
    required: list[str] = []
    for name, member in type.members.items():
        made = _schema(member.type)
        if member.optional:
            made = {"anyOf": [made, {"type": "null"}]} if made else {}
        if member.about:
            made["description"] = member.about
        if member.has_default:
            made["default"] = member.default
        if not member.optional and not member.has_default:
            required.append(name)
        properties[name] = made
    schema: dict[str, object] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if type.closed:
        schema["additionalProperties"] = False
    return schema


def _text(type: Text) -> dict[str, object]:
    schema: dict[str, object] = {"type": "string"}
    if type.format == "ip":
        schema["anyOf"] = [{"format": "ipv4"}, {"format": "ipv6"}]
    elif type.format:
        schema["format"] = type.format
    if type.shortest:
        schema["minLength"] = type.shortest
    if type.longest is not None:
        schema["maxLength"] = type.longest
    return schema


def _number(type: Number) -> dict[str, object]:
    schema: dict[str, object] = {"type": "integer" if type.whole else "number"}
    if type.money:
        schema["x-atamo"] = "money"
    if type.low is not None:
        schema["minimum"] = _plain(type.low)
    if type.high is not None:
        schema["maximum"] = _plain(type.high)
    return schema


def _plain(value: int | Decimal) -> int | Decimal:
    return int(value) if value == int(value) else value
