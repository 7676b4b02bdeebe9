"""The digest of a message that stands in the audit in its place, so that a body can be erased and proofs stay.

The salt is kept with the body, never in the record. With both, anybody can see that this body is the one the record
speaks of. When both are erased, what is left says nothing: without the salt no guess of a short body can be tried.
"""

from __future__ import annotations

import hmac

import msgspec

from atamo_rules.model.event import Event
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json

_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")
SALT = 16
"""Bytes of a salt; drawn anew for every message."""


def content_of(type: str, source: str, body: Json) -> bytes:
    """What a message says, in one form: canonical JSON of its type, its source and its body."""
    content = [type, source, body]
    try:
        return _SORTED.encode(content)
    except (OverflowError, UnicodeError):  # a whole number beyond 64 bits, or half of a surrogate pair
        return encode_sorted(content).encode("utf-8", "surrogatepass")


def seal(content: bytes, salt: str) -> str:
    """HMAC-SHA256 under a salt in hex, in hex. Equal messages differ under other salts."""
    return hmac.digest(bytes.fromhex(salt), content, "sha256").hex()


def fits(event: Event, digest: str) -> bool:
    """Whether a record's digest speaks of this event."""
    return hmac.compare_digest(seal(content_of(event.type, event.source, event.body), event.salt), digest)
