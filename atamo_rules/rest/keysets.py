"""An OpenID Connect issuer and the keys it signs with: found by discovery or given, kept, asked for anew, seldom."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from atamo_rules.model.strict_json import JsonRefused, decode

if TYPE_CHECKING:
    from atamo_rules.hub.clock import Clock

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""What signs with a key that only the issuer has: none that a public key could forge, and not `none` (RFC 8725)."""
FRESH = 600.0
"""Seconds that keys are used before they are asked for again."""
SELDOM = 30.0
"""The least seconds between two times that keys are asked for: tokens with made-up keys ask nobody."""
LARGEST = 1 << 20
TIMEOUT = 10.0
WELL_KNOWN = "/.well-known/openid-configuration"
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whom to believe. `audience` is what its tokens must be for; `keys` is a file or the address of its key set (RFC
    7517), found by OpenID Connect Discovery where nothing is said. `name` is the claim that is the user's name,
    `groups` the one whose texts are names of groups, if there is one. Users that the people files do not have are of
    `organisation`. Raises ValueError for what cannot be believed."""

    url: str
    audience: str
    keys: str = ""
    name: str = "sub"
    organisation: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS
    groups: str = ""

    def __post_init__(self) -> None:
        if not self.url or not self.audience:
            raise ValueError("an issuer has a url and an audience")
        if unsafe := sorted(set(self.algorithms) - set(ALGORITHMS)) or not self.algorithms:
            raise ValueError(f"`algorithms` are some of {', '.join(ALGORITHMS)}, and not {unsafe}")
        if not safe(self.keys or self.url) or (not self.keys and "://" not in self.url):
            raise ValueError(
                "`keys` is a file, or begins with https://, as the issuer does where its keys are found by it"
            )


def safe(place: str) -> bool:
    """Whether nobody on the way can put keys of their own in the place of those that are asked for."""
    where = urlsplit(place)
    return where.scheme != "http" or where.hostname in LOCAL


class KeySet:
    """The keys of one issuer, by their ids."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.keys: dict[str, Any] = {}
        self.asked = float("-inf")
        self.lock = asyncio.Lock()
        self.trouble = ""
        """Why they could not be read the last time that they were asked for."""

    async def key(self, id: str, clock: Clock) -> Any:
        """The issuer's key of an id, or None; what is not known is asked for, seldom, and waited for by all who need
        it."""
        age = clock.passed() - self.asked
        if age >= FRESH or (id not in self.keys and (age >= SELDOM or self.lock.locked())):
            async with self.lock:
                if clock.passed() - self.asked >= SELDOM:
                    self.asked = clock.passed()
                    await self.read()
        return self.keys.get(id)

    async def read(self) -> None:
        """Take the issuer's keys. Where it does not answer, those that are known go on, and `trouble` says why."""
        import jwt

        try:
            value = decode(await self._written())
            found = jwt.PyJWKSet.from_dict(value if isinstance(value, dict) else {})
        except (OSError, JsonRefused, jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            self.trouble = f"the keys of {self.issuer.url} cannot be read: {error}"
            return
        self.trouble = ""
        self.keys = {key.key_id or "": key for key in found.keys if key.key_type != "oct"}

    async def _written(self) -> bytes:
        """The key set as it stands there. Raises OSError and JsonRefused."""
        place = self.issuer.keys
        if not place:
            described = decode(await _fetched(self.issuer.url.rstrip("/") + WELL_KNOWN))
            told = described if isinstance(described, dict) else {}
            # Whoever answers in the name of another issuer is none (OpenID Connect Discovery 1.0, 4.3).
            if told.get("issuer") != self.issuer.url:
                raise OSError(f"it calls itself `{str(told.get('issuer'))[:80]}`")
            place = str(told.get("jwks_uri", ""))
            if "://" not in place or not safe(place):
                raise OSError(f"it has its keys at `{place[:80]}`, which is not https://")
        if not place.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(place).read_bytes)
        return await _fetched(place)


async def _fetched(place: str) -> bytes:
    """What is at an address. Raises OSError."""
    import httpx2

    try:
        async with httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client:
            answer = await client.get(place)
    except httpx2.TimeoutException:
        raise OSError(f"it did not answer within {TIMEOUT:g} seconds") from None
    except httpx2.ConnectError:
        raise OSError("it cannot be reached") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise OSError(type(error).__name__) from None
    if answer.status_code != 200 or len(answer.content) > LARGEST:
        raise OSError(f"the answer was {answer.status_code}, {len(answer.content)} bytes")
    return answer.content
