"""Lines of YAML rule files in colours: keys and texts as Pygments reads them, conditions as the grammar does.

Only where colours are wanted is any of this imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from atamo_rules.cli.shown import CODES, in_condition

if TYPE_CHECKING:
    from atamo_rules.source.span import Source

FARTHEST = 200
"""Lines before one that are read with it, at most."""
CONDITIONS = frozenset({"when"})
"""Keys whose values are conditions."""
_BEGINS = re.compile(r"[^\s#]|\s+- ")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def pieces_of_yaml(source: Source, number: int) -> Sequence[tuple[int, int, str]]:
    """What is shown how in a line of a YAML file: (first character, the one after it, colour). It is read with the
    lines before it, from the item or the key of the margin that it belongs to."""
    first = number
    while first > max(number - FARTHEST, 1) and not _BEGINS.match(source.line(first)):
        first -= 1
    lines = [source.line(one) for one in range(first, number + 1)]
    start = sum(len(line) + 1 for line in lines[:-1])
    return tuple(
        (begin - start, end - start, code)
        for begin, end, code in _pieces("\n".join(lines))
        if begin >= start and end <= start + len(lines[-1])
    )


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    key = ""
    for at, what, value in _scalars(text):
        if what == "key":
            key = value
            yield at, at + len(value), CODES["KEY"]
        elif what == "comment":
            yield at, at + len(value), CODES["COMMENT"]
        elif key in CONDITIONS and what in ("plain", "block"):
            yield from ((at + begin, at + end, code) for begin, end, code in in_condition(value))
        elif what in ("text", "block"):
            yield at, at + len(value), CODES["TEXT"]
        elif _NUMBER.fullmatch(value):
            yield at, at + len(value), CODES["NUMBER"]
        elif value in ("true", "false", "null"):
            yield at, at + len(value), CODES["CONSTANT"]


def _scalars(text: str) -> Iterator[tuple[int, str, str]]:
    """Where each key, comment and scalar of a line begins, what it is, and what it says: Pygments gives a plain one
    word by word."""
    begun, kind, said = 0, "", ""
    for at, token, value in _lexer().get_tokens_unprocessed(text):
        what = _what(str(token))
        blank = bool(kind) and not value.strip()  # which in a quoted text Pygments calls something else
        if what and (what == kind or blank) and at == begun + len(said) and "\n" not in value:
            said += value
            continue
        if kind and said.strip():
            yield begun, kind, said.rstrip()
        said = value.lstrip()
        begun, kind = at + len(value) - len(said), what
    if kind and said.strip():
        yield begun, kind, said.rstrip()


def _what(token: str) -> str:
    for name, what in (
        ("Token.Name.Tag", "key"), ("Token.Comment", "comment"), ("Token.Literal.Scalar.Plain", "plain"),
        ("Token.Name.Variable", "plain"), ("Token.Literal.String", "text"), ("Token.Name.Constant", "block"),
    ):  # fmt: skip
        if token.startswith(name):
            return what
    return ""


@cache
def _lexer() -> Any:
    from pygments.lexers.data import YamlLexer

    return YamlLexer()
