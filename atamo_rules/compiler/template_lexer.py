"""Jinja's lexer, with numbers as they are written: Jinja itself would read 9007199254740993.5 as the binary number
next to it, and 1e400 as infinity. What no event could hold either is refused: endless numbers, half surrogate pairs.

Imported only where a template is read, as Jinja is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.lexer import Lexer, Token
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.numbers import held
from atamo_rules.model.strict_json import DIGITS

_SURROGATE = re.compile("[\ud800-\udfff]")


class ExactLexer(Lexer):
    """Gives decimal numbers as Decimal."""

    def wrap(
        self, stream: Iterable[tuple[int, str, str]], name: str | None = None, filename: str | None = None
    ) -> Iterator[Token]:
        written: list[str] = []

        def noted() -> Iterator[tuple[int, str, str]]:
            for line, kind, text in stream:
                if kind in ("integer", "float") and len(text) > DIGITS:
                    raise TemplateSyntaxError(f"a number has more than {DIGITS} digits", line, name, filename)
                if kind == "float":
                    written.append(text)
                yield line, kind, text

        for token in super().wrap(noted(), name, filename):
            if token.type == "float":
                value: Any = _exact(written.pop(0), token.lineno)  # typed str, and int for whole numbers
                yield Token(token.lineno, token.type, value)
            elif token.type == "string" and _SURROGATE.search(token.value) is not None:
                raise TemplateSyntaxError("a text holds half of a surrogate pair", token.lineno)
            else:
                yield token


def _exact(text: str, line: int) -> Decimal:
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or held(number) is ABSENT:
        raise TemplateSyntaxError(f"the number {text[:40]} cannot be held exactly", line)
    return number


class Reader(ImmutableSandboxedEnvironment):
    """The environment that parses. It never renders: nothing is compiled, loaded or called through it."""

    def __init__(self) -> None:
        super().__init__(keep_trailing_newline=True, extensions=(), optimized=False)
        self._exact = ExactLexer(self)

    @property
    def lexer(self) -> Lexer:
        return self._exact
