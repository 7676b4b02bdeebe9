"""Python source that is put together line by line, and the function that comes of it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType
from typing import Any

from atamo_rules.engine.shapes.factory import SPACE
from atamo_rules.engine.shapes.kept import emptied
from atamo_rules.engine.shapes.piece import MARK, Piece

SURELY = 200
"""Characters of an expression below which no number of brackets in it is too many for Python (it takes 200, each of
which ends)."""


class Source:
    """The body of a function of one event's body `e`. What it uses is given to it, so that equal text is compiled
    once."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._given: list[Any] = []
        self._depth = 2
        self._names = 0

    def fresh(self, stem: str) -> str:
        """A name that nothing else has."""
        self._names += 1
        return f"{stem}{self._names}"

    def given(self, value: Any) -> str:
        """The name under which the function finds a value."""
        for number, known in enumerate(self._given):
            if known is value:
                return f"c{number}"
        self._given.append(value)
        return f"c{len(self._given) - 1}"

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines below a line that ends in a colon."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def expression(self, piece: Piece) -> str:
        """An expression with its constants given."""
        pieces = piece.text.split(MARK)
        names = [self.given(constant) for constant in piece.constants]
        return "".join(text + name for text, name in zip(pieces, [*names, ""], strict=True))

    def function(self, otherwise: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function. `otherwise` answers from the beginning for an event that is not as its type says, which some
        operation on it shows by raising; and for every event where the text is too large for Python."""
        names = "".join(f"c{number}, " for number in range(len(self._given)))
        first = emptied("\n".join(self._lines))
        text = "\n".join(
            [
                f"def make(otherwise, {names}):",
                " def match(e):",
                "  try:",
                *([f"        {first}"] if first else ()),
                *self._lines,
                "  except SURPRISES:",
                "   return otherwise(e)",
                " return match",
            ]
        )
        code = _compiled(text)
        if code is None:
            return otherwise
        space: dict[str, Any] = {**SPACE, "__builtins__": builtins}
        exec(code, space)
        found: Callable[[Any], Any] = space["make"](otherwise, *self._given)
        return found


def taken(piece: Piece) -> bool:
    """Whether Python takes an expression, and would a little further inside a function too."""
    if len(piece.text) < SURELY:
        return True
    return _compiled(f"(((((({piece.text.replace(MARK, 'c')}))))))") is not None


@lru_cache(1024)
def _compiled(text: str) -> CodeType | None:
    try:
        return compile(text, "<index>", "exec")
    except (SyntaxError, RecursionError, MemoryError):
        return None
