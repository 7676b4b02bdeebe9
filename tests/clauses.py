"""The clauses that rule files ask the grammar about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from atamo_rules.source.span import Source
from atamo_rules.syntax import clause
from atamo_rules.syntax.read import read


def clauses(sources: Iterable[Source]) -> list[tuple[str, str]]:
    """The different clauses, as (start symbol, text), that reading some files gives to the parser."""
    asked: dict[tuple[str, str], None] = {}
    shapes = clause.shapes()
    original = shapes.read

    def note(start: str, text: str) -> Any:
        asked.setdefault((start, text))
        return original(start, text)

    clause.remembered.cache_clear()
    shapes.read = note  # type: ignore[method-assign]
    try:
        for source in sources:
            read(source)
    finally:
        del shapes.read
    return list(asked)
