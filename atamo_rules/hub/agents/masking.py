"""What an agent was given is taken out of what it says: an answer, a reason, an error that quotes a header."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote, quote_plus

from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json

SHORTEST = 8
"""Characters of a text that is looked for: a shorter one is found in everything."""
SHOWN = "[secret]"


def mask(value: Json, secrets: Iterable[Secret]) -> Json:
    """A JSON value without the secrets, in whichever of the usual forms they stand in its texts and names."""
    forms = sorted({form for secret in secrets for form in _forms(secret.reveal())}, key=len, reverse=True)
    return _masked(value, forms) if forms else value


def told(text: str, secrets: Iterable[Secret]) -> str:
    """A sentence without the secrets."""
    return str(mask(text, secrets))


def masked(outcome: Outcome, secrets: Iterable[Secret]) -> Outcome:
    """How an attempt ended, without the secrets."""
    given = tuple(secrets)
    if not given:
        return outcome
    if isinstance(outcome, Done):
        return Done(mask(outcome.answer, given))
    return replace(outcome, why=told(outcome.why, given), error=told(outcome.error, given))


def _masked(value: Json, forms: Sequence[str]) -> Json:
    if isinstance(value, str):
        return _without(value, forms)
    if isinstance(value, list):
        return [_masked(one, forms) for one in value]
    if isinstance(value, dict):
        return {_without(name, forms): _masked(one, forms) for name, one in value.items()}
    return value


def _without(text: str, forms: Sequence[str]) -> str:
    for form in forms:
        text = text.replace(form, SHOWN)
    for form in forms:
        # Whoever cut a text to a length may have left the beginning of one at its end.
        for size in range(min(len(form) - 1, len(text)), SHORTEST - 1, -1):
            if text.endswith(form[:size]):
                return text[:-size] + SHOWN
    return text


def _forms(text: str) -> Iterator[str]:
    """A text and each part of one such as `user:password`, as they are, in hex, in base64 at any of the three places
    it can begin, and as in addresses."""
    for part in {text, *re.split(r"[:\s]+", text)}:
        if len(part) < SHORTEST:
            continue
        raw = part.encode()
        yield from (part, raw.hex(), raw.hex().upper(), quote(part, safe=""), quote_plus(part))
        for shift in range(3):
            made = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            # The first characters hold the bits of what stands before, the last those of what comes after.
            whole = made[(0, 2, 3)[shift] : len(made) - bool((len(raw) + shift) % 3)]
            if len(whole) >= SHORTEST:
                yield from (whole, whole.replace("+", "-").replace("/", "_"))
