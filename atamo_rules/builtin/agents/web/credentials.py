"""How what a user has for an agent is sent: as its kind says, or exchanged for a token first (OAuth 2.0).

It is asked for at each call and goes nowhere but into the headers of that call.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from atamo_rules.builtin.agents.web.answers import failure
from atamo_rules.builtin.agents.web.exchange import Broken, Exchange, Request, blemished
from atamo_rules.errors import NoCredential, NotAllowed
from atamo_rules.hub.ports import Reply
from atamo_rules.model.outcome import Again, Failed
from atamo_rules.model.secret import Need, Secret
from atamo_rules.model.strict_json import JsonRefused, decode

LEEWAY = 30.0
"""Seconds before its end from which a token is not used any more."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The headers that show who calls, and every text in them that must not be seen elsewhere."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    token: bytes = field(default=b"", repr=False)
    """Names the token it holds among those that are kept; empty when it was given as it is."""


AUTH: dict[str, Any] = {"enum": ["user", "optional", "none"]}
"""The schema of the setting `auth`, whether calls show what the user has: they must, they do where there is something,
or never."""


def needed(settings: Mapping[str, Any]) -> Need | None:
    """What the setting `auth` means for a credential; None: it is not asked for. Left out, it is needed by whatever is
    done as somebody in a hub with a vault."""
    needs: dict[str, Need | None] = {"user": "required", "optional": "optional", "none": None}
    return needs[settings["auth"]] if "auth" in settings else "expected"


async def given(reply: Reply, host: str, need: Need | None) -> Secret | None:
    """What the user has for a host; None where there is nothing and that will do. Raises Broken."""
    if need is None:
        return None
    try:
        secret = await reply.credential(host, need=need)
    except NoCredential as error:
        raise Broken(Failed(str(error), "credential")) from None
    except NotAllowed as error:
        raise Broken(Failed(f"the credential may not be used: {error}", "credential")) from None
    if secret is not None and blemished(secret.reveal()):
        raise Broken(
            Failed(f"the credential for {host} holds a line end or a control character", "credential")
        )
    return secret


def sent(secret: Secret) -> Proof:
    """A credential as the header its kind says. Raises Broken for one that only another agent can send."""
    text = secret.reveal()
    match secret.kind:
        case "bearer":
            return Proof({"Authorization": f"Bearer {text}"}, (text,))
        case "basic":
            coded = base64.b64encode(text.encode()).decode()
            return Proof({"Authorization": f"Basic {coded}"}, (text, coded, text.partition(":")[2]))
        case "header":
            name, colon, value = text.partition(":")
            if colon and name.strip().isascii() and name.strip().replace("-", "").isalnum():
                return Proof({name.strip(): value.strip()}, (value.strip(),))
            raise Broken(Failed("the credential is no header: it needs `Name: value`", "credential"))
    raise Broken(Failed(f"a credential of the kind `{secret.kind}` is not sent over HTTP", "credential"))


class Tokens:
    """Access tokens of the client credentials grant (RFC 6749, 4.4), one for each client, kept until shortly before
    they end. Calls that need the same at once wait for one request."""

    def __init__(self, exchange: Exchange, settings: Mapping[str, Any]) -> None:
        self.exchange = exchange
        self.url = str(settings["token_url"])
        self.form = {name: str(settings[name]) for name in ("scope", "audience") if name in settings}
        self._kept: dict[bytes, tuple[str, float]] = {}
        self._locks: dict[bytes, asyncio.Lock] = {}

    async def proof(self, reply: Reply) -> Proof:
        """A bearer token for the user. Raises Broken."""
        host = urlsplit(self.url).hostname or ""
        client = await given(reply, host, "required")
        if client is None or ":" not in client.reveal():
            why = f"the credential for {host} is no client with its secret, `id:secret`"
            raise Broken(Failed(why, "credential"))
        text = client.reveal()
        key = hashlib.sha256(text.encode()).digest()
        async with self._locks.setdefault(key, asyncio.Lock()):
            token, until = self._kept.get(key, ("", 0.0))
            now = asyncio.get_running_loop().time()
            if until <= now:
                token, seconds = await self._fetch(text)
                self._kept[key] = token, now + seconds - min(LEEWAY, seconds / 2)
        return Proof({"Authorization": f"Bearer {token}"}, (token, text, text.partition(":")[2]), key)

    def forget(self, proof: Proof) -> None:
        """Keep a token no longer that was refused, unless another took its place meanwhile."""
        token, _ = self._kept.get(proof.token, ("", 0.0))
        if token and token in proof.secrets:
            del self._kept[proof.token]

    async def _fetch(self, client: str) -> tuple[str, float]:
        name, _, secret = client.partition(":")
        # RFC 6749, 2.3.1: both are form-encoded before they become a user name and a password.
        coded = base64.b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()
        request = Request(
            "POST",
            self.url,
            {
                "Authorization": f"Basic {coded}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            urlencode({"grant_type": "client_credentials", **self.form}).encode(),
        )
        answer = await self.exchange.send(request)
        wrong = failure(answer)
        if wrong is not None:
            why, error = f"no token: {wrong.why}", f"token {wrong.error}"
            after = wrong.after if isinstance(wrong, Again) else None
            raise Broken(Again(why, after, error) if isinstance(wrong, Again) else Failed(why, error))
        try:
            body = decode(answer.body)
        except JsonRefused:
            body = None
        token = body.get("access_token") if isinstance(body, dict) else None
        kind = body.get("token_type", "bearer") if isinstance(body, dict) else ""
        if not isinstance(token, str) or not token or blemished(token) or str(kind).lower() != "bearer":
            raise Broken(Failed("no token: the answer holds no bearer token", "token"))
        seconds = body.get("expires_in", 0) if isinstance(body, dict) else 0
        return token, float(seconds) if isinstance(seconds, int) and 0 < seconds < 10**8 else 0.0
