"""An OpenAPI document as data, with the place of each operation, and what its references mean.

A reference leads to another part of the same file; nothing else is ever read (OpenAPI Specification 3.1, 4.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from atamo_rules.importers import json_text
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Source, Span
from atamo_rules.syntax import yaml_nodes
from atamo_rules.syntax.yaml_reading import read_yaml

METHODS = ("get", "head", "post", "put", "patch", "delete")
OTHERS = ("options", "trace", "query")
"""What a path may have beside: an agent does not send these."""
_HOPS = 50


class Unsayable(Exception):
    """Sound OpenAPI that cannot be said exactly; the message is one sentence in lower case. Never leaves `read`."""


class Malformed(Exception):
    """What is no OpenAPI; carries its diagnostic. Never leaves `read`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: what stands there, with the parameters of the path before its own."""

    path: str
    method: str
    body: Mapping[str, Any]
    parameters: tuple[Any, ...]
    elsewhere: bool
    """Whether the path or the operation names servers of its own."""
    span: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. `old`: of version 3.0, whose schemas mean some words otherwise."""

    root: Mapping[str, Any]
    old: bool
    span: Span
    spans: Mapping[tuple[str, str], Span]

    def followed(self, value: Any) -> Any:
        """What a value refers to, or the value itself. Raises Unsayable."""
        for _ in range(_HOPS):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                return value
            value = self.target(value["$ref"])
        raise Unsayable("it refers to itself")

    def target(self, reference: str) -> Any:
        """The part of this file that a reference names (RFC 6901). Raises Unsayable."""
        place, mark, pointer = reference.partition("#")
        if place or not mark or (pointer and not pointer.startswith("/")):
            raise Unsayable(f"it refers to `{reference[:100]}`, which is not a part of this file")
        value: Any = self.root
        for step in pointer.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            else:
                raise Unsayable(f"it refers to `{reference[:100]}`, which this file does not have")
        return value

    def operations(self) -> Iterator[Operation | tuple[str, str]]:
        """Every operation in the order of the file; and of each that an agent does not send, its path and method."""
        for path, item in mapping(self.root.get("paths")).items():
            inner = mapping(self.followed(item))
            shared = inner.get("parameters")
            for method, body in inner.items():
                if method in OTHERS:
                    yield path, method
                elif method in METHODS and isinstance(body, Mapping):
                    own = body.get("parameters")
                    given = (
                        *(shared if isinstance(shared, list) else ()),
                        *(own if isinstance(own, list) else ()),
                    )
                    elsewhere = "servers" in inner or "servers" in body
                    span = self.spans.get((path, method), self.span)
                    yield Operation(path, method, body, given, elsewhere, span)


def mapping(value: Any) -> Mapping[str, Any]:
    """A value that is a mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def document(source: Source) -> Document:
    """The document that a file holds, JSON or YAML. Raises Malformed."""
    root, spans = _json(source) if source.name.endswith(".json") else _yaml(source)
    if "swagger" in mapping(root):
        told = "this is Swagger 2.0, and OpenAPI 3.0 and 3.1 are understood"
        raise Malformed(codes.FOREIGN_RULE.at(_head(source), told, help="convert it first"))
    if not isinstance(root, Mapping) or not isinstance(root.get("paths"), Mapping):
        told = "this is no OpenAPI: such a document has `openapi` and `paths`"
        raise Malformed(codes.FOREIGN_RULE.at(_head(source), told))
    version = str(root.get("openapi", ""))
    if not version.startswith(("3.0", "3.1")):
        raise Malformed(
            codes.FOREIGN_RULE.at(
                _head(source), f"this is OpenAPI `{version[:20]}`, and 3.0 and 3.1 are understood"
            )
        )
    return Document(root, version.startswith("3.0"), _head(source), spans)


def _head(source: Source) -> Span:
    return source.span(0, min(1, len(source.text)))


_Spans = dict[tuple[str, str], Span]


def _json(source: Source) -> tuple[Any, _Spans]:
    try:
        value, rest = json_text.parse(Fragment.of(source.whole))
        if rest is not None:
            raise json_text.NotJson(rest, "more stands here, after the end of the document")
    except json_text.NotJson as error:
        raise Malformed(codes.FOREIGN_SYNTAX.at(error.span, error.message)) from None
    spans: _Spans = {}
    paths = value.get("paths") if isinstance(value, json_text.Object) else None
    for path, item in paths.members if isinstance(paths, json_text.Object) else ():
        for method, body in item.members if isinstance(item, json_text.Object) else ():
            spans[path.value, method.value] = method.span if isinstance(body, json_text.Object) else body.span
    return _plain(value), spans


def _plain(value: json_text.Json) -> Any:
    match value:
        case json_text.Object(members):
            return {key.value: _plain(inner) for key, inner in members}
        case json_text.Array(items):
            return [_plain(inner) for inner in items]
        case json_text.Number(text):
            try:
                return int(text) if text.lstrip("-").isdigit() else Decimal(text)
            except (ValueError, InvalidOperation):
                return None  # too long for a bound of anything
        case json_text.Text() | json_text.Word():
            return value.value


def _yaml(source: Source) -> tuple[Any, _Spans]:
    node, found = read_yaml(source)
    if found or node is None:
        raise Malformed(found[0] if found else codes.FOREIGN_SYNTAX.at(_head(source), "the file is empty"))
    spans: _Spans = {}
    for key, paths in node.entries if isinstance(node, yaml_nodes.Mapping) else ():
        for path, item in (
            paths.entries if key.text == "paths" and isinstance(paths, yaml_nodes.Mapping) else ()
        ):
            for method, _ in item.entries if isinstance(item, yaml_nodes.Mapping) else ():
                spans[path.text, method.text] = method.span
    try:
        return yaml_nodes.to_json(node), spans
    except ValueError as error:
        raise Malformed(codes.FOREIGN_SYNTAX.at(_head(source), f"a number cannot be read: {error}")) from None
