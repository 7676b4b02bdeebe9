"""Schemas of an OpenAPI document as types of ours: never narrower than the document, where they cannot be as exact.

What is sent is checked again by the service, and what it answers is taken as it is declared. So a type may allow more
than the schema, where ours cannot say as much, and it never refuses what the schema allows. `anything` allows all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, floor
from typing import Any

from atamo_rules.importers.openapi.document import Document, Unsayable, mapping
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree, type_tree

DEEPEST = 8
"""Schemas inside one another; what is deeper is `anything`."""
MOST = 1000
"""Fields that one operation may have."""
_FORMATS = {"date-time": "time", "date": "date", "uuid": "uuid", "email": "email", "uri": "uri"}
_JOINING = ("oneOf", "anyOf", "not", "if", "$dynamicRef")


class Types:
    """Makes the types of one operation. `sending` says that values go to the service: formats are then held to, and
    what the service only reads is left out; of what it answers, formats are annotations."""

    def __init__(self, document: Document, span: Span, *, sending: bool) -> None:
        self.document, self.span, self.sending = document, span, sending
        self.fields = 0
        self._open: list[Any] = []

    def type(self, schema: Any, depth: int = 0) -> tuple[type_tree.TypeExpr, bool]:
        """The type of a schema, and whether null is allowed beside it. One that is part of itself is `anything` there.
        Raises Unsayable."""
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if reference is None:
            return self._type(schema, depth)
        if reference in self._open:
            return self.plain("anything"), True
        self._open.append(reference)
        try:
            return self._type(schema, depth)
        finally:
            self._open.pop()

    def _type(self, schema: Any, depth: int) -> tuple[type_tree.TypeExpr, bool]:
        schema, null = self.merged(schema)
        words, also = self._words(schema)
        null = null or also
        if schema is None or depth > DEEPEST or any(word in schema for word in _JOINING):
            return self.plain("anything"), True
        if "const" in schema or "enum" in schema:
            values = [schema["const"]] if "const" in schema else schema["enum"]
            return self._choice(values, null)
        if len(words) != 1:
            return self.plain("anything"), True
        match words[0]:
            case "string":
                return self._text(schema), null
            case "integer" | "number":
                return self._number(schema, words[0]), null
            case "boolean":
                return self.plain("boolean"), null
            case "array":
                item, inner = self.type(schema.get("items", {}), depth + 1)
                if inner or (isinstance(item, type_tree.ListOf | type_tree.MapOf) and not _flat(item)):
                    item = self.plain("anything")
                return type_tree.ListOf(item, span=self.span), null
            case "object":
                return self._object(schema, depth), null
        return self.plain("anything"), True

    def record(self, schema: Any) -> tuple[type_tree.Field, ...] | None:
        """The fields of a schema that describes an object by its properties; None where it does not."""
        found, null = self.type(schema)
        return found.fields if isinstance(found, type_tree.RecordOf) and not null else None

    def field(self, name: str, schema: Any, *, needed: bool, depth: int = 0) -> type_tree.Field:
        """A field of a schema's type. Raises Unsayable."""
        self.fields += 1
        if self.fields > MOST:
            raise Unsayable(f"it has more than {MOST} fields")
        made, null = self.type(schema, depth)
        inner, _ = self.merged(schema)
        about = words(mapping(inner).get("description"), 100)
        optional = not needed or (
            null and not (isinstance(made, type_tree.Plain) and made.word == "anything")
        )
        return type_tree.Field(
            tree.Name(name, span=self.span), made, optional,
            about=tree.Literal(about, span=self.span) if about else None, span=self.span,
        )  # fmt: skip

    def plain(self, word: str, low: Any = None, high: Any = None) -> type_tree.Plain:
        return type_tree.Plain(word, low, high, span=self.span)

    def merged(self, schema: Any, depth: int = 0) -> tuple[Mapping[str, Any] | None, bool]:
        """A schema with what it refers to and what it is `allOf`, and whether null was said beside it; None for one
        that says nothing that can be joined."""
        if depth > DEEPEST:
            return None, True
        seen: set[str] = set()
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            if schema["$ref"] in seen or (len(schema) > 1 and not self._alone(schema)):
                return None, True
            seen.add(schema["$ref"])
            schema = self.document.target(schema["$ref"])
        if not isinstance(schema, Mapping):
            return None, True
        null = False
        for word in ("oneOf", "anyOf"):
            choices = schema.get(word)
            if isinstance(choices, list) and len(choices) == 2 and {"type": "null"} in choices:
                other = next((one for one in choices if one != {"type": "null"}), None)
                rest = {name: value for name, value in schema.items() if name != word}
                schema, null = {**rest, "allOf": [*_list(rest.get("allOf")), other]}, True
        parts = schema.get("allOf")
        if parts is None:
            return schema, null
        return self._joined(schema, _list(parts), depth), null

    def _alone(self, schema: Mapping[str, Any]) -> bool:
        """Whether all that stands beside a reference only describes."""
        return self.document.old or set(schema) <= {"$ref", "description", "summary", "title", "deprecated"}

    def _joined(self, schema: Mapping[str, Any], parts: list[Any], depth: int) -> Mapping[str, Any] | None:
        """One schema for all of several, where each of them says something else."""
        made: dict[str, Any] = {name: value for name, value in schema.items() if name != "allOf"}
        for part in parts:
            one, null = self.merged(part, depth + 1)
            if one is None or null:
                return None
            for name, value in one.items():
                if name == "properties" and name in made:
                    both = {**mapping(made[name]), **mapping(value)}
                    if any(both[key] != other for key, other in mapping(made[name]).items()):
                        return None
                    made[name] = both
                elif name == "required" and name in made:
                    made[name] = [*_list(made[name]), *_list(value)]
                elif name in ("description", "title", "example", "examples", "xml") or name.startswith("x-"):
                    made.setdefault(name, value)
                elif made.setdefault(name, value) != value:
                    return None
        return made

    def _words(self, schema: Mapping[str, Any] | None) -> tuple[list[str], bool]:
        """The types that a schema names without null, and whether it names null."""
        if schema is None:
            return [], True
        given = schema.get("type")
        named = [given] if isinstance(given, str) else [one for one in _list(given) if isinstance(one, str)]
        if not named:
            if "properties" in schema or "additionalProperties" in schema:
                named = ["object"]
            elif "items" in schema:
                named = ["array"]
        null = "null" in named or (self.document.old and schema.get("nullable") is True)
        return [one for one in named if one != "null"], null

    def _choice(self, values: Any, null: bool) -> tuple[type_tree.TypeExpr, bool]:
        kept = [one for one in _list(values) if one is not None]
        plain = all(isinstance(one, str | int | Decimal) and not isinstance(one, bool) for one in kept)
        if not kept or not plain or len({str(one) for one in kept}) < len(kept):
            return self.plain("anything"), True
        null = null or len(kept) < len(_list(values))
        return type_tree.OneOf(tuple(tree.Literal(one, span=self.span) for one in kept), span=self.span), null

    def _text(self, schema: Mapping[str, Any]) -> type_tree.Plain:
        word = _FORMATS.get(str(schema.get("format")), "text") if self.sending else "text"
        if word != "text":
            return self.plain(word)
        low, high = (_whole(schema.get(name)) for name in ("minLength", "maxLength"))
        return self.plain("text", low or None, high)

    def _number(self, schema: Mapping[str, Any], kind: str) -> type_tree.Plain:
        low, high = (_number(schema.get(name)) for name in ("minimum", "maximum"))
        if kind == "number":
            return self.plain("number", low, high)
        above, below = _number(schema.get("exclusiveMinimum")), _number(schema.get("exclusiveMaximum"))
        low = (None if low is None else ceil(low)) if above is None else floor(above) + 1
        high = (None if high is None else floor(high)) if below is None else ceil(below) - 1
        if self.document.old:  # true and false there, about `minimum` and `maximum`
            low = low + 1 if low is not None and schema.get("exclusiveMinimum") is True else low
            high = high - 1 if high is not None and schema.get("exclusiveMaximum") is True else high
        return self.plain("whole", low, high)

    def _object(self, schema: Mapping[str, Any], depth: int) -> type_tree.TypeExpr:
        properties = mapping(schema.get("properties"))
        more = schema.get("additionalProperties")
        if not properties or "" in properties:
            inner, null = self.type(more, depth + 1) if isinstance(more, Mapping) else (None, True)
            if inner is None or null or not _flat(inner) or "patternProperties" in schema or "" in properties:
                inner = self.plain("anything")
            return type_tree.MapOf(inner, span=self.span)
        if self.sending and (more not in (None, False) or "patternProperties" in schema):
            return self.plain("anything")  # a record would keep rules from sending what it does not name
        needed = set(map(str, _list(schema.get("required"))))
        hidden = "readOnly" if self.sending else "writeOnly"
        fields = tuple(
            self.field(name, one, needed=name in needed, depth=depth + 1)
            for name, one in properties.items()
            if mapping(self.merged(one)[0]).get(hidden) is not True
        )
        return type_tree.RecordOf(fields, span=self.span) if fields else self.plain("anything")


def words(value: Any, most: int) -> str:
    """The first line of a description, not longer than `most`, where there is one."""
    text = next((line.strip() for line in str(value or "").splitlines() if line.strip()), "")
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _flat(type: type_tree.TypeExpr) -> bool:
    """Whether a type is written on one line, as what is inside a map, or a list of lists, must be."""
    match type:
        case type_tree.ListOf(item) | type_tree.MapOf(item):
            return _flat(item)
    return not isinstance(type, type_tree.RecordOf)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _whole(value: Any) -> int | None:
    return int(value) if _number(value) is not None and value >= 0 and value == int(value) else None


def _number(value: Any) -> Any:
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
