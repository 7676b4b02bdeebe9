"""Wildcards as both engines write them: `*` is anything, `\\*` and `\\\\` are an asterisk and a backslash."""

from __future__ import annotations

from atamo_rules.importers.eventbridge.pattern import Glob


class BadWildcard(Exception):
    """Why a text is no wildcard pattern."""


def wildcard(text: str, *, escapes: bool = True) -> Glob:
    """The pieces between the asterisks. Raises BadWildcard."""
    pieces, at = [""], 0
    after = False
    while at < len(text):
        char = text[at]
        if char == "*":
            if after:
                raise BadWildcard("two `*` stand side by side")
            pieces.append("")
        elif char == "\\" and escapes:
            at += 1
            if text[at : at + 1] not in ("*", "\\") or at == len(text):
                raise BadWildcard("a backslash stands before `*` or another backslash only")
            pieces[-1] += text[at]
        else:
            pieces[-1] += char
        after = char == "*"
        at += 1
    return Glob(tuple(pieces))


def glob_text(glob: Glob) -> str:
    """The same as a glob of ours, in which `?` stands for any one character."""
    return "*".join(
        "".join("\\" + char if char in "*?\\" else char for char in piece) for piece in glob.pieces
    )
