"""Settings filled with an action's arguments: `{{ name }}` and `{{ name.inner }}`, and no more than that.

What they are filled into is data, never text that is read again: a path gets percent-encoded segments, a query and a
form encoded values, a body JSON values. The rules' own templates have filled the arguments before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from atamo_rules.model.types import Json

_HOLE = re.compile(r"\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}\}")
_ANY = re.compile(r"\{\{|\{%|\{#|\}\}")
ABSENT = object()
"""What a name means that is not there."""


class Unfilled(ValueError):
    """Arguments that a template cannot be filled with; the message is a sentence."""


def check(template: Any, place: str) -> None:
    """Raise ValueError for anything in braces that is not a name: expressions belong into the rules."""
    for text in _texts(template):
        rest = _HOLE.sub("", text)
        if _ANY.search(rest):
            raise ValueError(
                f"`{place}` may hold `{{{{ name }}}}` and nothing else in braces; work values out in the rule: {text}"
            )


def names(template: Any) -> set[str]:
    """The arguments that a template reads: the first word of every name in it."""
    return {hole.split(".")[0] for text in _texts(template) for hole in _HOLE.findall(text)}


def look_up(name: str, values: Json) -> Any:
    """The value a dotted name means, or ABSENT."""
    value: Any = values
    for step in name.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def fill(template: Any, values: Json) -> Any:
    """A tree of JSON with every name replaced. A text that is one name becomes the value itself; entries whose value
    is absent are left out."""
    if isinstance(template, str):
        whole = _HOLE.fullmatch(template.strip())
        if whole:
            return look_up(whole[1], values)
        return _HOLE.sub(lambda hole: _as_text(hole[1], values), template)
    if isinstance(template, Mapping):
        filled = {key: fill(value, values) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not ABSENT}
    if isinstance(template, list):
        return [one for one in (fill(value, values) for value in template) if one is not ABSENT]
    return template


def path(template: str, values: Json) -> str:
    """A path whose filled parts are percent-encoded (RFC 3986, 3.3): none can begin another segment, be empty, or go
    up. Raises Unfilled."""

    def segment(hole: re.Match[str]) -> str:
        text = _as_text(hole[1], values)
        if not text:
            raise Unfilled(f"`{hole[1]}` is empty, and is part of the path")
        return quote(text, safe="")

    made = "/".join(_HOLE.sub(segment, part) for part in template.split("/"))
    if any(part in (".", "..") for part in made.split("/")):
        raise Unfilled("a part of the path would be `.` or `..`")
    return made


def pairs(template: Mapping[str, Any], values: Json) -> list[tuple[str, str]]:
    """A template's names and texts for a query. Raises Unfilled."""
    return listed(fill(template, values))


def listed(filled: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and texts for a query or a form: a list gives its name once for each element, null gives none. Raises
    Unfilled."""
    found: list[tuple[str, str]] = []
    for name, value in filled.items():
        if value is not None:
            found += [(name, text_of(one, name)) for one in (value if isinstance(value, list) else [value])]
    return found


def text_of(value: Any, name: str) -> str:
    """A scalar as text, as JSON prints it. Raises Unfilled for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    kind = "absent" if value is ABSENT else "null" if value is None else "a list or an object"
    raise Unfilled(f"`{name}` is {kind}, and a text is needed")


def _as_text(name: str, values: Json) -> str:
    return text_of(look_up(name, values), name)


def _texts(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, Mapping):
        for one in template.values():
            yield from _texts(one)
    elif isinstance(template, list):
        for one in template:
            yield from _texts(one)
