"""Ed25519 keys of notes, in the text forms that Go's sumdb and the tools of transparency logs use.

A signing key is kept by whoever runs the hub, its verifier key by whoever checks. The arithmetic is the package
`cryptography`, imported when a key is used and not before: `pip install atamo-rules[signing]`.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from atamo_rules.hub.audit.note import KEY_ID, Note, Signature, is_key_name, unbase64

ED25519 = b"\x01"
"""The type byte of these keys in the format."""
PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """`NAME+ID+KEY`: whose signatures are believed."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """What signature lines call the key by."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID]

    @property
    def text(self) -> str:
        """The key as it is handed out."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def signed(self, note: Note) -> bool:
        """Whether a note bears a good signature of this key, and none that is not."""
        from cryptography.exceptions import InvalidSignature

        mine = [one.made for one in note.signatures if (one.name, one.key_id) == (self.name, self.id)]
        key = _ed25519().Ed25519PublicKey.from_public_bytes(self.public)
        try:
            for made in mine:
                key.verify(made, note.text.encode())
        except InvalidSignature:
            return False
        return bool(mine)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`PRIVATE+KEY+NAME+ID+SEED`: a secret. `seed` has 32 bytes."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The key that others check with."""
        key = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, key.public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """The key as its owner keeps it."""
        id = self.verifier.id.hex()
        return f"{PRIVATE}{self.name}+{id}+{base64.b64encode(ED25519 + self.seed).decode()}"

    def sign(self, text: str) -> Note:
        """A text with this key's signature."""
        made = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return Note(text, (Signature(self.name, self.verifier.id, made),))


def new_key(name: str) -> SigningKey:
    """A fresh key. Raises ValueError for a name that cannot stand in a note."""
    if not is_key_name(name):
        raise ValueError(f"`{name}` cannot name a key: it is empty, or has a space or a plus")
    return SigningKey(name, os.urandom(32))


def read_verifier(text: str) -> VerifierKey:
    """A verifier key from its text. Raises ValueError, a sentence."""
    name, id, raw = _parts(text.strip(), "a verifier key is NAME+ID+KEY")
    key = VerifierKey(name, raw)
    if key.id.hex() != id:
        raise ValueError("the key's id is not of this key: a character was changed")
    return key


def read_signing(text: str) -> SigningKey:
    """A signing key from its text. Raises ValueError, a sentence that does not repeat it."""
    text = text.strip()
    if not text.startswith(PRIVATE):
        raise ValueError(f"a signing key begins with {PRIVATE}")
    name, id, raw = _parts(text.removeprefix(PRIVATE), f"a signing key is {PRIVATE}NAME+ID+SEED")
    key = SigningKey(name, raw)
    if key.verifier.id.hex() != id:
        raise ValueError("the key's id is not of this key: a character was changed")
    return key


def _parts(text: str, shape: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    id, _, encoded = rest.partition("+")
    raw = unbase64(encoded)
    if not is_key_name(name) or raw is None or len(raw) != 33 or raw[:1] != ED25519:
        raise ValueError(f"{shape}, of type Ed25519")
    return name, id, raw[1:]


def _ed25519() -> Any:
    """The package that does the arithmetic. Raises ValueError, saying what to install."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ValueError("signatures need one more package: pip install 'atamo-rules[signing]'") from None
    return ed25519
