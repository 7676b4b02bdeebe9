"""Rule files in colours wherever Pygments shows code: in the pages of a site, in notebooks, in terminals.

Pygments finds it by the entry point `pygments.lexers`, so a block that says `atamo` is shown
wherever Atamo is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
    _TokenType,
)

from atamo_rules.source.span import Source
from atamo_rules.syntax.kinds import Kind, kinds

TOKENS = {
    Kind.KEYWORD: Keyword,
    Kind.OPERATOR: Operator.Word,
    Kind.TYPE: Keyword.Type,
    Kind.CONSTANT: Keyword.Constant,
    Kind.DECLARED: Name.Class,
    Kind.KEY: Name.Attribute,
    Kind.NAME: Name,
    Kind.FUNCTION: Name.Function,
    Kind.NUMBER: Number,
    Kind.TEXT: String,
    Kind.ESCAPE: String.Escape,
    Kind.FILLED: String.Interpol,
    Kind.PATTERN: String.Regex,
    Kind.MARK: Punctuation,
    Kind.COMMENT: Comment.Single,
}


class AtamoLexer(Lexer):
    """Rule files of Atamo."""

    name = "Atamo"
    aliases: ClassVar[list[str]] = ["atamo"]
    filenames: ClassVar[list[str]] = ["*.atamo"]
    mimetypes: ClassVar[list[str]] = ["text/x-atamo"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Every character of a text, with what it is."""
        at = 0
        for begin, end, kind in kinds(Source("text", text)):
            if at < begin:
                yield at, Whitespace, text[at:begin]
            yield begin, TOKENS[kind], text[begin:end]
            at = end
        if at < len(text):
            yield at, Whitespace, text[at:]
