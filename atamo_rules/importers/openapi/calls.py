"""One operation as what a rule says, arguments and an answer, and as what the agent http sends for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atamo_rules.importers.openapi.document import Document, Operation, Unsayable, mapping
from atamo_rules.importers.openapi.schemas import Types, words
from atamo_rules.syntax import tree, type_tree

_PLACES = ("path", "query", "header", "cookie")
_SPOKEN = {"accept", "content-type", "authorization", "idempotency-key"}
"""Headers that a document's parameters do not set (OpenAPI 3.1, 4.8.12), and the one the agent sends of itself."""
_OURS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
_JSON = re.compile(r"application/([\w.+-]+\+)?json\Z")
_HOLE = re.compile(r"\{([^{}]+)\}")
_STEP = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*\Z")


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, as the setting `actions` of the agent has it, and between which types."""

    setting: Mapping[str, Any]
    parameters: tuple[type_tree.Field, ...]
    answer: tuple[type_tree.Field, ...] | None


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    place: str
    schema: Any
    needed: bool
    about: Any


def call(document: Document, operation: Operation) -> Call:
    """How an operation is called. Raises Unsayable."""
    if operation.elsewhere:
        raise Unsayable("it has a server of its own")
    _secured(document, operation)
    types = Types(document, operation.span, sending=True)
    given = [_parameter(document, one) for one in operation.parameters]
    found = {(one.place, one.name): one for one in given if one is not None}
    body = mapping(document.followed(operation.body.get("requestBody")))
    fields, names = _arguments(types, list(found.values()))
    setting: dict[str, Any] = {"method": operation.method.upper(), "path": _path(operation.path, names)}
    for place, word in (("query", "query"), ("header", "headers")):
        sent = {one.name: _hole(names[place, one.name]) for one in found.values() if one.place == place}
        if sent:
            setting[word] = sent
    if body:
        fields += _body(types, body, {one.name.text for one in fields}, operation.method, setting)
    elif operation.method not in ("get", "head"):
        setting["as"] = "none"
    answer = _answer(document, operation, setting)
    return Call(setting, tuple(fields), answer)


# --- parameters -------------------------------------------------------------------------------------------


def _parameter(document: Document, given: Any) -> _Parameter | None:
    """A parameter that is to be said; None for a header that is none of the document's. Raises Unsayable."""
    one = mapping(document.followed(given))
    name, place = str(one.get("name", "")), str(one.get("in", ""))
    if place not in _PLACES or not name:
        raise Unsayable("it has a parameter without a name, or in no place of a request")
    if place == "cookie":
        raise Unsayable(f"its parameter `{name}` is a cookie")
    if place == "header" and name.lower() in _SPOKEN:
        return None
    if place == "header" and (
        name.lower() in _OURS or not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII)
    ):
        raise Unsayable(f"its header `{name}` cannot be set")
    if "schema" not in one:
        raise Unsayable(f"its parameter `{name}` is written in a format of its own (`content`)")
    usual = {"path": "simple", "header": "simple", "query": "form"}[place]
    if one.get("style", usual) != usual:
        raise Unsayable(f"its parameter `{name}` is written in the style `{one['style']}`")
    if one.get("explode", usual == "form") is not (usual == "form") and place == "query":
        raise Unsayable(f"its parameter `{name}` is a list in one text (`explode: false`)")
    needed = one.get("required") is True or place == "path"
    return _Parameter(name, place, one["schema"], needed, one.get("description"))


def _arguments(
    types: Types, parameters: list[_Parameter]
) -> tuple[list[type_tree.Field], dict[tuple[str, str], str]]:
    """A field for each parameter, and what each is called. Raises Unsayable."""
    fields: list[type_tree.Field] = []
    names: dict[tuple[str, str], str] = {}
    for one in parameters:
        made = types.field(_free(one, set(names.values())), {"allOf": [one.schema]}, needed=one.needed)
        scalars = (
            made.type.item if isinstance(made.type, type_tree.ListOf) and one.place == "query" else made.type
        )
        if isinstance(scalars, type_tree.ListOf | type_tree.MapOf | type_tree.RecordOf):
            raise Unsayable(f"its parameter `{one.name}` is a list or an object in the {one.place}")
        about = words(one.about, 100)
        if about:
            made = type_tree.Field(
                made.name, made.type, made.optional, made.default,
                tree.Literal(about, span=types.span), span=types.span,
            )  # fmt: skip
        names[one.place, one.name] = made.name.text
        fields.append(made)
    return fields, names


