"""The Python client against a real hub: both forms, refusals, hubs that are away or busy, and streams that break."""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
import ssl
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atamo_rules.client import AsyncClient, Client, Frame, Problem, Unreachable, calls, told
from atamo_rules.client.calls import Events
from atamo_rules.testing.agents import ScriptedAgent
from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = """
event tick
  n: number

request quote
  sku: text
  answer
    price: whole

agent desk
  uses log
  send note
    n: number

rule noted
  on tick
  when n > 5
  do
    send desk.note
      n: n

rule quoted
  on request quote
  do
    reply
      price: length(sku)
"""


def url(serving: Serving) -> str:
    return f"http://127.0.0.1:{serving.port}"


def test_events_are_sent_told_of_and_sent_again_without_harm(serve: Callable[..., Serving]) -> None:  # noqa: F811
    serving = serve(RULES)
    with Client(url(serving)) as hub:
        assert hub.send("tick", {"n": Decimal("7.10")}, id="a/b?", source="here").state == "accepted"
        assert hub.send("tick", {"n": Decimal("7.10")}, id="a/b?", source="here").state == "duplicate"
        serving.run(serving.controller.hub.wait("here#a/b?", 60))
        assert hub.message("here#a/b?")["type"] == "tick"
        assert [
            one.state for one in hub.send_all([{"type": "tick", "data": {"n": 1}}, {"type": "tock"}])
        ] == [
            "accepted",
            "refused",
        ]
        assert hub.why("here#a/b?", "noted")["condition"]["held"]
        assert hub.get("/v1/rules")["rules"][0]["id"] == "noted"
        assert hub.order("PUT", "/v1/holds/agent/desk")["kind"] == "agent"


def test_answers_come_whole_by_page_and_as_they_come(serve: Callable[..., Serving]) -> None:  # noqa: F811
    with Client(url(serve(RULES))) as hub:
        opened = hub.request("quote", {"sku": "abc"}, id="q1", wait=10)
        assert (opened.over, opened.frames[0].body) == (True, {"price": 3})
        assert hub.page("q1").frames[0].body == {"price": 3}
        kinds = [frame.kind for frame in hub.ask("quote", {"sku": "abcd"}, id="q2")]
        assert kinds[0] == "data"
        assert [frame.kind for frame in hub.frames("q2")][-1] == "end"


def test_the_same_with_await(serve: Callable[..., Serving]) -> None:  # noqa: F811
    serving = serve(RULES)

    async def story() -> None:
        async with AsyncClient(url(serving)) as hub:
            assert (await hub.send("tick", {"n": 9})).state == "accepted"
            frames = [frame async for frame in hub.ask("quote", {"sku": "abc"}, policy="first")]
            assert frames[0].body == {"price": 3}
            with pytest.raises(Problem):
                await hub.message("nothing")

    asyncio.run(story())


WAITING = """
request quote
  sku: text
  answer
    price: whole

agent shop
  ask price
    sku: text
    answer
      price: whole

rule quoted
  on request quote
  do
    ask shop.price within 10 minutes as found
      sku: sku
    reply
      price: found.price
"""


def test_a_request_that_is_cancelled_is_over(serve: Callable[..., Serving]) -> None:  # noqa: F811
    serving = serve(WAITING, shop=ScriptedAgent(600.0))

    async def with_await() -> None:
        async with AsyncClient(url(serving)) as hub:
            assert not (await hub.request("quote", {"sku": "a"}, id="a")).over
            await hub.cancel_request("a")
            assert (await hub.page("a")).over

    asyncio.run(with_await())
    with Client(url(serving)) as hub:
        assert not hub.request("quote", {"sku": "b"}, id="b").over
        hub.cancel_request("b")
        assert [frame.kind for frame in hub.frames("b")] == ["end"]


def test_what_the_hub_refuses_is_said_with_its_code_and_remedy(serve: Callable[..., Serving]) -> None:  # noqa: F811
    with Client(url(serve(RULES))) as hub:
        with pytest.raises(Problem) as found:
            hub.send("tock", {})
        assert (found.value.status, found.value.code) == (404, "unknown-type")
        assert found.value.remedy
        with pytest.raises(Problem, match="no request of this id"):
            list(hub.frames("nothing"))


def test_both_clients_have_the_same_methods() -> None:
    def shape(kind: type) -> dict[str, Any]:
        own = {name: one for name, one in vars(kind).items() if not name.startswith("_") and callable(one)}
        return {name: list(inspect.signature(one).parameters.items()) for name, one in own.items()}

    assert shape(Client) == shape(AsyncClient)


