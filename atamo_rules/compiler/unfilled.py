"""Texts with braces in them that fill in nothing: templates where texts are compared, and `${…}` of other languages."""

from __future__ import annotations

import re

from atamo_rules.compiler.context import Context
from atamo_rules.compiler.paths import ROOTS, names_something
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

_TWO = re.compile(r"\{\{-?\s*(?P<name>[A-Za-z_][\w.]*)\s*-?\}\}")
_ONE = re.compile(r"(?<!\{)\$?\{\s*(?P<name>[A-Za-z_][\w.]*)\s*\}(?!\})")


def compared(written: tree.Expr, context: Context) -> None:
    """Say that a text of a condition is compared as it stands, where it names something that is there."""
    found = _named(_TWO, written, context)
    if found is not None:
        name = found["name"]
        _say(
            written.span,
            f"`{found.group()}` is compared as it stands",
            f"write `{name}` for the value",
            context,
        )


def given(written: tree.Value, context: Context) -> None:
    """Say that an argument is handed over as it stands, where one brace names something that is there."""
    found = _named(_ONE, written, context)
    if found is not None:
        help = f"two braces fill in: `{{{{ {found['name']} }}}}`"
        _say(written.span, f"`{found.group()}` is handed over as it stands", help, context)


def _named(pattern: re.Pattern[str], written: tree.Value, context: Context) -> re.Match[str] | None:
    if (
        not isinstance(written, tree.Literal)
        or not isinstance(written.value, str)
        or "{" not in written.value
    ):
        return None
    for found in pattern.finditer(written.value):
        first = found["name"].partition(".")[0]
        if names_something(first, context) or (first in ROOTS and "." in found["name"]):
            return found
    return None


def _say(span: Span, message: str, help: str, context: Context) -> None:
    context.report.append(codes.UNFILLED.at(span, message, help=help))
