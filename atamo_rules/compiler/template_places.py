"""Where the words of a template stand, of which Jinja tells the lines alone."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from atamo_rules.source.span import Fragment, Span

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def jinja() -> Environment:
    """The environment that reads templates, and never renders one."""
    from atamo_rules.compiler.template_lexer import Reader

    return Reader()


class Places:
    """Where each word of a template stands. Jinja's tree knows lines only; its lexer's pieces, laid end to end,
    give every column. Equal words on one line are taken in the order they stand."""

    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.words: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.lines = [0]
        for position, char in enumerate(fragment.text):
            if char == "\n":
                self.lines.append(position + 1)
        self.exact = "\r" not in fragment.text
        offset = 0
        with contextlib.suppress(Exception):  # the parser has already accepted it; columns are a courtesy
            for line, kind, value in jinja().lexer.tokeniter(fragment.text, None):
                offset = fragment.text.index(value, offset)
                if kind in ("name", "string", "integer", "float"):
                    self.words[(line, value)].append(offset)
                offset += len(value)

    def word(self, line: int, word: str) -> Span:
        """The span of the next not yet taken occurrence of a word on a line."""
        found = self.words.get((line, word))
        if not found or not self.exact:
            return self.line(line)
        at = found.pop(0) if len(found) > 1 else found[0]
        return self.fragment.span(at, at + len(word))

    def line(self, number: int) -> Span:
        return line_span(self.fragment, number)


def line_span(fragment: Fragment, number: int | None) -> Span:
    """The span of a line, from 1; of the whole template where that cannot be told."""
    lines = fragment.text.split("\n")
    # Some of Jinja's nodes, those of `autoescape`, have no line.
    if number is None or not fragment.exact or not 1 <= number <= len(lines):
        return fragment.outer
    start = sum(len(line) + 1 for line in lines[: number - 1])
    return fragment.span(start, start + len(lines[number - 1]))
