"""An event as a test of a rule file gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

_NAME = re.compile(r"[A-Za-z_]\w*")
MOST = 160
"""Characters of a body that are shown."""


def given(body: Json) -> str:
    """A body in braces, its fields by their paths; what is longer than a line is cut."""
    if not isinstance(body, Mapping) or not body:
        return encode(body) if not isinstance(body, Mapping) else "{}"
    text = ", ".join(_entries(body, ""))
    return f"{{ {text} }}" if len(text) <= MOST else f"{{ {text[:MOST]}… }}"


def _entries(body: Mapping[str, Json], before: str) -> Iterator[str]:
    for name, value in body.items():
        path = f"{before}{name}" if _NAME.fullmatch(name) else f"{before}{encode(name)}"
        plain = _NAME.fullmatch(name) is not None
        if isinstance(value, Mapping) and value and plain and all(map(_NAME.fullmatch, value)):
            yield from _entries(value, f"{path}.")
        else:
            yield f"{path}: {encode(value)}"
