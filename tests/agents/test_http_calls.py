"""What the http agent sends for each action: paths, queries, headers, bodies; and what it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.web import templates
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Failed, Outcome
from atamo_rules.testing.agents import Replies
from tests.agents.servers import Web, web

ACTIONS = {
    "open": {
        "path": "/queues/{{ queue }}/tickets",
        "headers": {"X-Team": "{{ team }}"},
        "query": {"notify": "{{ notify }}", "tag": "{{ tags }}", "v": "2"},
        "answer": {"id": "{{ body.ticket.id }}", "status": "{{ status }}", "gone": "{{ body.nothing }}"},
    },
    "find": {"method": "GET", "path": "/tickets/{{ id }}"},
    "log_in": {"path": "/login", "as": "form"},
    "note": {"path": "/notes", "as": "text", "body": "Of {{ who.name }}: {{ text }}"},
    "fixed": {
        "method": "PUT",
        "path": "/things",
        "body": {"name": "{{ name }}", "all": ["{{ size }}", 1, True]},
    },
    "poke": {"path": "/poke", "as": "none"},
}


@pytest.fixture
def desk() -> Iterator[Web]:
    with web() as server:
        yield server


def perform(desk: Web, name: str, body: Any, **settings: Any) -> Outcome:
    async def story() -> Outcome:
        given = {"url": f"{desk.url}/api", "private": True, "actions": ACTIONS, **settings}
        agent = HttpAgent("desk", given, ".")
        try:
            action = Action("e1#r/0", "ask", "desk", name, body, "r", "r.atamo:1:1", 0)
            return await agent.perform(action, Replies())
        finally:
            await agent.close()

    return asyncio.run(story())


def test_an_action_is_a_call_below_the_base_address(desk: Web) -> None:
    desk.says = (201, {}, b'{"ticket": {"id": 7.50}}')
    outcome = perform(
        desk,
        "open",
        {"queue": "a/b c", "team": "ops", "tags": ["x", "y&z"], "text": "ü", "size": Decimal("1.50")},
    )
    assert outcome == Done({"id": Decimal("7.50"), "status": 201})
    asked = desk.asked[0]
    assert asked.method == "POST"
    assert asked.path == "/api/queues/a%2Fb%20c/tickets?tag=x&tag=y%26z&v=2"
    assert asked.headers["x-team"] == "ops"
    assert asked.headers["idempotency-key"] == "e1#r/0"
    assert (
        asked.body == '{"text":"ü","size":1.50}'.encode()
    )  # what path, query and headers read is not sent twice


def test_bodies_in_each_encoding(desk: Web) -> None:
    assert isinstance(perform(desk, "log_in", {"user": "a&b", "n": 3, "on": True, "no": None}), Done)
    assert isinstance(perform(desk, "note", {"who": {"name": "Ann"}, "text": "{{ 7 }}"}), Done)
    assert isinstance(perform(desk, "fixed", {"name": {"x": 1}, "other": 1}), Done)
    assert isinstance(perform(desk, "poke", {"x": 1}), Done)
    form, text, fixed, poke = desk.asked
    assert (form.body, form.headers["content-type"]) == (
        b"user=a%26b&n=3&on=true", "application/x-www-form-urlencoded",
    )  # fmt: skip
    assert text.body == b"Of Ann: {{ 7 }}"
    assert (fixed.method, json.loads(fixed.body)) == ("PUT", {"name": {"x": 1}, "all": [1, True]})
    assert poke.body == b""


def test_an_action_that_is_not_there_calls_nobody(desk: Web) -> None:
    outcome = perform(desk, "opne", {})
    assert isinstance(outcome, Failed)
    assert "it has find, fixed, log_in" in outcome.why
    assert desk.asked == []


@pytest.mark.parametrize("id", ["", ".", "..", None, [], {}, ["a"]])
def test_what_would_change_the_path_is_refused(desk: Web, id: Any) -> None:
    outcome = perform(desk, "find", {"id": id})
    assert isinstance(outcome, Failed)
    assert outcome.error == "arguments"
    assert desk.asked == []


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_any_text_is_one_segment_of_the_path(text: str) -> None:
    try:
        made = templates.path("/tickets/{{ id }}/notes", {"id": text})
    except UnicodeEncodeError:
        assert any("\ud800" <= char <= "\udfff" for char in text)
        return
    parts = urlsplit(f"http://h{made}").path.split("/")
    assert len(parts) == 4
    assert unquote(parts[2]) == text


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=20), max_size=4))
def test_any_text_is_one_value_of_the_query(values: dict[str, str]) -> None:
    from urllib.parse import urlencode

    template = {f"k{number}": f"{{{{ v{number} }}}}" for number in range(len(values))}
    given = {f"v{number}": value for number, value in enumerate(values.values())}
    pairs = templates.pairs(template, given)
    assert parse_qsl(urlencode(pairs), keep_blank_values=True) == [
        (f"k{n}", v) for n, v in enumerate(values.values())
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nX-Evil: 1",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\x0bb",
        "a\u2028b",
        "a\u2029b",
        "a\x85b",
        "a\x7fb",
        "ü",
        "你",
    ],
)
def test_a_header_is_one_line_of_ascii(desk: Web, text: str) -> None:
    outcome = perform(desk, "open", {"queue": "q", "team": text})
    assert isinstance(outcome, Failed)
    assert outcome.error == "arguments"
    assert desk.asked == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"actions": {"a": {"path": "x"}}}, "begins with `/`"),
        ({"actions": {"a": {"path": "/../x"}}}, "leads out"),
        ({"actions": {"a": {"path": "/%2e%2E/x"}}}, "leads out"),
        ({"actions": {"a": {"path": "//evil.example/x"}}}, "leads out"),
        ({"actions": {"a": {"path": "/x?y=1"}}}, "no path"),
        ({"actions": {"a": {"path": "/x\\y"}}}, "no path"),
        ({"actions": {"a": {"path": "/{{ a | upper }}"}}}, "nothing else in braces"),
        ({"actions": {"a": {"path": "/x", "body": {"a": ["{% if x %}"]}}}}, "nothing else in braces"),
        ({"actions": {"a": {"method": "GET", "body": {}}}}, "has no body"),
        ({"actions": {"a": {"headers": {"Host": "evil.example"}}}}, "the agent itself sends"),
        ({"actions": {"a": {"headers": {"A B": "x"}}}}, "no name of a header"),
        ({"url": "http://exämple.com/"}, "xn--"),
        ({"url": "http://example.com/a b"}, "character"),
        ({"url": "http://example.com:99999/"}, "no address"),
        ({"url": "http://example.com/#x"}, "#"),
        ({"ca": "../x"}, "leads out"),
        ({"ca": "nothing.pem"}, "cannot be read"),
        ({"private": ["10.0.0.0/99"]}, "no network"),
        ({"auth": {"token_url": "http://user:secret@h/"}}, "auth.token_url"),
    ],
)
def test_settings_that_cannot_work_are_a_sentence(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        HttpAgent("desk", {"url": "https://desk.example/", **settings}, ".")
    assert "secret" not in str(error.value)