def whole(line: socket.socket) -> bytes:
    """One HTTP request with its body."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length is not None and len(body) < int(length[1]):
        piece = line.recv(65536)
        got, body = got + piece, body + piece
    return got


class Answers:
    """A server that says what it was told to, one connection after another."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[bytes] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, args=(answers,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def _serve(self, answers: tuple[bytes, ...]) -> None:
        for answer in answers:
            line, _ = self.listening.accept()
            with line:
                self.asked.append(whole(line))
                line.sendall(answer)
        self.listening.close()


def http(status: str, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"))
    return head.encode() + b"\r\n\r\n" + body


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "pause", lambda tried, after: 0.0)


def test_a_hub_that_has_no_time_is_asked_again_with_the_same_id() -> None:
    busy = http("503 Busy", b'{"title":"busy"}', "Retry-After: 0")
    server = Answers(busy, busy, http("202 Accepted", b'{"id":"x","state":"accepted"}'))
    with Client(server.url) as hub:
        assert hub.send("tick", {"n": 1}).state == "accepted"
    bodies = {asked.partition(b"\r\n\r\n")[2] for asked in server.asked}
    assert (len(server.asked), len(bodies)) == (3, 1)


def test_a_hub_that_stays_busy_or_away_is_said() -> None:
    busy = http("503 Busy", b'{"title":"busy","code":"busy"}')
    with Client(Answers(busy, busy, busy, busy).url) as hub, pytest.raises(Problem, match="busy"):
        hub.send("tick")
    with Client("http://127.0.0.1:9") as hub, pytest.raises(Unreachable, match="no hub answers"):
        hub.send("tick")


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"id": 1}', b""])
def test_what_is_no_hub_is_said(body: bytes) -> None:
    with Client(Answers(http("200 OK", body)).url) as hub, pytest.raises(Unreachable, match="not a hub"):
        hub.send("tick")


def test_a_stream_that_breaks_is_taken_up_where_it_broke() -> None:
    def event(seq: int, kind: str = "data") -> bytes:
        return f'id: {seq}\nevent: {kind}\ndata: {{"seq":{seq},"kind":"{kind}","body":{seq}}}\n\n'.encode()

    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def chunk(data: bytes) -> bytes:
        return f"{len(data):x}\r\n".encode() + data + b"\r\n"

    first = head + chunk(b"retry: 2000\n\n" + event(1) + b": still here\n\n" + event(2)[:-5])
    second = head + chunk(event(2) + event(3, "end")) + b"0\r\n\r\n"
    server = Answers(first, second)
    with Client(server.url) as hub:
        assert [frame.seq for frame in hub.frames("q")] == [1, 2, 3]
    assert b"last-event-id: 1" in server.asked[1].lower()


def test_lines_of_a_stream_are_read_as_the_standard_says() -> None:
    events = Events()
    lines = [": beat", "", "event:data", 'data: {"seq": 1,', 'data: "kind": "data", "body": null}', ""]
    found = [one for line in lines for one in events.line(line)]
    assert found == [("data", {"seq": 1, "kind": "data", "body": None})]
    assert told.frame(found[0][1]) == Frame(1, "data", None)
    assert not calls.is_frame({"after": 1})


def test_the_end_of_a_part_is_not_the_end_of_a_request() -> None:
    assert calls.is_last({"kind": "end", "seq": 9})
    for part in ({"kind": "end", "agent": "desk"}, {"kind": "end", "rule": "quoted"}, {"kind": "data"}):
        assert not calls.is_last(part)


def test_agents_and_people_are_told_of_made_and_removed(serve: Callable[..., Serving]) -> None:  # noqa: F811
    serving = serve(RULES)
    with Client(url(serving)) as hub:
        assert [one["name"] for one in hub.agents()] == ["desk"]
        hub.set_person("organisations", "acme", about="Acme")
        assert hub.set_person("users", "ann/1", organisation="acme")["organisation"] == "acme"
        assert [one["name"] for one in hub.people("users")] == ["ann/1"]
        assert hub.remove_person("users", "ann/1")["name"] == "ann/1"
        assert hub.people("users") == []


@pytest.mark.parametrize(
    "given", ["http://[::1", "http://a:b", "localhost:8080", "127.0.0.1", "ftp://hub.example", "http://", ""]
)
def test_what_is_no_address_is_said_at_once(given: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match="is no address"):
            kind(given)


def test_one_try_is_one_call() -> None:
    with Client("http://127.0.0.1:9", tries=1) as hub, pytest.raises(Unreachable) as refused:
        hub.get("/v1/rules")
    assert refused.value.how == "away"


def test_certificates_of_the_system_are_read_only_where_they_are_asked_for() -> None:
    plain = calls.trusted("http://hub.example")
    assert isinstance(plain, ssl.SSLContext)
    assert (plain.verify_mode, plain.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not plain.cert_store_stats()["x509"], "whoever speaks TLS there is not believed"
    assert calls.trusted("https://hub.example") is True
    assert calls.trusted("HTTPS://hub.example") is True
