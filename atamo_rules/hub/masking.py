"""What an agent was given is taken out of what it says: an answer, a reason, an error that quotes a header."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
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
    forms = {form for secret in secrets for form in _forms(secret.reveal())}
    if not forms:
        return value
    pattern = re.compile("|".join(re.escape(one) for one in sorted(forms, key=len, reverse=True)))
    return _masked(value, pattern)


def masked(outcome: Outcome, secrets: Iterable[Secret]) -> Outcome:
    """How an attempt ended, without the secrets."""
    given = tuple(secrets)
    if not given:
        return outcome
    if isinstance(outcome, Done):
        return Done(mask(outcome.answer, given))
    return replace(outcome, why=str(mask(outcome.why, given)), error=str(mask(outcome.error, given)))


def _masked(value: Json, pattern: re.Pattern[str]) -> Json:
    if isinstance(value, str):
        return pattern.sub(SHOWN, value)
    if isinstance(value, list):
        return [_masked(one, pattern) for one in value]
    if isinstance(value, dict):
        return {pattern.sub(SHOWN, name): _masked(one, pattern) for name, one in value.items()}
    return value


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
