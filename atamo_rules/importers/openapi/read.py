"""A file of OpenAPI: its operations as types of actions, and the agent that calls them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from atamo_rules.importers.imported import Imported, Item, Reading, Refused
from atamo_rules.importers.openapi.calls import Call, call
from atamo_rules.importers.openapi.document import (
    Document,
    Malformed,
    Operation,
    Unsayable,
    document,
    mapping,
)
from atamo_rules.importers.openapi.schemas import words
from atamo_rules.source import codes
from atamo_rules.source.span import Fragment, Source, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

_GENERIC = {"openapi", "swagger", "api", "spec", "index", "schema", "api_description"}
_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?\Z")


def read(source: Source, *, event_type: str | None = None, url: str = "") -> Reading:
    """The operations of a document, each called by the agent's name and its `operationId`, or else its method and
    path. The agent is called as the file is, or as the title, and calls `url`, or the first server of the document.

    Never raises on what stands in the file.
    """
    try:
        made = document(source)
        agent = _agent_name(source.name, made)
        address = _address(made, url)
    except Malformed as malformed:
        return Reading((), (malformed.diagnostic,))
    items: list[Item] = []
    calls: dict[str, Call] = {}
    try:
        for one in made.operations():
            if isinstance(one, tuple):
                path, method = one
                span = made.spans.get((path, method), made.span)
                items.append(
                    Refused(f"{agent}.{method}_{_word(path)}", f"{method.upper()} is not sent", span)
                )
                continue
            name = f"{agent}.{_operation_name(one)}"
            try:
                if name in calls:
                    raise Unsayable("another operation of this document has its name")
                calls[name] = call(made, one)
            except Unsayable as unsayable:
                items.append(Refused(name, str(unsayable), one.span))
            else:
                items.append(Imported(name, _type(name, one, calls[name]), one.span))
    except Unsayable as unsayable:
        return Reading(
            (), (codes.FOREIGN_RULE.at(made.span, f"a path of this document cannot be read: {unsayable}"),)
        )
    if not calls:
        return Reading(tuple(items))
    return Reading(tuple(items), (), (_agent(agent, made, address, calls),))


def _agent_name(file: str, made: Document) -> str:
    stem = file.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    if _word(stem).lower() in _GENERIC:
        stem = str(mapping(made.root.get("info")).get("title", "")) or stem
    return _word(stem).lower()


def _word(text: str) -> str:
    """A text as a name: letters, digits and `_`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "service"
    return f"_{name}" if name[0].isdigit() else name


def _operation_name(one: Operation) -> str:
    given = one.body.get("operationId")
    return _word(given if isinstance(given, str) and given.strip() else f"{one.method}_{_word(one.path)}")


def _address(made: Document, url: str) -> str:
    """Where the service is. Raises Malformed."""
    servers = made.root.get("servers")
    first = mapping(servers[0]) if isinstance(servers, list) and servers else {}
    text = url or str(first.get("url", ""))
    if not url:
        for name, one in mapping(first.get("variables")).items():
            text = text.replace("{" + name + "}", str(mapping(one).get("default", "")))
    if not _URL.match(text):
        told = (
            f"`{text[:100]}` is no address to call"
            if text
            else "this document does not say where its service is"
        )
        raise Malformed(codes.FOREIGN_RULE.at(made.span, told, help="give one with `--url https://…`"))
    return text.rstrip("/") if not url else text


def _type(name: str, one: Operation, made: Call) -> decl.ActionTypeDecl:
    span = one.span
    about = words(one.body.get("summary") or one.body.get("description"), 120)
    return decl.ActionTypeDecl(
        tree.Name(name, span=span),
        tree.Literal(about, span=span) if about else None,
        made.parameters,
        answer=made.answer,
        safe=decl.Safe(span=span) if one.method in ("get", "head") else None,  # RFC 9110, 9.2.1
        span=span,
    )


def _agent(name: str, made: Document, url: str, calls: Mapping[str, Call]) -> decl.AgentDecl:
    span = made.span
    info = mapping(made.root.get("info"))
    about = words(f"{info.get('title', name)} {info.get('version', '')}".strip(), 120)
    settings: dict[str, Any] = {
        "url": url,
        "headers": {"Accept": "application/json, */*;q=0.5"},
        "actions": {action: one.setting for action, one in calls.items()},
    }
    return decl.AgentDecl(
        tree.Name(name, span=span),
        tree.Literal(about, span=span),
        decl.Uses(tree.Name("http", span=span), _entries(settings, span), span=span),
        does=tuple(decl.Does(tree.Name(action, span=span), span=span) for action in calls),
        span=span,
    )


def _entries(value: Mapping[str, Any], span: Span) -> tuple[tree.Argument, ...]:
    return tuple(
        tree.Argument((tree.Step(key, span=span),), _value(inner, span), span=span)
        for key, inner in value.items()
    )


def _value(value: Any, span: Span) -> tree.Value:
    if isinstance(value, Mapping):
        return tree.ObjectValue(_entries(value, span), span=span)
    if "{{" in value:
        return tree.Template(value, Fragment(value, span, ((0, span.start),)), span=span)
    return tree.Literal(value, span=span)