def _free(one: _Parameter, taken: set[str]) -> str:
    """A name that a rule and a template can write: `filter[name]` becomes `filter_name`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", one.name).strip("_") or one.place
    name = f"_{name}" if name[0].isdigit() else name
    for free in (name, f"{name}_{one.place}"):
        if free not in taken:
            return free
    raise Unsayable(f"it has several parameters that would be called `{name}`")


def _path(path: str, names: Mapping[tuple[str, str], str]) -> str:
    """The path with an argument in the place of each parameter. Raises Unsayable."""

    def filled(hole: re.Match[str]) -> str:
        name = names.get(("path", hole[1]))
        if name is None:
            raise Unsayable(f"its path has `{{{hole[1]}}}`, which is no parameter of it")
        return _hole(name)

    if not path.startswith("/") or not _STEP.match(_HOLE.sub("x", path)) or "//" in path:
        raise Unsayable(f"its path cannot be sent: {path[:100]}")
    return _HOLE.sub(filled, path) if path != "/" else "/"


def _hole(name: str) -> str:
    return "{{ " + name + " }}"


# --- body -------------------------------------------------------------------------------------------------


def _body(
    types: Types,
    body: Mapping[str, Any],
    taken: set[str],
    method: str,
    setting: dict[str, Any],
) -> list[type_tree.Field]:
    """The arguments that make the body, and the settings that say how. A body that may be left out is always sent.
    Raises Unsayable."""
    if method in ("get", "head"):
        raise Unsayable(f"it sends a body with {method.upper()}")
    content = mapping(body.get("content"))
    media, kind = _media(content)
    schema = mapping(content[media]).get("schema", {})
    if kind != "json":
        setting["as"] = kind
    bare = media.partition(";")[0].strip().lower()
    if kind == "json" and bare != "application/json":
        setting["headers"] = {**setting.get("headers", {}), "Content-Type": bare}
    fields = types.record(schema)
    if kind == "form":
        if fields is None or not all(_formed(one.type) for one in fields):
            raise Unsayable("its form holds what is no text, number or list of them")
        if any(
            mapping(one).keys() & {"style", "explode"}
            for one in mapping(mapping(content[media]).get("encoding")).values()
        ):
            raise Unsayable("its form is encoded in a way of its own")
    if fields is not None and kind != "text" and not taken & {one.name.text for one in fields}:
        return list(fields)
    name = next((one for one in ("body", "content") if one not in taken), None)
    if name is None:
        raise Unsayable("it has parameters called `body` and `content`")
    setting["body"] = _hole(name)
    return [types.field(name, schema, needed=True)]


def _media(content: Mapping[str, Any]) -> tuple[str, str]:
    """The media type to send, and what the agent calls that. Raises Unsayable."""
    for wanted, kind in (
        ("json", "json"),
        ("application/x-www-form-urlencoded", "form"),
        ("text/plain", "text"),
    ):
        for media in content:
            bare = media.partition(";")[0].strip().lower()
            if _JSON.match(bare) if wanted == "json" else bare == wanted:
                return media, kind
    named = ", ".join(f"`{one}`" for one in list(content)[:3])
    raise Unsayable(f"its body is {named or 'of no media type'}")


def _formed(type: type_tree.TypeExpr) -> bool:
    inner = type.item if isinstance(type, type_tree.ListOf) else type
    return isinstance(inner, type_tree.OneOf) or (
        isinstance(inner, type_tree.Plain) and inner.word != "anything"
    )


# --- answer -----------------------------------------------------------------------------------------------


def _answer(
    document: Document, operation: Operation, setting: dict[str, Any]
) -> tuple[type_tree.Field, ...] | None:
    """What a success is to the rule, and the setting `answer` that makes it so; None where the service says nothing.
    Raises Unsayable."""
    types = Types(document, operation.span, sending=False)
    said = [
        mapping(document.followed(one))
        for status, one in mapping(operation.body.get("responses")).items()
        if re.fullmatch(r"2\d\d|2XX", status, re.IGNORECASE)
    ]
    if operation.method == "head":
        setting["answer"] = {"status": _hole("status")}
        return (types.field("status", {"type": "integer"}, needed=True),)
    schemas = [_schema(one) for one in said]
    if said and all(one is None for one in schemas) and operation.method != "get":
        return None
    first = schemas[0] if schemas else None
    if len(schemas) != 1 and any(one != first for one in schemas):
        setting["answer"] = {"status": _hole("status"), "body": _hole("body")}
        return (
            types.field("status", {"type": "integer"}, needed=True),
            types.field("body", {}, needed=False),
        )
    fields = types.record(first) if first is not None else None
    if fields is not None:
        return fields
    setting["answer"] = {"body": _hole("body")}
    return (types.field("body", {"allOf": [first]} if first else {}, needed=first is not None),)


def _schema(response: Mapping[str, Any]) -> Any:
    """The schema of a response in JSON; `{}` for what is told in another way, None where nothing is."""
    content = mapping(response.get("content"))
    for media, one in content.items():
        if _JSON.match(media.partition(";")[0].strip().lower()):
            return mapping(one).get("schema", {})
    return {} if content else None


# --- who may ----------------------------------------------------------------------------------------------


def _secured(document: Document, operation: Operation) -> None:
    """Whether a credential that the operation wants can be sent as the vault has it: in a header. Raises Unsayable."""
    wanted = operation.body.get("security", document.root.get("security"))
    choices = [mapping(one) for one in wanted] if isinstance(wanted, list) else []
    schemes = mapping(mapping(document.root.get("components")).get("securitySchemes"))
    kinds = [[mapping(document.followed(schemes.get(name))) for name in one] for one in choices]
    if kinds and not any(all(_sendable(scheme) for scheme in one) and len(one) < 2 for one in kinds):
        raise Unsayable("its credential is not one header: it is in the query, a cookie, or several places")


def _sendable(scheme: Mapping[str, Any]) -> bool:
    match scheme.get("type"):
        case "http":
            return str(scheme.get("scheme", "")).lower() in ("basic", "bearer")
        case "apiKey":
            return scheme.get("in") == "header"
    return scheme.get("type") in ("oauth2", "openIdConnect")
