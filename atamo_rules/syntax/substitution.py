"""Texts in which fields of the event are filled in, as links and sheets have them: `{{ customer.email }}`.

A text that is one field and nothing else hands on the field's value, whatever its type; in any other the values are
printed.
"""

from __future__ import annotations

import re

from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause import parse

_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FIELD = re.compile(r"\s*[A-Za-z_]\w*(\.\w+|\[[0-9]+\]|\[\"[^\"\\]*\"\])*\s*")
_FALLBACK = re.compile(r"\|\s*default\(\s*(\"[^\"\\{}]*\"|'[^'\\{}]*'|-?[0-9.]+|true|false)\s*\)\s*")


def filled(fragment: Fragment, span: Span) -> tree.Literal | tree.Template:
    """A text, or a template where it has anything to fill in."""
    text = fragment.text
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return tree.Literal(text, span=span)
    hole = _HOLE.fullmatch(text)
    alone: tree.Path | None = None
    if hole is not None and _FIELD.fullmatch(hole[1]):
        inner = hole[1].strip()
        start = text.index(inner)
        made, found = parse("expression", fragment.cut(start, start + len(inner)))
        alone = made if isinstance(made, tree.Path) and not found else None
    return tree.Template(text, fragment, alone, span=span)


def beyond(text: str) -> str:
    """What a text does that is more than filling in fields; empty when it does no more."""
    if "{%" in text or "{#" in text:
        return "{%" if "{%" in text else "{#"
    for hole in _HOLE.finditer(text):
        field = _FIELD.match(hole[1])
        rest = hole[1][field.end() :] if field is not None else hole[1]
        if field is None or (rest and not _FALLBACK.fullmatch(rest)):
            return hole[0]
    return ""
