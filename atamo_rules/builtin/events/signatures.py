"""How senders sign what they post: which bytes, with which key, and where the signature stands.

Each scheme is as its sender documents it: GitHub (`X-Hub-Signature-256`), Stripe (`Stripe-Signature`), Slack (v0),
Standard Webhooks 1.0.0 (`v1`), and a plain HMAC-SHA256 in a header. A check never stops at the first difference or the
first secret that fits, so that its time tells nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from atamo_rules.hub.receiving import Unsigned

Headers = Mapping[str, str]
TOLERANCE = 300.0
"""Seconds that a signature's time may be from now, either way."""
MOST = 16
"""Signatures of one post that are looked at."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A post as its scheme signs it: the bytes, the signatures it came with, and when it says it was signed."""

    content: bytes
    signatures: tuple[bytes, ...]
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to sign. `read` raises Unsigned where a post is not signed that way; `key` ValueError where a secret is
    none of this scheme."""

    read: Callable[[Headers, bytes], Signed]
    key: Callable[[str], bytes] = str.encode


def verify(
    scheme: Scheme, headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, tolerance: float
) -> None:
    """Raises Unsigned unless one of the secrets made one of the signatures, not too long ago. Several secrets are one
    being replaced by another."""
    signed = scheme.read(headers, body)
    wanted = [hmac.new(scheme.key(secret), signed.content, hashlib.sha256).digest() for secret in secrets]
    fits = [hmac.compare_digest(one, given) for one in wanted for given in signed.signatures[:MOST]]
    if not any(fits):
        raise Unsigned("the signature is not that of this body under any secret that is known here")
    if signed.at is not None and abs(now.timestamp() - signed.at) > tolerance:
        raise Unsigned(
            f"it was signed more than {tolerance:g} seconds from now: it was sent again, or a clock is wrong"
        )


def _header(headers: Headers, name: str) -> str:
    given = headers.get(name)
    if not given:
        raise Unsigned(f"there is no `{name}` header")
    return given


def _seconds(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Unsigned(f"the time in `{name}` is not in seconds")
    return int(text)


def _hex(text: str) -> bytes:
    """The bytes of a signature in hex; what is none fits nothing."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def github(headers: Headers, body: bytes) -> Signed:
    """`X-Hub-Signature-256: sha256=HEX` over the body."""
    method, _, text = _header(headers, "X-Hub-Signature-256").partition("=")
    return Signed(body, (_hex(text) if method == "sha256" else b"",))


def stripe(headers: Headers, body: bytes) -> Signed:
    """`Stripe-Signature: t=SECONDS,v1=HEX,…` over `SECONDS.BODY`; every `v1` counts, other schemes do not."""
    parts = [part.strip().partition("=") for part in _header(headers, "Stripe-Signature").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1:
        raise Unsigned("`Stripe-Signature` says no time, or more than one")
    at = _seconds(times[0], "Stripe-Signature")
    signatures = tuple(_hex(value) for name, _, value in parts if name == "v1")
    return Signed(f"{times[0]}.".encode() + body, signatures, at)


def slack(headers: Headers, body: bytes) -> Signed:
    """`X-Slack-Signature: v0=HEX` over `v0:SECONDS:BODY`."""
    text = _header(headers, "X-Slack-Request-Timestamp")
    at = _seconds(text, "X-Slack-Request-Timestamp")
    version, _, given = _header(headers, "X-Slack-Signature").partition("=")
    return Signed(f"v0:{text}:".encode() + body, (_hex(given) if version == "v0" else b"",), at)


def standard(headers: Headers, body: bytes) -> Signed:
    """`webhook-signature: v1,BASE64 …` over `ID.SECONDS.BODY`, the id and the time in headers of their own."""
    id, text = _header(headers, "webhook-id"), _header(headers, "webhook-timestamp")
    at = _seconds(text, "webhook-timestamp")
    parts = [part.partition(",") for part in _header(headers, "webhook-signature").split(" ")]
    signatures = tuple(_base64(value) for version, _, value in parts if version == "v1")
    return Signed(f"{id}.{text}.".encode() + body, signatures, at)


def standard_key(secret: str) -> bytes:
    """The bytes of `whsec_BASE64`. Raises ValueError."""
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a secret of Standard Webhooks is `whsec_` and base64")
    return key


def plain(header: str, prefix: str = "", encoding: str = "hex") -> Scheme:
    """HMAC-SHA256 of the body in a header, in hex or base64, behind a prefix."""
    decode = _hex if encoding == "hex" else _base64

    def read(headers: Headers, body: bytes) -> Signed:
        text = _header(headers, header)
        return Signed(body, (decode(text[len(prefix) :]) if text.startswith(prefix) else b"",))

    return Scheme(read)


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "github": Scheme(github),
        "stripe": Scheme(stripe),
        "slack": Scheme(slack),
        "standard": Scheme(standard, standard_key),
    }
)
