"""The event sources of a project, `sources.yaml`: which providers bring events in, and how each is set up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema_rs

from atamo_rules.compiler.secrets import looks_secret
from atamo_rules.errors import PluginBroken, PluginTwice, UnknownName
from atamo_rules.hub.plugins import contained, fitting, made, offered, plugin
from atamo_rules.hub.project.files import SOURCES, load
from atamo_rules.hub.ways import Way
from atamo_rules.model.fitting import Reason, misfits, reasons
from atamo_rules.model.rule import AgentUse
from atamo_rules.model.types import Json
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax.yaml_nodes import Mapping as Table
from atamo_rules.syntax.yaml_nodes import Node, to_json
from atamo_rules.syntax.yaml_reading import read_yaml

GROUP = "atamo.event_providers"
OURS = ("uses", "user")
"""Settings that every source has; all others are its provider's."""
SHAPE: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "properties": {
            "sources": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_-]{0,63}$"},
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "uses": {"type": "string", "minLength": 1},
                        "user": {"type": "string", "minLength": 1},
                    },
                    "required": ["uses"],
                },
            }
        },
        "required": ["sources"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class Declared:
    """One source as the file has it. `user` is in whose name its messages come, or empty."""

    name: str
    plugin: str
    settings: Mapping[str, Json]
    user: str
    span: Span


def read_declared(folder: Path) -> tuple[tuple[Declared, ...], tuple[Diagnostic, ...]]:
    """The sources of a project's folder; none without a file. Providers are loaded, and none is made."""
    path = next((folder / name for name in SOURCES if (folder / name).exists()), None)
    if path is None:
        return (), ()
    source, wrong = load(path)
    node, broken = read_yaml(source) if not wrong else (None, ())
    if node is None or wrong or broken:
        return (), (*wrong, *broken)
    value: Any = to_json(node)
    for error in jsonschema_rs.Draft202012Validator(dict(SHAPE)).iter_errors(value):
        at = _place(node, error.instance_path)
        said = reasons(error, SHAPE)
        return (), tuple(codes.BAD_SOURCE.at(at, message, help=help) for message, help in said)
    declared = tuple(
        Declared(
            name,
            entry["uses"],
            {key: given for key, given in entry.items() if key not in OURS},
            entry.get("user", ""),
            _place(node, ("sources", name)),
        )
        for name, entry in value["sources"].items()
    )
    found = [diagnostic for one in declared for diagnostic in _reasons(one, node)]
    found += _same_path(declared)
    return (declared if not found else ()), tuple(found)


def _reasons(one: Declared, node: Node) -> Iterator[Diagnostic]:
    """What is wrong with a source, as far as can be told without making its provider."""
    wrong: list[tuple[str, Reason]]
    schema = PLACE
    try:
        kind = plugin(GROUP, one.plugin)
        schema = getattr(kind, "settings_schema", PLACE)
        wrong = misfits(AgentUse(one.name, one.plugin, one.settings), schema)
    except UnknownName as unknown:
        hint = f"did you mean `{unknown.near[0]}`? " if unknown.near else ""
        there = f"{hint}there are {', '.join(offered(GROUP))}"
        wrong = [("uses", (f"there is no event provider `{one.plugin}`", there))]
    except (PluginBroken, PluginTwice) as broken:
        wrong = [("uses", (str(broken), None))]
    for setting, (reason, help) in wrong:
        shown = setting == "uses" or _shown(setting, one.settings.get(setting), schema)
        place, misspelt = ("sources", one.name, setting), setting not in schema.get("properties", {})
        at = _place(node, place, name=misspelt and setting != "uses") if setting and shown else one.span
        yield codes.BAD_SOURCE.at(at, f"the source `{one.name}` cannot be used: {reason}", help=help)


def _shown(setting: str, given: Json, schema: Mapping[str, Any]) -> bool:
    """Whether the line of a setting may be shown: not if it may hold a secret, even under a misspelt name, nor if it
    has parts of its own."""
    known: Mapping[str, Any] = schema.get("properties", {})
    meant = [setting] if setting in known else get_close_matches(setting, known)
    if any(known[name].get("writeOnly") or known[name].get("items", {}).get("writeOnly") for name in meant):
        return False
    values = given if isinstance(given, list) else [given]
    return not any(isinstance(value, dict | list) or looks_secret(setting, str(value)) for value in values)


PLACE: Mapping[str, Any] = MappingProxyType(
    {"type": "object", "properties": {"place": {"type": "string"}}, "additionalProperties": False}
)
"""The settings of providers that are made for a place alone."""


def _same_path(declared: tuple[Declared, ...]) -> Iterator[Diagnostic]:
    """Two sources that others would post to at one path."""
    seen: dict[str, str] = {}
    for one in declared:
        path = one.settings.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            continue
        if path in seen:
            message = f"the sources `{seen[path]}` and `{one.name}` have the same path, {path}"
            yield codes.BAD_SOURCE.at(one.span, message, help="give each a path of its own")
        seen.setdefault(path, one.name)


def declared_types(declared: Iterable[Declared]) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
    """The event types that the providers of sources declare, as rule text; and which could not say."""
    made: list[Source] = []
    found: list[Diagnostic] = []
    for one in declared:
        declares = getattr(plugin(GROUP, one.plugin), "declares", None)
        try:
            text = contained(one.plugin, partial(declares, one.settings)) if declares is not None else ""
        except PluginBroken as broken:
            found.append(codes.BAD_SOURCE.at(one.span, f"the source `{one.name}` cannot be used: {broken}"))
            continue
        if text:
            made.append(Source(f"{one.span.source.name}#{one.name}.atamo", text))
    return tuple(made), tuple(found)


def ways(folder: Path) -> tuple[Way, ...]:
    """The providers of a project, made. Raises ValueError with a sentence for the first that cannot be."""
    declared, found = read_declared(folder)
    if found:
        raise ValueError(f"{found[0].span}: {found[0].message}")
    return tuple(Way(one.name, _made(one, str(folder)), one.user) for one in declared)


def _made(one: Declared, folder: str) -> Any:
    try:
        kind = plugin(GROUP, one.plugin)
        if hasattr(kind, "settings_schema"):
            way = contained(one.plugin, lambda: kind(one.name, one.settings, folder), (ValueError, OSError))
            return fitting(GROUP, one.plugin, way)
        return made(GROUP, one.plugin, str(one.settings.get("place", "")), folder)
    except (ValueError, OSError, PluginBroken, PluginTwice) as error:
        raise ValueError(f"the source `{one.name}` cannot be used: {error}") from None


def _place(node: Node, path: Any, *, name: bool = False) -> Span:
    """Where in the file the value at a path stands, or its `name`, as near as can be said; of a source, its name."""
    span = node.span
    for step in path:
        if not isinstance(node, Table):
            break
        for key, value in node.entries:
            if key.text == step:
                node, span = value, (key.span if name or isinstance(value, Table) else value.span)
                break
    return span
