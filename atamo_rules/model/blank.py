"""Records that differ in two texts alone: what all of them say, and how it is written, is made once.

A store may write such a record by its blank instead of member by member; the text is the same (`hub.audit.form`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from atamo_rules.model.types import Json

_ENCODE = msgspec.json.Encoder().encode


class Blank:
    """`said` holds the members that all of them share, whose values are texts, whole numbers, truth values and nulls;
    `first` and `second` name the two members that differ, in the order in which members are written."""

    __slots__ = ("first", "pieces", "said", "second")

    def __init__(self, said: Mapping[str, Json], first: str, second: str) -> None:
        self.said = said
        self.first = first
        self.second = second
        self.pieces: tuple[str, str, str] | None = None
        """What is written before, between and after the two; made when it is needed."""

    def filled(self, first: str, second: str) -> dict[str, Json]:
        """What one record says."""
        return {**self.said, self.first: first, self.second: second}

    def text(self, filled: Mapping[str, Json]) -> str:
        """What one record says as a line of JSON, its members in order. Raises UnicodeError for half of a surrogate
        pair, OverflowError for a whole number beyond 64 bits."""
        before, between, after = self.pieces or self._pieces()
        first, second = _ENCODE(filled[self.first]).decode(), _ENCODE(filled[self.second]).decode()
        return f"{before}{first}{between}{second}{after}"

    def _pieces(self) -> tuple[str, str, str]:
        pieces = ["{"]
        for place, name in enumerate(sorted((*self.said, self.first, self.second))):
            pieces[-1] += f"{',' if place else ''}{_ENCODE(name).decode()}:"
            if name in (self.first, self.second):
                pieces.append("")
            else:
                pieces[-1] += _ENCODE(self.said[name]).decode()
        before, between, after = pieces
        self.pieces = before, between, f"{after}}}"
        return self.pieces
