"""Keeping a credential out of what an agent says: out of its answers, its errors, and what other sides echo.

A side that fails often tells what it was sent. Every text of an outcome is searched for the credential as it is, as
base64 at any alignment, as hex, percent-encoded and as JSON writes it, and for pieces of these, before it is cut.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import re2

from atamo_rules.model.outcome import Again, Done, Failed, Outcome

MASK = "•••"
PIECE = 8
"""Characters that are taken for a piece of a credential when they stand together as they do in it."""
SHORTEST = 4
"""Characters below which a text is not taken for a credential: it would be found everywhere."""


class Mask:
    """Takes some texts out of others. Its repr shows none of them."""

    __slots__ = ("_forms", "_pattern")

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)
        literals = {form for form in forms if len(form) < 2 * PIECE}
        # A run of 2·PIECE - 1 characters of a form holds one of its pieces that begin at a multiple of PIECE.
        literals |= {form[at : at + PIECE] for form in forms for at in range(0, len(form) - PIECE + 1, PIECE)}
        self._pattern = (
            re2.compile("|".join(re2.escape(one) for one in sorted(literals, key=len, reverse=True)))
            if literals
            else None
        )

    def __repr__(self) -> str:
        return "Mask()"

    def text(self, text: str) -> str:
        """The text without them."""
        if self._pattern is None:
            return text
        made, at = [], 0
        for found in self._pattern.finditer(text):
            begin, end = found.span()
            if end <= at:
                continue
            begin, end = self._grown(text, max(begin, at), end)
            made += [text[at : max(begin, at)], MASK]
            at = max(end, at)
        return "".join(made) + text[at:]

    def value(self, value: Any) -> Any:
        """A JSON value without them, in its texts and in its keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one) for one in value]
        return value

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome without them."""
        if self._pattern is None:
            return outcome
        match outcome:
            case Done(answer):
                return Done(self.value(answer))
            case Again(why, after, error):
                return Again(self.text(why), after, error)
            case Failed(why, error):
                return Failed(self.text(why), error)

    def _grown(self, text: str, begin: int, end: int) -> tuple[int, int]:
        """A hit made as long as what stands around it is of the same form."""
        best = begin, end
        for form in self._forms:
            place = form.find(text[begin:end])
            while place >= 0:
                low, high, left, right = begin, end, place, place + end - begin
                while low and left and text[low - 1] == form[left - 1]:
                    low, left = low - 1, left - 1
                while high < len(text) and right < len(form) and text[high] == form[right]:
                    high, right = high + 1, right + 1
                if high - low > best[1] - best[0]:
                    best = low, high
                place = form.find(text[begin:end], place + 1)
        return best


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield from (secret.lower(), secret.upper())
    yield raw.hex()
    yield raw.hex().upper()
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    for shift in range(3):
        # Of three alignments, the characters that depend on the bytes around are left out.
        coded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = coded[
            -(-shift * 8 // 6) if shift else 0 : len(coded) - (0 if (len(raw) + shift) % 3 == 0 else 1)
        ]
        if len(inner) >= PIECE:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
