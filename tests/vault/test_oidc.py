"""Tokens of a local issuer open a hub to those they name, while they are good; nothing that was tampered with does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient

from atamo_rules.hub.clock import SystemClock
from atamo_rules.hub.people.keyring import FAILURES
from atamo_rules.model.strict_json import encode
from atamo_rules.rest.app import application
from atamo_rules.rest.keysets import FRESH, SELDOM, KeySet
from atamo_rules.rest.oidc import Issuer, SignIn
from tests.hub.stage import stage
from tests.vault.issuers import AUDIENCE, URL, LocalIssuer, forged
from tests.vault.places import PEOPLE, RULES, Asking


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    made = LocalIssuer()
    yield made
    made.end()


class Later(SystemClock):
    """The clock of the hub, which can be ahead."""

    ahead = 0.0

    def passed(self) -> float:
        return super().passed() + self.ahead


Ask = Callable[[str], int]


@pytest.fixture
def ask(issuer: LocalIssuer) -> Iterator[Ask]:
    hub, _ = stage(RULES, {"crm": Asking()}, people=PEOPLE)  # type: ignore[dict-item]
    hub.clock = Later()
    keys = f"http://127.0.0.1:{issuer.server.server_port}/keys"
    sign_in = SignIn(lambda: hub, Issuer(URL, AUDIENCE, keys))
    with TestClient(application(lambda: hub, ("testserver",), others=(sign_in,))) as client:

        def status(text: str) -> int:
            hub.keyring.failures.of.clear()
            headers = {"authorization": f"Bearer {text}"} if text else {}
            code: int = client.get("/v1/secrets", headers=headers).status_code
            return code

        status.hub, status.client = hub, client  # type: ignore[attr-defined]
        yield status
        assert client.portal is not None
        client.portal.call(hub.drain, 5)
        client.portal.call(hub.end)


IN = 409
"""What one who is let in is told by a hub without a vault."""


def test_a_good_token_opens_and_nothing_else_does(issuer: LocalIssuer, ask: Ask) -> None:
    now = int(time.time())
    for good in (issuer.token(), issuer.token(aud=["another", AUDIENCE]), issuer.token(nbf=now + 20)):
        assert ask(good) == IN
    head, body, sign = issuer.token().split(".")
    other = issuer.token(sub="bob").split(".")
    public = issuer.keys["k1"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    claims = {"iss": URL, "aud": AUDIENCE, "sub": "ann", "exp": now + 600}
    for text in (
        "", "x.y.z", f"{head}.{other[1]}.{sign}", f"{head}.{body}.", f"{head}.{body}.{other[2]}",
        issuer.token(iss="https://evil.example"), issuer.token(iss=None), issuer.token(aud="another"),
        issuer.token(aud=None), issuer.token(exp=now - 60), issuer.token(exp=None), issuer.token(nbf=now + 600),
        issuer.token(iss=f"{URL}/"), issuer.token(aud=["another"]), issuer.token(aud=[]), issuer.token(nbf="soon"),
        issuer.token(exp="later"), issuer.token(iat=now + 600), issuer.token(sub=7), issuer.token(sub=["ann"]),
        issuer.token(sub=None), issuer.token(sub=""), issuer.token(sub="x" * 300),
        jwt.encode(claims, "", "none"), forged(claims, public),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "k1"}),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "k9"}),
        jwt.encode(claims, issuer.keys["k1"], "ES256", headers={"kid": "../../../etc/passwd"}),
        jwt.encode(claims, issuer.keys["k1"], "ES256", headers={"kid": "k1", "crit": ["x"], "x": 1}),
        "atm_aaaaaaaa_" + "x" * 43, "a" * (20 << 10) + ".b.c",
    ):  # fmt: skip
        assert ask(text) == 401, text[:80]


def test_keys_are_kept_and_asked_for_again_when_one_is_new(issuer: LocalIssuer, ask: Any) -> None:
    assert [ask(issuer.token()) for _ in range(5)] == [IN] * 5
    assert issuer.asked == 1
    issuer.keys["k2"] = ec.generate_private_key(ec.SECP256R1())
    assert [ask(issuer.token("k2")) for _ in range(5)] == [401] * 5
    assert issuer.asked == 1, "unknown keys ask nobody that often"
    ask.hub.clock.ahead = SELDOM + 1
    assert ask(issuer.token("k2")) == IN
    assert issuer.asked == 2


def test_wrong_tokens_are_asked_to_wait(issuer: LocalIssuer, ask: Any) -> None:
    headers = {"authorization": f"Bearer {issuer.token(aud='another')}"}
    got = [ask.client.get("/v1/types", headers=headers).status_code for _ in range(FAILURES + 2)]
    assert got == [401] * FAILURES + [429] * 2
    assert (
        ask.client.get("/v1/secrets", headers={"authorization": f"Bearer {issuer.token()}"}).status_code == IN
    )


def test_it_may_what_the_people_files_say(issuer: LocalIssuer, ask: Ask) -> None:
    headers = {"authorization": f"Bearer {issuer.token()}"}
    assert ask.client.get("/v1/audit", headers=headers).status_code == 403  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "more",
    [{"audience": ""}, {"url": ""}, {"algorithms": ("HS256",)}, {"algorithms": ("none",)}, {"algorithms": ()},
     {"keys": "http://login.example/keys"}, {"url": "http://login.example", "keys": ""}, {"url": "here", "keys": ""}],
)  # fmt: skip
def test_what_cannot_be_believed_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"issuer has|algorithms|begins with https"):
        Issuer(**{"url": URL, "audience": AUDIENCE, "keys": "keys.json", **more})


def test_keys_may_stand_in_a_file(issuer: LocalIssuer, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(issuer.key_set())
    hub, _ = stage(RULES, {"crm": Asking()}, people=PEOPLE)  # type: ignore[dict-item]
    sign_in = SignIn(lambda: hub, Issuer(URL, AUDIENCE, str(path)))
    with TestClient(application(lambda: hub, ("testserver",), others=(sign_in,))) as client:
        headers = {"authorization": f"Bearer {issuer.token()}"}
        assert client.get("/v1/secrets", headers=headers).status_code == IN
        assert client.get("/v1/secrets").status_code == 401, "it is open to nobody"
        assert client.portal is not None
        client.portal.call(hub.drain, 5)
        client.portal.call(hub.end)


# --- found by discovery ---------------------------------------------------------------------------------


@pytest.fixture
def keys(issuer: LocalIssuer) -> KeySet:
    return KeySet(Issuer(issuer.url, AUDIENCE))


def test_keys_are_found_by_discovery_and_followed_when_they_turn(issuer: LocalIssuer, keys: KeySet) -> None:
    clock = Later()

    async def known(*ids: str) -> list[bool]:
        return [await keys.key(id, clock) is not None for id in ids]

    assert asyncio.run(known("k1", "k2")) == [True, False]
    issuer.keys = {"k2": ec.generate_private_key(ec.SECP256R1())}
    keys.lock = asyncio.Lock()
    clock.ahead = SELDOM + 1
    assert asyncio.run(known("k2", "k1")) == [True, False], "what was taken away opens nothing any more"
    issuer.down = True
    clock.ahead = 10 * FRESH
    assert asyncio.run(known("k2")) == [True], "an issuer that does not answer locks nobody out"
    assert "the answer was 500" in keys.trouble


@pytest.mark.parametrize(
    ("described", "why"),
    [
        ({"issuer": "https://evil.example"}, "it calls itself `https://evil.example`"),
        ({"jwks_uri": "http://keys.example/set"}, "which is not https://"),
        ({"jwks_uri": "/etc/passwd"}, "which is not https://"),
        ({"jwks_uri": ""}, "which is not https://"),
    ],
)
def test_a_description_that_is_not_the_issuers_own_is_not_believed(
    issuer: LocalIssuer, keys: KeySet, described: dict[str, str], why: str
) -> None:
    issuer.described = described
    asyncio.run(keys.read())
    assert why in keys.trouble
    assert not keys.keys


def test_keys_that_are_shared_secrets_are_none(issuer: LocalIssuer, keys: KeySet) -> None:
    issuer.more = [{"kty": "oct", "kid": "s", "k": "c2VjcmV0", "alg": "HS256"}]
    asyncio.run(keys.read())
    assert set(keys.keys) == {"k1"}


def test_keys_are_read_before_anybody_comes_and_again_while_they_cannot_be(issuer: LocalIssuer) -> None:
    """It is said once that they cannot, and once that they can again; each try is audited."""
    hub, _ = stage(RULES, {"crm": Asking()}, people=PEOPLE)  # type: ignore[dict-item]
    hub.clock = Later()
    issuer.down = True
    heard: list[str] = []

    async def play() -> int:
        await hub.start()
        keys = f"http://127.0.0.1:{issuer.server.server_port}/keys"
        sign_in = SignIn(lambda: hub, Issuer(URL, AUDIENCE, keys), heard.append)
        beginning = asyncio.create_task(sign_in.begin(again=0.001))
        while issuer.asked < 3:
            hub.clock.ahead += SELDOM  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        issuer.down = False
        while not beginning.done():
            hub.clock.ahead += SELDOM  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        await beginning
        assert list(sign_in.keys.keys) == ["k1"]
        noted = [one for one in await hub.store.audit(0, 100) if one.kind == "hub.degraded"]
        await hub.drain(5)
        await hub.end()
        return len(noted)

    assert asyncio.run(asyncio.wait_for(play(), 30)) >= 3
    assert [bool(one) for one in heard] == [True, False]


@pytest.mark.parametrize(
    "shown", [{"keys": [7]}, {"keys": [{"kty": "EC"}]}, {"keys": 7}, {"keys": [{"kty": "RSA", "n": 1}]}]
)
def test_keys_that_are_none_are_trouble_and_no_fault(shown: dict[str, Any], tmp_path: Path) -> None:
    place = tmp_path / "keys.json"
    place.write_text(encode(shown))
    keys = KeySet(Issuer(URL, AUDIENCE, str(place)))
    asyncio.run(keys.read())
    assert (keys.keys, keys.trouble != "") == ({}, True)


def test_who_comes_while_the_keys_are_read_waits_for_them(issuer: LocalIssuer) -> None:
    """Two who come at once are both let in; only the first of them was."""

    async def play() -> list[Any]:
        keys = KeySet(Issuer(URL, AUDIENCE, f"http://127.0.0.1:{issuer.server.server_port}/keys"))
        return await asyncio.gather(*(keys.key("k1", SystemClock()) for _ in range(5)))

    assert all(key is not None for key in asyncio.run(play()))
    assert issuer.asked == 1
