"""The OpenAPI 3.1 document of a hub, made of its table of routes, and the page that shows it to people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from atamo_rules.rest.bodies import MOST
from atamo_rules.rest.operations import OPERATIONS, Operation, step
from atamo_rules.rest.shapes import SHAPES, each, ref

if TYPE_CHECKING:
    from atamo_rules.rest.app import Entry

_CONVERTER = re.compile(r"\{(\w+):\w+\}")
_NAME = re.compile(r"\{(\w+)\}")


def plain(path: str) -> str:
    """A path without the converters of its parameters."""
    return _CONVERTER.sub(r"{\1}", path)


def document(entries: Iterable[Entry]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    looked = set()
    for entry in entries:
        path = plain(entry.path)
        paths.setdefault(path, {})[entry.method.lower()] = _operation(entry, path)
        if entry.method == "GET" and any(OPERATIONS[f"GET {path}"].gives.values()):
            looked.add(path)
    for path in looked:
        _conditional(paths[path])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Atamo", "version": "1", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": _ABOUT,
        },
        "paths": paths,
        "components": {
            "schemas": SHAPES,
            "responses": {
                "Problem": {
                    "description": "What is wrong, and what to do.",
                    "content": {"application/problem+json": {"schema": ref("Problem")}},
                }
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


def _operation(entry: Entry, path: str) -> dict[str, Any]:
    told = OPERATIONS[f"{entry.method} {path}"]
    made: dict[str, Any] = {
        "operationId": _id(entry.method, path),
        "summary": told.about,
        "parameters": [
            *(
                {"name": n, "in": "path", "required": True, "schema": step(path, n)}
                for n in _NAME.findall(path)
            ),
            *(
                {"name": name, "in": "query", "required": name in told.needs, "schema": schema}
                for name, schema in told.query
            ),
        ],
        "responses": {
            **{str(status): _answer(told, name) for status, name in told.gives.items()},
            "default": {"$ref": "#/components/responses/Problem"},
        },
        "security": [{}, {"key": []}] if entry.verb is not None else [],
    }
    if entry.verb is not None:
        made["description"] = f"It takes `{entry.verb}` where a hub asks who calls."
    if told.takes:
        made["requestBody"] = {
            "required": told.takes not in ("Word", "Approval", "Hook"),
            "content": _taken(told),
        }
    return made


def _conditional(methods: dict[str, Any]) -> None:
    """What hangs on the tags of what can be looked at."""

    def header(name: str, about: str) -> dict[str, Any]:
        return {
            "name": name,
            "in": "header",
            "required": False,
            "description": about,
            "schema": {"type": "string"},
        }

    look = methods["get"]
    look["parameters"].append(header("If-None-Match", "Tags that are known; 304 where nothing has changed."))
    look["responses"].setdefault("304", {"description": "It is as it was."})
    told = look["responses"]["200"].setdefault("headers", {})
    told["ETag"] = {"description": "What changes with every change.", "schema": {"type": "string"}}
    if any(one["name"] == "limit" for one in look["parameters"]):
        told["Link"] = {"description": "Where the next page is (`rel=next`).", "schema": {"type": "string"}}
    for method in ("put", "delete"):
        if method in methods:
            methods[method]["parameters"] += [
                header("If-Match", "Only where it still has this tag; 412 otherwise."),
                header("If-None-Match", "`*`: only where there is nothing yet; 412 otherwise."),
            ]


def _answer(told: Operation, name: str) -> dict[str, Any]:
    if not name:
        media = [one for one in told.media.split("|") if one != "application/json"]
        kinds = {one: {"schema": {"type": "string"}} for one in media}
        return {"description": told.about, **({"content": kinds} if kinds else {})}
    names = name.split("|")
    schema = ref(names[0]) if len(names) == 1 else {"anyOf": [ref(one) for one in names]}
    made: dict[str, Any] = {"description": told.about, "content": {"application/json": {"schema": schema}}}
    if told.leads:
        made["links"] = {
            one: {"operationId": one, "parameters": {"id": "$response.body#/id"}} for one in told.leads
        }
    return made


def _taken(told: Operation) -> dict[str, Any]:
    made = {"application/json": {"schema": ref(told.takes)}}
    if told.takes == "Event":
        one = ref("CloudEvent")
        made["application/cloudevents+json"] = {"schema": one}
        if told.batch:
            made["application/cloudevents-batch+json"] = {"schema": {**each(one), "maxItems": MOST}}
    return made


def _id(method: str, path: str) -> str:
    words = [method.lower(), *re.findall(r"[a-z]+", path.removeprefix("/v1"))]
    return "_".join(words)


_ABOUT = """Messages go in; rules decide which agents act; every step can be told.

HEAD is answered as GET without the body, and OPTIONS with `Allow`. Bodies may come as gzip (`Content-Encoding`), and
large answers go as gzip to who takes it. A GET whose `Accept` leaves nothing is answered 406. Lists are whole, or with
`limit` in pages, with the next of them in `Link`. Where the hub bounds how often a key may ask, every answer says how
it stands in `RateLimit` and `RateLimit-Policy`, and one too many is 429 with `Retry-After`."""
