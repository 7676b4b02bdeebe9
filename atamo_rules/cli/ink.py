"""Colours of the terminal, by what they mean; without colour the same text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ink:
    """Functions that colour a text, or leave it as it is."""

    on: bool

    def good(self, text: str) -> str:
        return self._as("32", text)

    def bad(self, text: str) -> str:
        return self._as("31", text)

    def nearly(self, text: str) -> str:
        return self._as("33", text)

    def strong(self, text: str) -> str:
        return self._as("1", text)

    def where(self, text: str) -> str:
        return self._as("36", text)

    def faint(self, text: str) -> str:
        return self._as("2", text)

    def _as(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def plain(text: object) -> str:
    """A text from a message, safe to show: control characters are written out, so that nothing in an event can move
    the cursor or pass for a line of ours."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text)
    )
