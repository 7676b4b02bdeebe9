"""JSON Schema (2020-12, draft-07) to our types, soundly: every value the schema allows is a value of the type.

What our types cannot say becomes `Anything`, with a note where an author would want to know. The full schema still
validates every event at the door, so a type that says less is never wrong, only less helpful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from atamo_rules.compiler.schema_join import joined, met
from atamo_rules.compiler.written_types import fits
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    MapOf,
    Member,
    Moment,
    Number,
    OneOf,
    Record,
    Text,
    Type,
)

MOST = 20_000
"""Schemas visited before the rest is `Anything`."""
DEEPEST = 48

_FORMATS = {"email", "uri", "uuid"}
_KINDS = ("null", "boolean", "object", "array", "number", "string", "integer")


@dataclass(frozen=True, slots=True)
class Note:
    """A place of the schema, as a JSON pointer, and what is not known of it."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A type and whether null is also allowed. `type` None: only null is."""

    type: Type | None
    null: bool = False


@dataclass(slots=True)
class _Walk:
    root: Any
    notes: list[Note] = field(default_factory=list)
    visited: int = 0
    open: list[str] = field(default_factory=list)
    moved: int = 0
    """How many schemas around this one have an `$id` of their own: there, references mean other places."""


def type_of(schema: Any, *, root: Any = None) -> tuple[Type, tuple[Note, ...]]:
    """The type of a schema; references are looked up in `root` (the schema itself when None). Never raises."""
    walk = _Walk(schema if root is None else root)
    shape = _shape(schema, "", walk, 0)
    return shape.type or Anything(), tuple(walk.notes)


def _shape(schema: Any, at: str, walk: _Walk, depth: int) -> Shape:
    """What a schema allows. Sound: it may allow more than the schema, never less."""
    walk.visited += 1
    if schema is True or not isinstance(schema, Mapping) or walk.visited > MOST or depth > DEEPEST:
        return Shape(Anything(), True)
    moves = schema is not walk.root and _moves(schema)
    walk.moved += moves
    shape = _combined(schema, at, walk, depth)
    walk.moved -= moves
    return shape


def _moves(schema: Mapping[str, Any]) -> bool:
    id = schema.get("$id")
    return isinstance(id, str) and not id.startswith("#")


def _combined(schema: Mapping[str, Any], at: str, walk: _Walk, depth: int) -> Shape:
    shape = _plain(schema, at, walk, depth)
    reference = schema.get("$ref")
    if isinstance(reference, str):
        referred = _referred(reference, at, walk, depth)
        if "$schema" in walk.root and "draft-07" in str(walk.root.get("$schema")) and "$ref" in schema:
            # Draft-07: what stands beside a $ref is ignored.
            return referred
        shape = _and(shape, referred)
    for position, part in enumerate(_list(schema.get("allOf"))):
        shape = _and(shape, _shape(part, f"{at}/allOf/{position}", walk, depth + 1))
    for word in ("oneOf", "anyOf"):
        parts = _list(schema.get(word))
        if parts:
            either = [_shape(part, f"{at}/{word}/{n}", walk, depth + 1) for n, part in enumerate(parts)]
            shape = _and(shape, _or(either))
    return shape


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _referred(reference: str, at: str, walk: _Walk, depth: int) -> Shape:
    if not reference.startswith("#") or walk.moved:
        walk.notes.append(
            Note(at, f"`{reference}` is elsewhere and is never fetched: anything is taken there")
        )
        return Shape(Anything(), True)
    if reference in walk.open:
        walk.notes.append(Note(at, f"`{reference}` holds itself: deeper down anything is taken"))
        return Shape(Anything(), True)
    target = lookup(walk.root, reference)
    if target is None:
        return Shape(Anything(), True)
    walk.open.append(reference)
    shape = _shape(target, reference[1:], walk, depth + 1)
    walk.open.pop()
    return shape


def lookup(root: Any, reference: str) -> Any:
    """What a local reference (`#`, `#/a/b`, `#anchor`) points to, or None."""
    pointer = reference[1:]
    if pointer and not pointer.startswith("/"):
        return _anchor(root, pointer, 0)
    found = root
    for part in pointer.split("/")[1:]:
        if found is not root and isinstance(found, Mapping) and _moves(found):
            return None
        part = part.replace("~1", "/").replace("~0", "~").replace("%24", "$").replace("%25", "%")
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _anchor(node: Any, name: str, depth: int) -> Any:
    if depth > DEEPEST or not isinstance(node, Mapping) or (depth and _moves(node)):
        return None
    if node.get("$anchor") == name or node.get("$id") == f"#{name}":
        return node
    for value in node.values():
        found = _anchor(value, name, depth + 1)
        if found is not None:
            return found
    return None


def _plain(schema: Mapping[str, Any], at: str, walk: _Walk, depth: int) -> Shape:
    """What the keywords of this one schema say, without its references and combinations."""
    if "const" in schema:
        return _values([schema["const"]])
    if isinstance(schema.get("enum"), list):
        return _values(schema["enum"])
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else None
    if names is None or not all(name in _KINDS for name in names):
        if "properties" not in schema and "items" not in schema:
            return Shape(Anything(), True)
        return Shape(Anything(), True)
    null = "null" in names
    rest = [name for name in names if name != "null"]
    if "integer" in rest and "number" in rest:
        rest.remove("integer")
    if not rest:
        return Shape(None, True)
    if len(rest) > 1:
        return Shape(Anything(), null)
    return Shape(_kind(rest[0], schema, at, walk, depth), null)


