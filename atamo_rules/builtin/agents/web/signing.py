"""Signatures of what is sent, after the specification Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import quote


def signed(keys: str, id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a message: its id, when it was sent (Unix seconds), and a signature for each of the keys,
    which stand in `keys` with spaces between them. Raises ValueError for a key that cannot be read."""
    # The parts that are signed are joined with full stops, so an id holds none; and two ids never become one.
    message = quote(id, safe="").replace(".", "%2E")
    content = f"{message}.{seconds}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        for key in map(_key, keys.split())
    ]
    if not signatures:
        raise ValueError("there is no key to sign with")
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }


def _key(text: str) -> bytes:
    """`whsec_` and base64, or base64 alone, of 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the key to sign with is not base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError("the key to sign with must have 24 to 64 bytes")
    return key
