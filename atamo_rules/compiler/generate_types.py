"""Event types out of a published bundle of JSON Schemas: a schema file for each, and the declarations that name them.

What counts as an event is what the bundle itself lists: the members of its `oneOf` (or `anyOf`) where they are
references, as in `@octokit/webhooks-schemas`; else every definition that describes an object and that no other part
refers to; else, in a document without definitions, the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from atamo_rules.compiler.schema_parts import BundleRefused, Document, Place, document, inner, taken_out
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

MOST = 2_000
"""Event types of one bundle."""
LARGEST = 10 << 20
"""Characters of one schema file; a larger one could not be read back as part of a ruleset."""
LARGEST_SUM = 256 << 20

_NEW = "https://json-schema.org/draft/2020-12/schema"
_DIALECTS = ("draft-07/schema", "draft/2020-12/schema")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)*")
_TAIL = re.compile(r"(?:[_$.\-]?event|Event|\.schema|\.json)$")


@dataclass(frozen=True, slots=True)
class Found:
    """One event of a bundle: the name its type will have, where it stands, and what it is about (or "")."""

    name: str
    place: Place
    about: str


def generate(root: Json, *, prefix: str = "", to: str = "atamo", policy: str = "reject") -> dict[str, str]:
    """The files of a bundle's event types, as path -> text: `events.atamo` or `events.yaml`, and `schemas/NAME.json`.

    The same bundle gives the same texts, whatever the order of keys in memory or the machine. `prefix` is put
    before every name; `policy` is what each type says of events that break it. Raises BundleRefused.
    """
    if not isinstance(root, dict):
        raise BundleRefused("this is no JSON Schema: a schema document is an object")
    dialect = root.get("$schema", _NEW)
    if not isinstance(dialect, str) or not any(dialect.rstrip("#").endswith(known) for known in _DIALECTS):
        raise BundleRefused(
            f"the dialect {encode(dialect)[:120]} is not understood", "draft-07 and 2020-12 are"
        )
    whole = document(root, dialect)
    events = _named(whole, prefix)
    files: dict[str, str] = {}
    total = 0
    for event in events:
        text = readable(taken_out(whole, event.place)) + "\n"
        total += len(text)
        if len(text) > LARGEST or total > LARGEST_SUM:
            raise BundleRefused(
                f"the schema of `{event.name}` takes {len(text)} characters, which is too many"
            )
        files[f"schemas/{event.name}.json"] = text
    name = f"events.{to}"
    return {name: (_yaml if to == "yaml" else _atamo)(events, policy), **files}


def _named(whole: Document, prefix: str) -> list[Found]:
    """The events under their names, in the bundle's order. Raises BundleRefused when two have the same."""
    if prefix and not prefix.endswith("."):
        prefix += "."
    found: dict[str, Found] = {}
    lower: dict[str, str] = {}
    for place, wished in _events(whole):
        name = prefix + _name(wished)
        if _NAME.fullmatch(name) is None:
            raise BundleRefused(
                f"`{place.pointer}` would be called `{name}`, which is no name of an event type"
            )
        twin = lower.setdefault(name.lower(), place.pointer)
        if twin != place.pointer:
            raise BundleRefused(f"`{twin}` and `{place.pointer}` would both be called `{name}`")
        found[name] = Found(name, place, _about(whole.at(place.steps)))
        if len(found) > MOST:
            raise BundleRefused(f"there are more than {MOST} events in it")
    if not found:
        raise BundleRefused(
            "no events were found in it",
            "a bundle lists them in `oneOf`, or defines objects that nothing else refers to",
        )
    return list(found.values())


def _events(whole: Document) -> Iterator[tuple[Place, str]]:
    listed = next(
        (parts for word in ("oneOf", "anyOf") if isinstance(parts := whole.root.get(word), list)), []
    )
    root = Place((), whole.base_of(()))
    if listed:
        for position, part in enumerate(listed):
            reference = part.get("$ref") if isinstance(part, dict) else None
            if not isinstance(reference, str):
                raise BundleRefused(
                    f"member {position} of the bundle's `oneOf` is no reference, so it has no name"
                )
            place = whole.place(reference, root.base, root)
            yield place, place.steps[-1] if place.steps else "event"
        return
    defined = [(home, name) for home in ("$defs", "definitions") for name in _keys(whole.root.get(home))]
    if not defined:
        if _describes_object(whole.root):
            yield root, str(whole.root.get("title") or "event")
        return
    used = set(_referred(whole, whole.root, root, ()))
    for steps in defined:
        schema = whole.at(steps)
        if steps not in used and isinstance(schema, dict) and _describes_object(schema):
            yield Place(steps, whole.base_of(steps)), steps[1]


def _keys(value: Json) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _describes_object(schema: Mapping[str, Json]) -> bool:
    if "type" in schema:
        return schema["type"] == "object"
    return any(word in schema for word in ("properties", "required", "oneOf", "anyOf", "allOf", "$ref"))


def _referred(
    whole: Document, schema: Json, place: Place, inside: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """The definitions that others refer to. One that only refers to itself is not among them."""
    if not isinstance(schema, Mapping):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = whole.place(reference, place.base, place).steps[:2]
        if target != inside:
            yield target
    for step, part in inner(schema):
        steps = (*place.steps, *step)
        yield from _referred(whole, part, Place(steps, whole.base_of(steps)), steps[:2])


def _name(wished: str) -> str:
    """`issues_event`, `create$event`, `IssueOpenedEvent` and `issues$opened` as names of event types."""
    name = wished
    while True:
        shorter = _TAIL.sub("", name)
        if shorter == name or not shorter:
            break
        name = shorter
    name = re.sub(r"[$/:]+", ".", name)
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", name).strip("._-")


def _about(schema: Json) -> str:
    told = (schema.get("description") or schema.get("title")) if isinstance(schema, dict) else None
    if not isinstance(told, str):
        return ""
    plain = "".join(char if char.isprintable() else " " for char in told)
    line = " ".join(plain.split())
    return line if len(line) <= 120 else line[:119] + "…"


_HEAD = "# Made by `atamo types`. Make it again rather than edit it.\n"


def _atamo(events: list[Found], policy: str) -> str:
    pieces = [_HEAD]
    for event in events:
        about = f" {encode(event.about)}" if event.about else ""
        pieces.append(
            f'\nevent {event.name}{about} from "schemas/{event.name}.json"\n  when invalid {policy}\n'
        )
    return "".join(pieces)


def _yaml(events: list[Found], policy: str) -> str:
    pieces = [_HEAD, "events:\n"]
    for event in events:
        pieces.append(f"  {event.name}:\n")
        if event.about:
            pieces.append(f"    about: {encode(event.about)}\n")
        pieces.append(f'    from: "schemas/{event.name}.json"\n    when invalid: {policy}\n')
    return "".join(pieces)


def readable(value: Json, margin: str = "") -> str:
    """JSON with an entry a line, keys in their order, every number exactly as it is."""
    deeper = margin + "  "
    if isinstance(value, dict) and value:
        entries = [f"{deeper}{encode(key)}: {readable(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(deeper + readable(item, deeper) for item in value) + f"\n{margin}]"
    return encode(value)
