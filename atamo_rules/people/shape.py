"""The shape of a people file, as JSON Schema."""

from __future__ import annotations

from typing import Any, get_args

from atamo_rules.model.authority import Verb

_NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string", "minLength": 1}}


def _each(**properties: Any) -> dict[str, Any]:
    entry = {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    return {"type": "object", "additionalProperties": entry}


_MEMBER = _each(groups=_NAMES, organisation={"type": "string"}, about={"type": "string"})

PEOPLE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "organisations": _each(about={"type": "string"}),
        "groups": _each(**{"in": _NAMES, "organisation": {"type": "string"}, "about": {"type": "string"}}),
        "users": _MEMBER,
        "services": _MEMBER,
        "roles": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "may": {"type": "array", "items": {"enum": list(get_args(Verb))}},
                    "with": _NAMES,
                },
                "additionalProperties": False,
            },
        },
        "grants": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "to": {"type": "string"},
                    "role": {"type": "string"},
                    "over": {"type": "string"},
                    "types": _NAMES,
                },
                "required": ["to", "role", "over"],
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
