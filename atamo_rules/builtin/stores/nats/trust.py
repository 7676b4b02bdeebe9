"""Whom a connection to the servers trusts, and as whom it comes: TLS, and a file of NATS credentials.

A file of credentials holds a token that a server checks (a JWT), and the seed of the key that signs what the server
asks; the seed is never sent, and never told (docs.nats.io, "Decentralized JWT Authentication"; "NKeys" for its form).
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.errors import StoreUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client

_BLOCK = re.compile(r"-{3,} ?BEGIN ([A-Z ]+?) ?-{3,}\s+(\S+)\s+-{3,} ?END")
_SEED = 2 + 32 + 2
"""Bytes of a seed: what it is for, the seed, a checksum."""


class Credentials(NamedTuple):
    """What a file of credentials holds. `sign` gives a signature in Base64."""

    token: bytes
    sign: Callable[[str], bytes]

    def __repr__(self) -> str:
        return "Credentials(…)"


def read_credentials(file: str) -> Credentials:
    """The credentials of a file. Raises StoreUnavailable, which tells nothing of what is in it."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise StoreUnavailable("credentials need `pip install 'atamo-rules[nats]'`") from None
    try:
        blocks = dict(_BLOCK.findall(Path(file).read_text("ascii")))
    except OSError as error:
        raise StoreUnavailable(
            f"the credentials `{file}` cannot be read: {(error.strerror or '').lower()}"
        ) from None
    except ValueError:
        blocks = {}
    token, seed = blocks.get("NATS USER JWT", ""), _seed(blocks.get("USER NKEY SEED", ""))
    if not token or seed is None:
        raise StoreUnavailable(f"`{file}` holds no NATS credentials: `nsc generate creds` writes them")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return Credentials(token.encode("ascii"), lambda asked: base64.b64encode(key.sign(asked.encode())))


def _seed(written: str) -> bytes | None:
    """The 32 bytes of a seed in Base32; None for what is none."""
    try:
        raw = base64.b32decode(written + "=" * (-len(written) % 8))
    except binascii.Error:
        return None
    sound = len(raw) == _SEED and binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")
    return raw[2:-2] if sound else None


def context_of(place: Place) -> ssl.SSLContext | None:
    """What certificates are held against: those of the authority that is named, else of the system's; None for servers
    without TLS. Raises StoreUnavailable."""
    if not place.tls:
        return None
    try:
        return ssl.create_default_context(cafile=place.ca or None)
    except OSError as error:  # which that of TLS is, too
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else (error.strerror or "").lower()
        raise StoreUnavailable(f"the authority `{place.ca}` cannot be used: {why}") from None


def client_of(place: Place) -> tuple[Client, dict[str, Any]]:
    """What connects, and as whom: settings of its `connect`. Raises StoreUnavailable, ImportError."""
    from nats.aio.client import Client
    from nats.errors import Error

    class OverTls(Client):
        """A connection that says nothing before TLS has begun: otherwise anybody in between could leave TLS out."""

        def _connect_command(self) -> bytes:
            if not self._server_info.get("tls_required"):
                raise Error("a server does not ask for TLS")
            return super()._connect_command()

    settings: dict[str, Any] = {}
    context = context_of(place)
    if context is not None:
        settings["tls"] = context
    if place.creds:
        token, sign = read_credentials(place.creds)
        settings |= {"user_jwt_cb": lambda: bytearray(token), "signature_cb": sign}
    return (OverTls() if place.tls else Client()), settings
