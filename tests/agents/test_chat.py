"""The chat agent against servers that take what Slack, Teams and Discord take, and refuse the rest as they do."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.agents.chat import ChatAgent
from atamo_rules.builtin.agents.chats.services import SERVICES
from atamo_rules.builtin.agents.web.patience import LONGEST, Patience
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.testing.agents import Replies
from tests.agents.servers import Asked, Said, Web, web
from tests.agents.test_canaries import assert_free

HERE = "127.0.0.1"
TOKEN = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(24))
PATHS = {
    "slack": f"/services/T01/B01/{TOKEN}",
    "teams": f"/workflows/one/triggers/manual/paths/invoke?api-version=2016&sig={TOKEN}",
    "discord": f"/api/webhooks/1234/{TOKEN}",
}


def slack(asked: Asked) -> Said:
    body = json.loads(asked.body)
    if asked.path != PATHS["slack"]:
        return 404, {}, b"no_service"
    if not isinstance(body.get("text"), str) or not body["text"]:
        return 400, {}, b"no_text"
    return 200, {"Content-Type": "text/html"}, b"ok"


def teams(asked: Asked) -> Said:
    body = json.loads(asked.body)
    if asked.path != PATHS["teams"] or body["type"] != "message" or len(asked.body) > 28 * 1024:
        return 400, {}, b"Bad payload received by generic incoming webhook."
    for one in body["attachments"]:
        assert one["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert one["content"]["type"] == "AdaptiveCard"
    return 202, {}, b""


def discord(asked: Asked) -> Said:
    body = json.loads(asked.body)
    if asked.path != PATHS["discord"] + "?wait=true":
        return 404, {}, b'{"message": "Unknown Webhook", "code": 10015}'
    if not 0 < len(body.get("content", "")) <= 2000 and not body.get("embeds"):
        return 400, {}, b'{"message": "Cannot send an empty message", "code": 50006}'
    return 200, {"Content-Type": "application/json"}, b'{"id": "98765", "type": 0}'


DOORS = {"slack": slack, "teams": teams, "discord": discord}


@pytest.fixture
def door() -> Iterator[Web]:
    with web() as server:
        yield server


def say(door: Web, service: str, *bodies: Any, hook: str | None = None, **settings: Any) -> list[Outcome]:
    """What comes of posting each of the bodies, one after the other, by one agent."""

    async def story() -> list[Outcome]:
        agent = ChatAgent("room", {"service": service, "url": door.url, "private": True, **settings}, ".")
        given = Secret(door.url + PATHS[service] if hook is None else hook, "text")
        replies = Replies({HERE: given} if hook != "" else {})
        try:
            return [
                await agent.perform(Action(f"a{at}", "send", "room", "say", body, "r", "r:1:1", 0), replies)
                for at, body in enumerate(bodies)
            ]
        finally:
            await agent.close()

    return asyncio.run(story())


def sent(door: Web) -> Any:
    return json.loads(door.asked[-1].body)


@pytest.mark.parametrize("service", DOORS)
def test_a_service_takes_what_is_posted(door: Web, service: str) -> None:
    door.says = DOORS[service]
    answer: dict[str, str] = {"id": "98765"} if service == "discord" else {}
    bodies: list[Any] = [{"text": "Hello,\nworld"}, {"title": "News", "text": "Häuser & Gärten"}]
    assert say(door, service, *bodies) == [Done(answer), Done(answer)]
    assert say(door, service, *bodies, markup=True) == [Done(answer), Done(answer)]
    assert {one.method for one in door.asked} == {"POST"}
    assert {one.headers["content-type"] for one in door.asked} == {"application/json"}


def test_text_of_an_event_calls_nobody_and_hides_no_address(door: Web) -> None:
    text = "<!channel> <@U1> <http://evil.example|our bank> @everyone **x** [bank](http://evil.example/a_b_c)"
    say(door, "slack", {"text": text})
    assert sent(door)["text"].count("<") == 0
    assert sent(door)["text"].startswith("&lt;!channel&gt; &lt;@U1&gt;")
    assert (sent(door)["unfurl_links"], sent(door)["unfurl_media"]) == (False, False)
    say(door, "discord", {"text": text})
    assert sent(door)["allowed_mentions"] == {"parse": []}
    assert r"\*\*x\*\* \[bank\]\(http://evil.example/a_b_c" in sent(door)["content"]
    say(door, "teams", {"title": text, "text": text})
    blocks = sent(door)["attachments"][0]["content"]["body"]
    assert {block["type"] for block in blocks} == {"RichTextBlock"}
    assert [block["inlines"][0]["text"] for block in blocks] == [text, text]


@given(st.text(max_size=80))
def test_no_text_becomes_a_mention_or_a_link_of_slack(text: str) -> None:
    made = SERVICES["slack"].message("", text, False)["text"]
    assert not set("<>") & set(made)
    assert made.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(st.text("ab*_~`|>#[]()<-\\ /:", max_size=40))
def test_every_mark_of_discord_has_its_backslash(text: str) -> None:
    made = SERVICES["discord"].message("", text, False)["content"]
    plain, at = "", 0
    while at < len(made):
        if made[at] == "\\":
            at += 1
        else:
            assert made[at] not in "*_~`|>#[]()<-"
        plain, at = plain + made[at], at + 1
    assert plain == text


def test_markup_is_left_where_the_author_says_so(door: Web) -> None:
    text = "*bold* <http://a.example|here>"
    say(door, "slack", {"text": text}, markup=True)
    assert (sent(door)["text"], sent(door)["mrkdwn"]) == (text, True)
    say(door, "teams", {"text": text}, markup=True)
    assert sent(door)["attachments"][0]["content"]["body"] == [
        {"type": "TextBlock", "text": text, "wrap": True}
    ]


def test_a_message_of_the_service_is_sent_as_it_is(door: Web) -> None:
    embeds = [{"title": "T", "color": 1}]
    say(door, "discord", {"message": {"embeds": embeds}})
    assert sent(door) == {"embeds": embeds, "allowed_mentions": {"parse": []}, "flags": 4}
    say(door, "discord", {"message": {"content": "x", "allowed_mentions": {"users": ["1"]}}})
    assert sent(door)["allowed_mentions"] == {"users": ["1"]}


@pytest.mark.parametrize(
    ("service", "body", "why"),
    [
        ("slack", {}, "either `text` or `message`"),
        ("slack", {"text": "x", "message": {}}, "either `text` or `message`"),
        ("slack", {"text": " \n"}, "`text` is empty"),
        ("slack", {"text": 3}, "are texts"),
        ("slack", {"text": "x", "channel": "#ops"}, "takes text, title, message, and not channel"),
        ("slack", {"message": "x"}, "is an object"),
        ("slack", {"message": {}, "title": "x"}, "no `title`"),
        ("slack", {"text": "x" * 40_001}, "40000 characters"),
        ("discord", {"text": "x" * 2001}, "2000 characters"),
        ("discord", {"text": "*" * 1001}, "2000 characters"),
        ("teams", {"text": "x\n" * 1000}, "28672 bytes"),
        ("slack", "text", "either `text` or `message`"),
    ],
)  # fmt: skip
def test_what_cannot_be_posted_is_refused_before_anybody_is_called(
    door: Web, service: str, body: Any, why: str
) -> None:
    (outcome,) = say(door, service, body)
    assert isinstance(outcome, Failed)
    assert why in outcome.why
    assert outcome.error == "arguments"
    assert door.asked == []


@pytest.mark.parametrize("waits", [({"Retry-After": "30"}, b"rate_limited", 30), ({}, b"", None)])
def test_a_service_that_is_asked_too_often_is_left_alone(
    door: Web, waits: tuple[dict[str, str], bytes, float | None]
) -> None:
    headers, body, after = waits
    door.says = (429, headers, body)
    first, second = say(door, "slack", {"text": "1"}, {"text": "2"})
    assert first == Again("the answer was 429", after, "http 429")
    assert isinstance(second, Again)
    if after:  # the next one is not posted at all before the time
        assert second.after is not None
        assert 25 < second.after <= 30
        assert second.error == "http 429"
    assert len(door.asked) == (1 if after else 2)


def test_discord_says_fractions_of_a_second_in_its_body(door: Web) -> None:
    door.says = (429, {"Retry-After": "65"}, b'{"message": "limited", "retry_after": 64.57, "global": false}')
    (outcome,) = say(door, "discord", {"text": "x"})
    assert outcome == Again("the answer was 429", 64.57, "http 429")


def test_teams_tells_of_failures_in_the_text_of_a_success(door: Web) -> None:
    text = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {} with"
    for status, kind in ((429, Again), (413, Failed)):
        door.says = (200, {}, text.format(status).encode())
        (outcome,) = say(door, "teams", {"text": "x"})
        assert isinstance(outcome, kind)
        assert outcome.error == f"http {status}"


def test_a_refusal_says_the_word_of_the_service(door: Web) -> None:
    door.says = (403, {}, b"channel_is_archived")
    assert say(door, "slack", {"text": "x"}) == [
        Failed("the answer was 403: channel_is_archived", "http 403")
    ]
    door.says = (400, {}, b"<html>" + b"x" * 5000)
    assert say(door, "slack", {"text": "x"}) == [Failed("the answer was 400", "http 400")]


@pytest.mark.parametrize(
    "hook",
    ["", "nonsense", "https://evil.example/services/T/B/x", f"http://{HERE}:1/services/T/B/x", "http://[",
     f"http://ann:pw@{HERE}/x"],
)  # fmt: skip
def test_a_credential_that_is_no_webhook_of_the_service_goes_nowhere(door: Web, hook: str) -> None:
    (outcome,) = say(door, "slack", {"text": "x"}, hook=hook)
    assert isinstance(outcome, Failed)
    assert outcome.error == "credential"
    assert not hook or hook not in outcome.why
    assert door.asked == []


@pytest.mark.parametrize("service", DOORS)
@pytest.mark.parametrize("status", [200, 302, 403, 429, 500])
def test_the_address_of_a_webhook_is_told_to_nobody(door: Web, service: str, status: int) -> None:
    def says(asked: Asked) -> Said:
        word = TOKEN if status == 403 else f'{{"id": "{TOKEN}", "retry_after": "{TOKEN}"}}'
        return status, {"Location": asked.path}, word.encode()

    door.says = says
    (outcome,) = say(door, service, {"text": "x"})
    assert_free(repr(outcome), TOKEN)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"service": "teams"}, "`url` is needed for teams"),
        ({"service": "slack", "url": "https://hooks.slack.com/services/T/B/x"}, "ends after the host"),
        ({"service": "slack", "url": "https://hooks.slack.com?x=1"}, "ends after the host"),
        ({"service": "slack", "url": "https://a:b@hooks.slack.com"}, "no user name"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ChatAgent("room", settings, ".")


def test_patience_is_kept_for_each_place_and_ends() -> None:
    now = [100.0]
    patience = Patience(lambda: now[0])
    patience.asked("a", 10)
    patience.asked("a", 5)  # the longer one stands
    patience.asked("b", 10 * LONGEST)
    left = patience.left("a"), patience.left("b"), patience.left("c")
    assert [one and one.after for one in left] == [10.0, LONGEST, None]
    now[0] += 10
    assert patience.left("a") is None
    patience.asked("c", 1)
    assert "a" not in patience._until
