"""The digest of a message that stands in the audit in its place, so that a body can be erased and proofs stay.

The salt is kept with the body, never in the record. With both, anybody can see that this body is the one the record
speaks of. When both are erased, what is left says nothing: without the salt no guess of a short body can be tried.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from os import urandom

import msgspec

from atamo_rules.model.event import Event
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json

_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")
SALT = 16
"""Bytes of a salt; every message has its own."""
DRAWN = 256
_BLOCK = 64
_INNER, _OUTER = (bytes(one ^ pad for one in range(256)) for pad in (0x36, 0x5C))
_INNER_REST, _OUTER_REST = (bytes([pad]) * _BLOCK for pad in (0x36, 0x5C))
"""What the zeros come to that make a block of a key."""


def content_of(type: str, source: str, body: Json) -> bytes:
    """What a message says, in one form: canonical JSON of its type, its source and its body."""
    content = [type, source, body]
    try:
        return _SORTED.encode(content)
    except (OverflowError, UnicodeError):  # a whole number beyond 64 bits, or half of a surrogate pair
        return encode_sorted(content).encode("utf-8", "surrogatepass")


def digest_of(event: Event) -> bytes:
    """What tells an event from another of its key: SHA-256 of its content."""
    return sha256(content_of(event.type, event.source, event.body)).digest()


def salts() -> Iterator[str]:
    """Salts in hex, one after another, none twice; drawn some hundred at once, since each draw asks the system."""
    while True:
        drawn = urandom(SALT * DRAWN).hex()
        for at in range(0, len(drawn), 2 * SALT):
            yield drawn[at : at + 2 * SALT]


def seal(content: bytes, salt: str) -> str:
    """HMAC-SHA256 (RFC 2104) under a salt in hex, in hex. Equal messages differ under other salts.

    Made of two hashes, because the library's own lets go of the interpreter's lock even for a few bytes, and then waits
    for the thread that writes.
    """
    key = bytes.fromhex(salt)
    inner = sha256(key.translate(_INNER) + _INNER_REST[len(key) :] + content).digest()
    return sha256(key.translate(_OUTER) + _OUTER_REST[len(key) :] + inner).hexdigest()


def fits(event: Event, digest: str) -> bool:
    """Whether a record's digest speaks of this event."""
    return hmac.compare_digest(seal(content_of(event.type, event.source, event.body), event.salt), digest)
