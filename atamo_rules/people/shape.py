"""The shape of a people file, as JSON Schema; its descriptions are the remedies of what does not fit."""

from __future__ import annotations

from typing import Any, get_args

from atamo_rules.model.authority import Verb


def _text(help: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": help, **more}


def _names(example: str) -> dict[str, Any]:
    help = f"write a list of names, such as `{example}`"
    return {"type": "array", "description": help, "items": _text(f"a name is a text: {help}", minLength=1)}


def _each(name: str, example: str, **properties: Any) -> dict[str, Any]:
    """A table of names; an entry that has nothing in it may be left empty."""
    return {
        "type": "object",
        "description": f"write a table with a line for each, such as `{name}: {example}`",
        "additionalProperties": {
            "type": ["object", "null"],
            "description": f"write what belongs to it, such as `{example}`, or nothing",
            "properties": properties,
            "additionalProperties": False,
        },
    }


_ABOUT = _text("write who they are, as a text")
_ORGANISATION = _text("write the name of one organisation, as a text")


def _members(name: str, example: str) -> dict[str, Any]:
    return _each(name, example, groups=_names("[support]"), organisation=_ORGANISATION, about=_ABOUT)


_GRANT = "write `- { to: group NAME, role: ROLE, over: own }`"

PEOPLE: dict[str, Any] = {
    "type": "object",
    "description": "write a table: it has organisations, groups, users, services, roles and grants",
    "properties": {
        "organisations": _each("acme", '{ about: "Acme Ltd" }', about=_ABOUT),
        "groups": _each(
            "leads",
            "{ in: [support] }",
            **{"in": _names("[support]"), "organisation": _ORGANISATION, "about": _ABOUT},
        ),
        "users": _members("ann", "{ groups: [support] }"),
        "services": _members("shop", "{ organisation: acme }"),
        "roles": {
            "type": "object",
            "description": "write a table with a line for each, such as `triage: { may: [work.operate] }`",
            "additionalProperties": {
                "type": "object",
                "description": "write what it may, such as `{ may: [work.operate], with: [viewer] }`",
                "properties": {
                    "may": {
                        "type": "array",
                        "description": "write a list, such as `[work.operate]`",
                        "items": {
                            "enum": list(get_args(Verb)),
                            "description": f"it may be {', '.join(get_args(Verb))}",
                        },
                    },
                    "with": _names("[viewer]"),
                },
                "additionalProperties": False,
            },
        },
        "grants": {
            "type": "array",
            "description": f"{_GRANT}, a line for each",
            "items": {
                "type": "object",
                "description": _GRANT,
                "properties": {
                    "to": _text("write user NAME, group NAME or organisation NAME"),
                    "role": _text("write the name of one role"),
                    "over": _text("write everything, own, user NAME, group NAME or organisation NAME"),
                    "types": _names("[order.*]"),
                },
                "required": ["to", "role", "over"],
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
