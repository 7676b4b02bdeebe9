"""The OpenAPI document as one page of HTML for people, which loads nothing from anywhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from atamo_rules.rest.catalogue import CATALOGUE

Call = tuple[str, str, dict[str, Any]]
"""A method, a path, and what the document tells of them."""


def page(made: dict[str, Any]) -> str:
    """The whole page."""
    return _PAGE.format(title="Atamo over HTTP", body="\n".join(_body(made)))


def _body(made: dict[str, Any]) -> Iterator[str]:
    groups: dict[str, list[Call]] = {}
    for path, methods in made["paths"].items():
        for method, told in methods.items():
            groups.setdefault(_of(path), []).append((method.upper(), path, told))
    yield f"<h1>Atamo {html.escape(made['info']['version'])} over HTTP</h1>"
    yield "<p>The same as a document for programs: <a href='/openapi.json'>/openapi.json</a>. "
    yield "Further down: <a href='#shapes'>shapes</a>, <a href='#problems'>problems</a>.</p><nav>"
    for of, group in groups.items():
        yield f"<h3>{html.escape(of)}</h3><ul>"
        for method, path, told in group:
            yield f"<li><a href='#{told['operationId']}'>{_call(method, path)}</a> {_words(told['summary'])}</li>"
        yield "</ul>"
    yield "</nav>"
    for group in groups.values():
        for call in group:
            yield from _operation(*call)
    yield "<h1 id='shapes'>Shapes</h1>"
    for name, shape in made["components"]["schemas"].items():
        yield f"<section id='shape-{name}'><h2>{name}</h2><p>{_words(shape.get('description', ''))}</p><dl>"
        for member, schema in shape.get("properties", {}).items():
            needed = "" if member in shape.get("required", ()) else " <small>at times</small>"
            yield f"<dt><code>{html.escape(member)}</code>{needed}</dt><dd>{_shape(schema)}</dd>"
        yield "</dl></section>"
    yield "<h1 id='problems'>Problems</h1>"
    for code, kind in CATALOGUE.items():
        statuses = " or ".join(map(str, kind.statuses))
        yield f"<section id='problem-{code}'><h2><code>{code}</code> {statuses}</h2>"
        yield f"<p>{_words(kind.about)} {_words(kind.remedy)}</p></section>"


def _of(path: str) -> str:
    """What calls of a path are about: its first step behind the version."""
    return path.removeprefix("/v1/").strip("/").partition("/")[0].replace("-", " ")


def _call(method: str, path: str) -> str:
    return f"<code><b class='{method.lower()}'>{method}</b> {html.escape(path)}</code>"


def _operation(method: str, path: str, told: dict[str, Any]) -> Iterator[str]:
    yield f"<section id='{told['operationId']}'><h2>{_call(method, path)}</h2>"
    yield f"<p>{_words(told['summary'])}. {_words(told.get('description', ''))}</p><dl>"
    for one in told["parameters"]:
        needed = ", required" if one["required"] else ""
        yield f"<dt><code>{html.escape(one['name'])}</code></dt>"
        yield f"<dd>{_shape(one['schema'])} <small>in the {one['in']}{needed}</small></dd>"
    for media, content in told.get("requestBody", {}).get("content", {}).items():
        yield f"<dt>takes</dt><dd>{_shape(content['schema'])} <small>as <code>{html.escape(media)}</code></small></dd>"
    for status, answer in told["responses"].items():
        for media, content in answer.get("content", {}).items():
            yield f"<dt>{status}</dt>"
            yield f"<dd>{_shape(content['schema'])} <small>as <code>{html.escape(media)}</code></small></dd>"
    yield "</dl></section>"


def _words(text: str) -> str:
    """A text of the document, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _shape(schema: dict[str, Any]) -> str:
    """A schema in a few words, those that name a shape leading to it."""
    words = html.escape(_schema(schema))
    return re.sub(r"\b([A-Z]\w+)", r"<a href='#shape-\1'><code>\1</code></a>", words)


def _schema(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_schema(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_schema(schema.get('items', {}))}"
    said = schema.get("format") or schema.get("type") or "anything"
    return said if isinstance(said, str) else " or ".join(said)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --get: light-dark(#0550ae, #79c0ff); --post: light-dark(#116329, #7ee787);
  --put: light-dark(#8a4600, #ffa657); --delete: light-dark(#a40e26, #ff7b72); }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
code {{ font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }}
a {{ color: light-dark(#0550ae, #79c0ff); text-decoration: none; }} a:hover {{ text-decoration: underline; }}
a code {{ color: inherit; }} small {{ opacity: .7; }}
h1, h2, h3 {{ line-height: 1.2; }} h1 {{ margin-top: 3rem; }} h2 {{ margin-top: 1.5rem; font-size: 1.15rem; }}
.get {{ color: var(--get); }} .post {{ color: var(--post); }} .put {{ color: var(--put); }}
.delete {{ color: var(--delete); }}
section {{ border-top: 1px solid var(--line); padding-bottom: .5rem; }}
section:target {{ border-top: 3px solid var(--get); }}
nav h3 {{ margin: 1.2rem 0 .2rem; font-size: 1rem; }} nav ul {{ margin: 0; padding: 0; list-style: none; }}
nav li {{ display: grid; grid-template-columns: minmax(0, 26rem) 1fr; gap: 0 1rem; }}
dl {{ display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1rem; margin: .5rem 0; }}
dd {{ margin: 0; min-width: 0; }}
@media (max-width: 40rem) {{ nav li, dl {{ grid-template-columns: 1fr; }} nav li {{ margin: .4rem 0; }}
  dl {{ gap: 0; }} dd {{ margin: 0 0 .4rem 1rem; }} }}
</style></head><body>
{body}
</body></html>
"""
"""Dark where the reader's system is; nothing is fetched."""
