"""Answers to requests that came by a webhook: posted to the address of the settings, signed, and no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.events.signatures import SCHEMES, TOLERANCE, verify
from atamo_rules.builtin.events.webhook import Webhook
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub import owing
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.ways import Way
from atamo_rules.testing.doubles import RememberingAuditor
from tests.agents.servers import Asked, Said, Web, web
from tests.events.test_signatures import KEY, sign
from tests.events.test_ways import RULES

SECRETS = [{"env": "ATAMO_TEST_HOOK"}]


@pytest.fixture
def partner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("ATAMO_TEST_HOOK", KEY)
    monkeypatch.setattr(owing, "FIRST", 0.01)
    with web() as server:
        yield server


def hook(url: str, **more: Any) -> Webhook:
    answers = {"url": url, "secrets": SECRETS, "private": True, **more}
    return Webhook(
        "p", {"path": "/hooks/p", "scheme": "standard", "secrets": SECRETS, "answers": answers}, "."
    )


def asked(provider: Webhook, enough: str) -> RememberingAuditor:
    """A request is posted; gives what was heard until a kind of record was."""

    async def story() -> RememberingAuditor:
        heard = RememberingAuditor()
        way = Way("partner", provider)
        async with Controller(TextProvider(RULES), MemoryStore(), (heard,), events=[way]) as controller:
            now = datetime.now(UTC)
            body = json.dumps({"type": "ask", "data": {"n": 1}}).encode()
            headers = sign("standard", body, KEY, now)
            message = provider.receive(headers, body, now).message
            assert message is not None
            await controller.hub.ways.post(way, message, "")
            async with asyncio.timeout(30):
                while enough not in [one.kind for one in heard.records]:
                    await asyncio.sleep(0.005)
        return heard

    return asyncio.run(story())


def test_answers_are_posted_signed_and_once(partner: Web) -> None:
    asked(hook(f"{partner.url}/answers?of=desk"), "reply.delivered")
    (post,) = partner.asked
    assert (post.method, post.path) == ("POST", "/answers?of=desk")
    verify(SCHEMES["standard"], post.headers, post.body, (KEY,), datetime.now(UTC), TOLERANCE)
    said = json.loads(post.body)
    assert said["type"] == "ask.answered"
    assert (said["data"]["state"], said["data"]["answers"]) == ("complete", [{"n": 2}])
    assert post.headers["webhook-id"] == said["data"]["id"]


def test_what_is_not_taken_is_posted_again_under_the_same_id(partner: Web) -> None:
    script: list[Said] = [
        (500, {}, b""),
        (404, {}, b""),
        (302, {"location": "http://elsewhere.example"}, b""),
    ]

    def says(post: Asked) -> Said:
        return script.pop(0) if script else (204, {}, b"")

    partner.says = says
    asked(hook(partner.url), "reply.delivered")
    assert len(partner.asked) == 4
    assert len({post.headers["webhook-id"] for post in partner.asked}) == 1


def test_an_address_that_is_gone_is_left_alone(partner: Web) -> None:
    partner.says = (410, {}, b"")
    heard = asked(hook(partner.url), "reply.undelivered")
    (told,) = [one.what for one in heard.records if one.kind == "reply.undelivered"]
    assert told["why"] == "127.0.0.1 wants no answers any more: 410"
    assert len(partner.asked) == 1


def test_addresses_are_allowed_as_for_agents(partner: Web) -> None:
    heard = asked(hook(partner.url, private=False), "source.broken")
    (told,) = [one.what for one in heard.records if one.kind == "source.broken"]
    assert "is a private or local address" in str(told["why"])
    assert partner.asked == []


def test_a_key_that_cannot_sign_is_said_at_once(partner: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATAMO_TEST_SHORT", "short")
    with pytest.raises(ValueError, match="the key to sign with"):
        hook(partner.url, secrets=[{"env": "ATAMO_TEST_SHORT"}])


def test_without_the_setting_nothing_is_owed(partner: Web) -> None:
    given = {"path": "/hooks/p", "scheme": "standard", "secrets": SECRETS}
    assert not hasattr(Webhook("p", given, "."), "respond")
