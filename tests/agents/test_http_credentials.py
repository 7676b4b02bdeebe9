"""How the http agent shows who calls: each kind of credential, signatures, and OAuth tokens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.web.signing import signed
from atamo_rules.errors import NotAllowed
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Need, Secret
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import action
from tests.agents.servers import Asked, Said, Web, web

HERE = "127.0.0.1"


@pytest.fixture
def desk() -> Iterator[Web]:
    with web() as server:
        yield server


def perform(desk: Web, secret: Secret | None, **settings: Any) -> Outcome:
    async def story() -> Outcome:
        agent = HttpAgent("desk", {"url": f"{desk.url}/x", "private": True, **settings}, ".")
        try:
            return await agent.perform(action(), Replies({HERE: secret} if secret else {}))
        finally:
            await agent.close()

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("secret", "header", "value"),
    [
        (Secret("tok", "bearer"), "authorization", "Bearer tok"),
        (
            Secret("ann:päss", "basic"),
            "authorization",
            "Basic " + base64.b64encode("ann:päss".encode()).decode(),
        ),
        (Secret("X-Api-Key: k 1", "header"), "x-api-key", "k 1"),
    ],
)
def test_a_credential_is_sent_as_its_kind_says(desk: Web, secret: Secret, header: str, value: str) -> None:
    assert perform(desk, secret) == Done({})
    assert desk.asked[0].headers[header] == value
    assert perform(desk, secret, auth="none") == Done({})
    assert header not in desk.asked[1].headers
    assert perform(desk, None) == Done({})
    assert header not in desk.asked[2].headers


def test_a_credential_takes_the_place_of_a_header_of_the_settings(desk: Web) -> None:
    perform(desk, Secret("tok"), headers={"authorization": "Bearer shared"})
    assert desk.asked[0].headers["authorization"] == "Bearer tok"


@pytest.mark.parametrize(
    "secret",
    [Secret("a\r\nb"), Secret("no header here", "header"), Secret("k", "text"), Secret("a b: c", "header")],
)
def test_a_credential_that_cannot_be_sent_is_not_shown(desk: Web, secret: Secret) -> None:
    outcome = perform(desk, secret)
    assert isinstance(outcome, Failed)
    assert outcome.error == "credential"
    assert secret.reveal() not in outcome.why or len(secret.reveal()) == 1
    assert desk.asked == []


def test_what_the_vault_does_not_give_is_final(desk: Web) -> None:
    class Locked(Replies):
        async def credential(self, host: str = "", *, need: Need = "optional") -> Secret | None:
            raise NotAllowed("it is for another host")

    async def story() -> Outcome:
        agent = HttpAgent("desk", {"url": desk.url, "private": True}, ".")
        return await agent.perform(action(), Locked())

    assert asyncio.run(story()) == Failed(
        "the credential may not be used: it is for another host", "credential"
    )
    assert desk.asked == []


# --- signatures -------------------------------------------------------------------------------------------

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_of_the_specification() -> None:
    """The vector that the libraries of Standard Webhooks are tested with."""
    headers = signed(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_signed_with_every_key(desk: Web) -> None:
    other = base64.b64encode(b"k" * 32).decode()
    assert perform(desk, Secret(f"{KEY} {other}", "text"), auth="webhook") == Done({})
    asked = desk.asked[0]
    id, at = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    for signature, key in zip(
        asked.headers["webhook-signature"].split(), (KEY.removeprefix("whsec_"), other), strict=True
    ):
        content = f"{id}.{at}.".encode() + asked.body
        expected = base64.b64encode(
            hmac.new(base64.b64decode(key), content, hashlib.sha256).digest()
        ).decode()
        assert signature == f"v1,{expected}"
    assert KEY[6:] not in str(asked.headers)


def test_two_ids_are_never_signed_as_one() -> None:
    ids = {signed(KEY, id, 1, b"")["webhook-id"] for id in ("a.b", "a_b", "a/b", "a%2Eb", "a%2eb", "a#b")}
    assert len(ids) == 6
    assert not any("." in id for id in ids)


@pytest.mark.parametrize("key", ["", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_key_that_is_none_signs_nothing(desk: Web, key: str) -> None:
    outcome = perform(desk, Secret(key, "text"), auth="webhook")
    assert isinstance(outcome, Failed)
    assert outcome.error == "credential"
    assert desk.asked == []


def test_without_a_key_nothing_is_sent_unsigned(desk: Web) -> None:
    assert isinstance(perform(desk, None, auth="webhook"), Failed)
    assert desk.asked == []


# --- OAuth ------------------------------------------------------------------------------------------------


def authority(desk: Web, *, seconds: int = 3600, refuse: set[str] = frozenset()) -> list[Asked]:  # type: ignore[assignment]
    """A server that gives tokens t1, t2, … at /token, and wants one at /x; gives what was asked for tokens."""
    tokens: list[Asked] = []

    def says(asked: Asked) -> Said:
        if asked.path == "/token":
            tokens.append(asked)
            token = {"access_token": f"token-{len(tokens)}", "token_type": "Bearer", "expires_in": seconds}
            return 200, {}, json.dumps(token).encode()
        token_given = asked.headers.get("authorization", "")
        return (401, {}, b"") if token_given.removeprefix("Bearer ") in refuse else (200, {}, b"{}")

    desk.says = says
    return tokens


def oauth(desk: Web, calls: int, *, at_once: bool = False, **more: Any) -> list[Outcome]:
    async def story() -> list[Outcome]:
        auth = {"token_url": f"{desk.url}/token", "scope": "tickets:write", **more}
        agent = HttpAgent("desk", {"url": f"{desk.url}/x", "private": True, "auth": auth}, ".")
        replies = Replies({HERE: Secret("client one:s3/cret", "basic")})
        try:
            if at_once:
                return list(await asyncio.gather(*(agent.perform(action(), replies) for _ in range(calls))))
            return [await agent.perform(action(), replies) for _ in range(calls)]
        finally:
            await agent.close()

    return asyncio.run(story())


def test_one_token_serves_many_calls_even_at_once(desk: Web) -> None:
    tokens = authority(desk)
    assert oauth(desk, 12, at_once=True) == [Done({})] * 12
    assert len(tokens) == 1
    assert parse_qs(tokens[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["tickets:write"],
    }
    coded = tokens[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(coded) == b"client+one:s3%2Fcret"
    assert {one.headers["authorization"] for one in desk.asked if one.path == "/x"} == {"Bearer token-1"}


def test_a_token_that_ends_at_once_is_not_kept(desk: Web) -> None:
    tokens = authority(desk, seconds=0)
    assert oauth(desk, 3) == [Done({})] * 3
    assert len(tokens) == 3


def test_a_token_that_is_refused_is_fetched_again_once(desk: Web) -> None:
    tokens = authority(desk, refuse={"token-1"})
    assert oauth(desk, 2) == [Done({})] * 2
    assert len(tokens) == 2
    tokens = authority(desk, refuse={"token-1", "token-2", "token-3"})
    assert oauth(desk, 1) == [Failed("the answer was 401", "http 401")]
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((503, {"retry-after": "9"}, b""), Again("no token: the answer was 503", 9.0, "token http 503")),
        ((400, {}, b'{"error": "invalid_client"}'), Failed("no token: the answer was 400", "token http 400")),
        ((200, {}, b"hello"), Failed("no token: the answer holds no bearer token", "token")),
        (
            (200, {}, b'{"access_token": "a\\nb"}'),
            Failed("no token: the answer holds no bearer token", "token"),
        ),
        (
            (200, {}, b'{"access_token": "a", "token_type": "mac"}'),
            Failed("no token: the answer holds no bearer token", "token"),
        ),
    ],
)
def test_without_a_token_nothing_is_called(desk: Web, said: Said, expected: Outcome) -> None:
    desk.says = said
    assert oauth(desk, 1) == [expected]
    assert {one.path for one in desk.asked} == {"/token"}
