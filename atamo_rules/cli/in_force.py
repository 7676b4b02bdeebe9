"""How rules, event types, types of actions and agents of a running hub are shown: a row of a list, and one in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from atamo_rules.cli.columns import table
from atamo_rules.cli.ink import Ink, plain
from atamo_rules.model.strict_json import encode

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a hub lists things of a kind: the path, the member of the answer, and what each is called by; and how they
    are shown."""

    words: str
    path: str
    member: str
    head: Sequence[str]
    row: Callable[[Json], Sequence[str]]
    shown: Callable[[Json, Ink], Iterator[str]]
    key: str = "name"


def _rule_row(one: Json) -> Sequence[str]:
    return (one["id"], one["on"] or "time", one["status"], one["about"])


def _rule(one: Json, ink: Ink) -> Iterator[str]:
    yield from _head(one["id"], one["about"], ink)
    yield from _facts(
        ("on", one["on"] or "time"),
        ("status", one["status"]),
        ("at", one["at"]),
        ("order", f"{one['order']}{', and no later rule is tried' if one['stop'] else ''}"),
        ("does", ", ".join(one["does"]) or "nothing"),
        *((str(name), _value(value)) for name, value in one["metadata"].items()),
        ("version", one["digest"][:12]),
    )


def _event_type_row(one: Json) -> Sequence[str]:
    return (
        one["name"],
        "request" if one["request"] else "event",
        _fields(one["schema"]),
        one.get("about", ""),
    )


def _event_type(one: Json, ink: Ink) -> Iterator[str]:
    yield from _head(one["name"], one.get("about", ""), ink)
    yield from _facts(
        ("kind", "request" if one["request"] else "event"), ("invalid", f"{one['when_invalid']}")
    )
    yield from _schema("fields", one["schema"], ink)
    if one.get("answer"):
        yield from _schema("answer", one["answer"], ink)


def _action_type_row(one: Json) -> Sequence[str]:
    return (one["name"], one["verb"], ", ".join(one["agents"]), _fields(one["schema"]), one.get("about", ""))


def _action_type(one: Json, ink: Ink) -> Iterator[str]:
    yield from _head(one["name"], one.get("about", ""), ink)
    retry = one.get("retry")
    yield from _facts(
        ("verb", one["verb"]),
        ("agents", ", ".join(one["agents"])),
        ("retry", "as its agent says" if retry is None else f"{retry} times"),
        *((("example", encode(one["example"])),) if "example" in one else ()),
    )
    yield from _schema("takes", one["schema"], ink)
    if one.get("answer"):
        yield from _schema("answers", one["answer"], ink)


def _agent_row(one: Json) -> Sequence[str]:
    counts = one["counts"]
    failed = sum(counts.get(kind, 0) for kind in ("failed", "timeout", "lost"))
    return (
        one["name"], one["plugin"] or "none", _state(one), f"{one['running']}/{one['concurrency']}",
        str(counts.get("done", 0)), str(failed), ", ".join(one["does"]),
    )  # fmt: skip


def _agent(one: Json, ink: Ink) -> Iterator[str]:
    yield from _head(one["name"], one["about"], ink)
    hold, breaker, took = one["hold"], one["breaker"], one["took_ms"]
    why = f": {hold['why']}" if hold and hold.get("why") else ""
    wait = f", an attempt in {breaker['seconds']} s" if breaker["seconds"] else ""
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(one["counts"].items()))
    yield from _facts(
        ("plug-in", one["plugin"] or "none"),
        ("state", f"{_state(one)}{why}{wait}"),
        ("does", ", ".join(one["does"]) or "nothing"),
        ("running", f"{one['running']} of at most {one['concurrency']}"),
        ("timeout", f"{float(one['timeout']):g} s"),
        ("did", counts or "nothing yet"),
        *((("took", f"{took['p50']:.0f} ms, p95 {took['p95']:.0f} ms"),) if took["p50"] is not None else ()),
        *((f"{name}", _value(value)) for name, value in one["settings"].items()),
    )


def _state(one: Json) -> str:
    if one["held"]:
        return "paused"
    return {"closed": "well", "open": "left alone", "half open": "on trial"}[one["breaker"]["state"]]


def _head(name: str, about: str, ink: Ink) -> Iterator[str]:
    yield f"{ink.strong(plain(name))}{f': {plain(about)}' if about else ''}"


def _facts(*facts: tuple[str, str]) -> Iterator[str]:
    wide = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield f"  {plain(name):<{wide}}  {plain(value)}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)


def _fields(schema: Any) -> str:
    """The members of a schema in short; those that may be left out with `?`."""
    return ", ".join(f"{name}{optional}" for name, optional, _ in _members(schema)) or "anything"


def _schema(what: str, schema: Any, ink: Ink) -> Iterator[str]:
    members = list(_members(schema))
    if not members:
        yield f"  {what}: anything"
        return
    yield ""
    for line in table((what, "type"), [(f"{name}{optional}", type) for name, optional, type in members], ink):
        yield f"  {line}"


def _members(schema: Any) -> Iterator[tuple[str, str, str]]:
    """Each member of an object that a schema describes: its name, `?` where it may be left out, and its type."""
    if not isinstance(schema, Mapping):
        return
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        type = _type(one)
        # What may be left out may be null, too; `?` says both.
        yield name, *(("", type) if name in required else ("?", type.removesuffix(" or null")))


def _type(schema: Any) -> str:
    """A type in a word or two, as JSON Schema has it."""
    if not isinstance(schema, Mapping):
        return "anything"
    if "enum" in schema:
        return " or ".join(encode(one) for one in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema and "type" not in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "anything")
    names = kind if isinstance(kind, str) else " or ".join(kind)
    if kind == "array":
        return f"array of {_type(schema['items'])}" if "items" in schema else names
    return f"{names} ({schema['format']})" if "format" in schema else names


RULES = Kind("rules", "/v1/rules", "rules", ("rule", "on", "status", "about"), _rule_row, _rule, "id")
EVENT_TYPES = Kind(
    "event types", "/v1/types", "types", ("type", "kind", "fields", "about"), _event_type_row, _event_type
)
ACTION_TYPES = Kind(
    "types of actions", "/v1/action-types", "action_types", ("action", "verb", "agents", "takes", "about"),
    _action_type_row, _action_type,
)  # fmt: skip
AGENTS = Kind(
    "agents", "/v1/agents", "agents", ("agent", "plug-in", "state", "running", "done", "failed", "does"),
    _agent_row, _agent,
)  # fmt: skip
