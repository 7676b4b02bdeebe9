"""Requests over HTTP that take their time: waited for, paged through, followed, left, cancelled, forgotten."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from atamo_rules.builtin.agents.functions import LOADED, FunctionAgent, Value
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]
MARKET = """
request stock.price
  sku: text
  answer
    price: whole

agent market
  publish prices
    sku: text
agent slow
  ask price
    sku: text
    answer
      price: whole

rule market
  on request stock.price
  when sku is "gold"
  do
    publish market.prices
      sku: sku

rule slow
  on request stock.price
  when sku is not "nothing"
  do
    ask slow.price within 20 seconds as found
      sku: sku
    reply
      price: found.price
"""


class Market:
    """Agents that answer when they are let."""

    def __init__(self) -> None:
        self.open = False
        self.feeds = 0
        self.stopped = 0

    async def price(self, sku: str) -> dict[str, int]:
        while not self.open:
            await asyncio.sleep(0.005)
        return {"price": 10}

    async def prices(self, sku: str) -> AsyncIterator[Any]:
        self.feeds += 1
        try:
            yield Value("a", 1)
            yield Value("b", 2)
            yield LOADED
            number = 2
            while True:
                await asyncio.sleep(0.01)
                if self.open:
                    number += 1
                    yield Value("a", number)
        finally:
            self.stopped += 1

    def serve(self, serve: Serve) -> Serving:
        return serve(MARKET, market=FunctionAgent(prices=self.prices), slow=FunctionAgent(price=self.price))


def ask(sku: str, id: str = "q") -> dict[str, Any]:
    return {"type": "stock.price", "id": id, "data": {"sku": sku}}


def events(serving: Serving, path: str, **headers: str) -> Iterator[dict[str, str]]:
    """Server-sent events, comments among them, until the stream ends."""
    with serving.web.stream("GET", path, headers=headers, timeout=20) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        one: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                one[name or "comment"] = value
            elif one:
                yield one
                one = {}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_client_that_waits_gets_what_there_is_and_comes_back_for_the_rest(serve: Serve) -> None:
    market = Market()
    serving = market.serve(serve)
    first = serving.post(ask("iron"), "/v1/requests", headers={"prefer": "wait=0"})
    assert (first.status_code, first.json()["state"], first.json()["missing"]) == (
        202,
        "routed",
        ["slow.price"],
    )
    page = serving.web.get("/v1/requests/q", params={"after": 0, "wait": 0.05})
    assert (page.json()["frames"], page.json()["cursor"]) == ([], 0)
    tag = page.headers["etag"]
    assert serving.web.get("/v1/requests/q", headers={"if-none-match": tag}).status_code == 304
    market.open = True
    page = serving.web.get("/v1/requests/q", params={"wait": 10}, headers={"if-none-match": tag})
    assert (page.status_code, page.json()["frames"][0]["body"]) == (200, {"price": 10})
    last = serving.web.get("/v1/requests/q", params={"after": page.json()["cursor"], "wait": 5})
    assert last.json()["state"] == "complete"


def test_a_feed_is_followed_and_resumed_where_the_client_was(serve: Serve) -> None:
    market = Market()
    serving = market.serve(serve)
    serving.post(ask("gold"), "/v1/requests", params={"mode": "feed"})
    seen: list[dict[str, Any]] = []
    beats = 0
    for event in events(serving, "/v1/requests/q/events"):
        beats += "comment" in event
        if "id" in event:
            seen.append({**json.loads(event["data"]), "event": event["event"], "id": int(event["id"])})
        if beats == 1:
            market.open = True
        if len(seen) == 6:
            break
    assert beats >= 1
    assert [one["id"] for one in seen] == [1, 2, 3, 4, 5, 6] == [one["seq"] for one in seen]
    assert {one["event"] for one in seen} == {"data", "update"}
    again = []
    for event in events(serving, "/v1/requests/q/events", **{"last-event-id": "4"}):
        if "id" in event:
            again.append(int(event["id"]))
        if len(again) == 5:
            break
    assert again == [5, 6, 7, 8, 9]
    ended = serving.web.delete("/v1/requests/q")
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    until(lambda: market.stopped == 1)
    rest = list(events(serving, "/v1/requests/q/events"))
    assert rest[-1]["event"] == "end"
    assert (
        serving.web.get("/v1/requests/q/events", headers={"last-event-id": rest[-1]["id"]}).status_code == 204
    )
    assert serving.web.delete("/v1/requests/q").json()["state"] == "cancelled"


@pytest.mark.parametrize("path", ["/v1/requests/q/events?disconnect=cancel", "/v1/requests/q/events"])
def test_who_leaves_may_have_said_that_nobody_wants_it_then(serve: Serve, path: str) -> None:
    market = Market()
    serving = market.serve(serve)
    serving.post(ask("gold"), "/v1/requests", params={"mode": "feed"})
    for event in events(serving, path):
        if event.get("id") == "2":
            break
    if "cancel" in path:
        until(lambda: market.stopped == 1)
        assert serving.web.get("/v1/requests/q").json()["why"] == "the client has left"
    else:
        time.sleep(0.1)
        assert serving.web.get("/v1/requests/q").json()["state"] in ("partial", "live")


def test_who_waits_and_leaves_takes_the_question_back(serve: Serve) -> None:
    serving = Market().serve(serve)
    body = json.dumps(ask("iron")).encode()
    head = (
        f"POST /v1/requests?disconnect=cancel HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=30\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", serving.port), 5) as line:
        line.sendall(head.encode() + body)
        until(lambda: serving.web.get("/v1/requests/q").status_code == 200)
    until(lambda: serving.web.get("/v1/requests/q").json()["state"] == "cancelled")


def test_the_answers_of_before_are_given_with_their_age(serve: Serve) -> None:
    market = Market()
    market.open = True
    serving = market.serve(serve)
    wait = {"prefer": "wait=10"}
    serving.post(ask("iron", "a"), "/v1/requests", headers=wait)
    again = serving.post(ask("iron", "b"), "/v1/requests", headers={**wait, "cache-control": "max-age=60"})
    assert (again.status_code, again.headers["age"]) == (200, "0")
    assert [frame["cache"] for frame in again.json()["frames"]] == ["hit", "hit"]
    fresh = serving.post(ask("iron", "c"), "/v1/requests", headers={**wait, "cache-control": "no-cache"})
    assert "age" not in fresh.headers


def test_a_forgotten_request_is_a_tombstone(serve: Serve) -> None:
    serving = Market().serve(serve)
    serving.post(ask("nothing"), "/v1/requests", params={"retain": 0.05})
    until(lambda: serving.web.get("/v1/requests/q").status_code == 410)
    problem = serving.web.get("/v1/requests/q").json()
    assert (problem["code"], problem["detail"]) == ("gone", "it was complete and had 1 frames")
    assert serving.web.get("/v1/requests/q/events").status_code == 410
    assert serving.web.get("/v1/events/q").json()["state"] == "finished"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"mode": "stream"}, "`stream` is not a mode"),
        ({"policy": "most"}, "not a completion policy"),
        ({"deadline": "0"}, "`0` is not a number that fits"),
        ({"deadline": "nan"}, "`nan` is not a number that fits"),
        ({"keep_alive": "x"}, "`x` is not a number that fits"),
        ({"retain": "999999999"}, "is not a number that fits"),
        ({"disconnect": "maybe"}, "`maybe` is not known"),
    ],
)
def test_a_parameter_that_is_not_right_is_said_and_nothing_is_asked(
    serve: Serve, params: dict[str, str], said: str
) -> None:
    serving = Market().serve(serve)
    answer = serving.post(ask("iron"), "/v1/requests", params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter")
    assert said in answer.json()["detail"]
    assert answer.json()["remedy"]
    assert serving.web.get("/v1/requests/q").status_code == 404


def test_policies_over_http(serve: Serve) -> None:
    serving = Market().serve(serve)
    first = serving.post(
        ask("gold"), "/v1/requests", params={"policy": "first"}, headers={"prefer": "wait=10"}
    )
    assert (first.status_code, first.json()["state"], first.json()["frames"][0]["body"]) == (
        200,
        "complete",
        1,
    )
    assert serving.web.get("/v1/requests/q", params={"after": "x"}).status_code == 400


def test_a_hub_that_stops_lets_go_of_those_who_listen(serve: Serve) -> None:
    serving = Market().serve(serve)
    serving.post(ask("gold"), "/v1/requests", params={"mode": "feed"})
    seen = []
    for event in events(serving, "/v1/requests/q/events"):
        seen.append(event)
        serving.controller.hub.accepting = False
    assert [event["id"] for event in seen if "id" in event] == ["1", "2"]
