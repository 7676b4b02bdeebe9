"""Texts sealed by ChaCha20-Poly1305 (RFC 8439), each with what it is bound to: under another name it does not open.

Sealed is `1.KEY.BOX`: the form, the id of the key, and nonce and ciphertext in base64. A nonce is 96 random bits, which
are safe for some 2^32 texts of one key. The arithmetic is the package `cryptography`, imported when it is used:
`pip install atamo-rules[vault]`.
"""

from __future__ import annotations

import base64
import binascii
from secrets import token_bytes
from typing import Any

from atamo_rules.builtin.vaults.keys import Keys

NONCE = 12
FORM = "1"


class Unopened(Exception):
    """A sealed text that does not open: its key is not there, or it is not what it says it is."""


def seal(keys: Keys, text: str, bound: bytes) -> str:
    """A text sealed under the first key."""
    nonce = token_bytes(NONCE)
    box = nonce + cipher(keys.all[keys.first]).encrypt(nonce, text.encode(), _bound(keys.first, bound))
    return f"{FORM}.{keys.first}.{base64.urlsafe_b64encode(box).decode()}"


def unseal(keys: Keys, sealed: str, bound: bytes) -> str:
    """The text again. Raises Unopened."""
    from cryptography.exceptions import InvalidTag

    form, _, rest = sealed.partition(".")
    id, _, box = rest.partition(".")
    if form != FORM or id not in keys.all:
        raise Unopened(f"it is sealed with the key `{id}`, which is not among the keys of this hub")
    try:
        raw = base64.b64decode(box, b"-_", validate=True)
        if base64.urlsafe_b64encode(raw).decode() != box:
            raise ValueError("one box has one form")
        opened: bytes = cipher(keys.all[id]).decrypt(raw[:NONCE], raw[NONCE:], _bound(id, bound))
    except (InvalidTag, binascii.Error, ValueError):
        raise Unopened("what is kept was changed, or is another's") from None
    return opened.decode()


def cipher(key: bytes) -> Any:
    """The cipher of a key. Raises ValueError where there is none."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError:
        raise ValueError("it needs the package `cryptography`: `pip install 'atamo-rules[vault]'`") from None
    return ChaCha20Poly1305(key)


def _bound(id: str, bound: bytes) -> bytes:
    return f"{FORM}.{id}.".encode() + bound
