"""People from `people.yaml`: users, their groups (groups may be in groups) and their organisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from atamo_rules.hub.files import PEOPLE, load
from atamo_rules.model.people import Directory, User
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span
from atamo_rules.syntax.yaml_nodes import Mapping as Mapping_
from atamo_rules.syntax.yaml_nodes import Node, Sequence, read_yaml, to_json

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "users": {
            "type": "object",
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {
                    "groups": {"type": "array", "items": {"type": "string"}},
                    "organisation": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
        "groups": {
            "type": "object",
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {"in": {"type": "array", "items": {"type": "string"}}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def read_people(folder: Path) -> tuple[Directory, tuple[Diagnostic, ...]]:
    """The directory of a project's folder; an absent file is an empty directory."""
    path = next((folder / name for name in PEOPLE if (folder / name).exists()), None)
    if path is None:
        return Directory(), ()
    source, found = load(path)
    node, wrong = read_yaml(source) if not found else (None, ())
    if found or wrong or node is None:
        return Directory(), (*found, *wrong)
    import jsonschema_rs

    value: Any = to_json(node)
    errors = list(jsonschema_rs.Draft202012Validator(_SCHEMA).iter_errors(value))
    if errors:
        place = ".".join(str(step) for step in errors[0].instance_path)
        message = f"{f'`{place}`: ' if place else ''}{errors[0].message}"
        return Directory(), (codes.BAD_PEOPLE.at(_place(node, errors[0].instance_path), message),)
    above = {name: tuple((entry or {}).get("in", ())) for name, entry in value.get("groups", {}).items()}
    users = {}
    for name, entry in value.get("users", {}).items():
        entry = entry or {}
        users[name] = User(name, _nested(entry.get("groups", ()), above), entry.get("organisation", ""))
    return Directory(users), ()


def _place(node: Node, path: Iterable[str | int]) -> Span:
    """Where in the file the value at a path stands, as near as can be said."""
    for step in path:
        if isinstance(node, Mapping_) and isinstance(step, str):
            node = next((value for key, value in node.entries if key.text == step), node)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node.span


def _nested(names: Any, above: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """All the groups that being in some groups means, however they nest."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(above.get(name, ()))
    return frozenset(found)