def _values(values: list[Any]) -> Shape:
    scalars = [v for v in values if v is None or isinstance(v, str | int | Decimal | bool)]
    if len(scalars) != len(values):
        return Shape(Anything(), True)
    kept = tuple(v for v in scalars if v is not None)
    return Shape(OneOf(kept) if kept else None, None in scalars)


def _kind(kind: str, schema: Mapping[str, Any], at: str, walk: _Walk, depth: int) -> Type:
    match kind:
        case "string":
            return _text(schema)
        case "boolean":
            return Boolean()
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "array":
            return _array(schema, at, walk, depth)
        case _:
            return _object(schema, at, walk, depth)


def _text(schema: Mapping[str, Any]) -> Type:
    # Formats are annotations unless a validator asserts them, so a type relies on none it could not read safely.
    form = schema.get("format")
    if form == "date-time":
        return Moment()
    if form == "date":
        return Moment(date_only=True)
    if form == "duration":
        return Duration()
    form = form if isinstance(form, str) else None
    name = form if form in _FORMATS else "ip" if form in ("ipv4", "ipv6") or "anyOf" in schema else ""
    if name == "ip" and form is None and not _both_ips(schema):
        name = ""
    return Text(str(name), _count(schema.get("minLength")) or 0, _count(schema.get("maxLength")))


def _both_ips(schema: Mapping[str, Any]) -> bool:
    formats = [part.get("format") for part in _list(schema.get("anyOf")) if isinstance(part, Mapping)]
    return formats == ["ipv4", "ipv6"]


def _count(value: Any) -> int | None:
    return (
        int(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0
        else None
    )


def _number(schema: Mapping[str, Any], *, whole: bool) -> Number:
    low, high = (
        _bound(schema, "minimum", "exclusiveMinimum", max),
        _bound(schema, "maximum", "exclusiveMaximum", min),
    )
    return Number(whole, schema.get("x-atamo") == "money", low, high)


def _bound(schema: Mapping[str, Any], inclusive: str, exclusive: str, pick: Any) -> int | Decimal | None:
    found = [
        value
        for value in (schema.get(inclusive), schema.get(exclusive))
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
    ]
    return pick(found) if found else None


def _array(schema: Mapping[str, Any], at: str, walk: _Walk, depth: int) -> Type:
    items = schema.get("items")
    tuple_form = [*_list(schema.get("prefixItems")), *(_list(items))]
    if tuple_form:
        return ListOf(Anything())
    shape = _shape(items, f"{at}/items", walk, depth + 1) if items is not None else Shape(Anything(), True)
    # Elements may be null without being `optional`: tests on them are simply false.
    return ListOf(shape.type or Anything())


def _object(schema: Mapping[str, Any], at: str, walk: _Walk, depth: int) -> Type:
    properties = schema.get("properties")
    required = {name for name in _list(schema.get("required")) if isinstance(name, str)}
    extra = True if "patternProperties" in schema else schema.get("additionalProperties", True)
    if not isinstance(properties, Mapping) or not properties:
        if required:
            return Record({name: Member(Anything(), True) for name in sorted(required)})
        if isinstance(extra, Mapping) and "patternProperties" not in schema:
            inner = _shape(extra, f"{at}/additionalProperties", walk, depth + 1)
            return MapOf(inner.type or Anything())
        return MapOf(Anything()) if extra is not False else Record({}, closed=True)
    members: dict[str, Member] = {}
    for name, part in properties.items():
        shape = _shape(part, f"{at}/properties/{name}", walk, depth + 1)
        described = part if isinstance(part, Mapping) else {}
        about = described.get("description")
        default = described.get("default")
        # A default is filled in at the door, so it counts only where it is a plain value of the type itself.
        has_default = (
            isinstance(default, str | int | Decimal | bool)
            and name not in required
            and shape.type is not None
            and not shape.null
            and fits(default, shape.type)
        )
        members[str(name)] = Member(
            shape.type or Anything(),
            shape.null or (name not in required and not has_default) or shape.type is None,
            about if isinstance(about, str) else "",
            default if has_default else None,
            has_default,
        )
    for name in sorted(required - set(members)):
        members[name] = Member(Anything(), True)
    return Record(members, closed=extra is False)


def _and(one: Shape, two: Shape) -> Shape:
    null = one.null and two.null
    if one.type is None or two.type is None:
        return Shape(None, null) if null else Shape(one.type or two.type, null)
    return Shape(met(one.type, two.type), null)


def _or(parts: list[Shape]) -> Shape:
    null = any(part.null for part in parts)
    types = [part.type for part in parts if part.type is not None]
    if not types:
        return Shape(None, null)
    made = types[0]
    for type in types[1:]:
        made = joined(made, type)
    return Shape(made, null)
