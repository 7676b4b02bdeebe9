"""Streams under odd questions and worse readers: nothing but described answers, whole events, and nobody left behind.

The fuzzer of `test_openapi.py` leaves streams out, for they have no end; this one reads as much as it likes.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest

from atamo_rules.rest.catalogue import CATALOGUE
from atamo_rules.rest.parameters import digits
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.rest.test_request_streams import Market, ask, until

CALLS = int(os.environ.get("ATAMO_STREAM_CALLS", "250"))
IDS = ("feed", "waits", "over", "gone", "none", "@acme%23x", "a%2Fb", "%F0%9F%90%8C", "feed%2Fevents")
NUMBERS = ("0", "1", "2", "4", "9007199254740992", "9007199254740993", "9" * 18, "9" * 400, "-1", "1.5", "1e3", "",
           " 2", "\u0663", "two", "0x1", "NaN", "'; drop table ev")  # fmt: skip
NAMES = ("after", "after", "after", "disconnect", "disconnect", "After", "wait", "")
WORDS = ("keep", "cancel", "KEEP", "", *NUMBERS)
ACCEPTS = ("text/event-stream", "*/*", "text/*;q=0.1", "application/json", "text/event-stream;q=0", "???")
Found = tuple[int, dict[str, str], bytes]


class Fuzzed:
    """One call: what is asked, and how its answer is read."""

    def __init__(self, chance: random.Random) -> None:
        self.way, self.id = chance.choice(("follow", "events")), chance.choice(IDS)
        asked = [
            (name, chance.choice(WORDS if name == "disconnect" else NUMBERS))
            for name in chance.sample(NAMES, chance.choice((0, 0, 1, 1, 2)))
        ]
        self.last = chance.choice((None, None, *NUMBERS))
        self.method = chance.choice(("GET",) * 12 + ("HEAD", "POST", "OPTIONS"))
        kind = "requests" if self.way == "events" else "events"
        self.path = f"/v1/{kind}/{{id}}/{self.way}"
        query = f"?{urlencode(asked)}" if asked else ""
        heads = [f"{self.method} {self.path.replace('{id}', self.id)}{query} HTTP/1.1", "Host: localhost"]
        if self.last is not None:
            heads.append(f"Last-Event-ID: {self.last}")
        if chance.random() < 0.3:
            heads.append(f"Accept: {chance.choice(ACCEPTS)}")
        self.bytes = ("\r\n".join(heads) + "\r\n\r\n").encode()
        self.after = digits((self.last or "").strip())
        self.reader = chance.choice(("reads", "reads", "reads", "leaves", "resets", "stays", "half"))


def read(line: socket.socket, call: Fuzzed, most: int = 4) -> Found | None:
    """Status, headers and the body; of a stream what comes in some pieces. None where it ends within the head."""
    got = b""
    line.settimeout(5)
    with suppress(TimeoutError, ConnectionError):
        while piece := line.recv(4096):
            got += piece
            head, whole, body = got.partition(b"\r\n\r\n")
            size = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
            most -= bool(whole)
            if whole and (call.method == "HEAD" or (len(body) >= int(size[1]) if size else most <= 0)):
                break
            if whole and not size:
                line.settimeout(0.3)  # a silent stream says within 0.1 seconds that it lives
    head, whole, body = got.partition(b"\r\n\r\n")
    if not whole:
        return None
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), dict(one.lower().split(": ", 1) for one in rest), body


def unchunked(body: bytes) -> bytes:
    """What chunks hold that came whole."""
    made = b""
    while (size := body.partition(b"\r\n"))[1] and len(size[2]) >= int(size[0], 16) + 2:
        made += size[2][: int(size[0], 16)]
        body = size[2][int(size[0], 16) + 2 :]
    return made


def wrong(call: Fuzzed, found: Found, described: dict[str, Any]) -> str:
    """What an answer has that it should not, or nothing."""
    status, headers, body = found
    told = described["paths"][call.path].get(call.method.lower().replace("head", "get"), {"responses": {}})
    if call.method in ("HEAD", "OPTIONS") and status < 400:
        return "a body" if body else ""
    if status >= 500:
        return "a fault"
    if status < 300:
        if str(status) not in told["responses"]:
            return "not described"
        return stream(call, unchunked(body)) if status == 200 else ""
    if call.method == "HEAD":
        return "" if headers["content-type"] == "application/problem+json" else "no problem"
    problem = json.loads(body)
    kind = CATALOGUE.get(problem["code"])
    known = kind is not None and status == problem["status"] and status in kind.statuses
    return (
        "" if known and headers["content-type"] == "application/problem+json" else "no problem that is known"
    )


def stream(call: Fuzzed, text: bytes) -> str:
    """What is wrong with the events of a stream: each is whole, and comes after those that its reader had."""
    last = call.after if call.after is not None else -1
    for event in text.decode().split("\n\n")[:-1]:
        if event.startswith((":", "retry: ")):
            continue
        fields = dict(one.split(": ", 1) for one in event.split("\n"))
        if set(fields) - {"id", "event", "data"} or not isinstance(json.loads(fields["data"]), dict):
            return f"no event: {event}"
        if "id" in fields:
            if int(fields["id"]) <= last:
                return f"{fields['id']} after {last}"
            last = int(fields["id"])
    return ""


def under_way(serving: Serving) -> tuple[Counter[str], int]:
    """The tasks of the hub's loop by what they do, and who follows an event."""

    async def count() -> tuple[Counter[str], int]:
        names = Counter(str(getattr(task.get_coro(), "__qualname__", "")) for task in asyncio.all_tasks())
        del names["Lane._serve"]  # one of each agent, from its first action on
        return names, len(serving.controller.hub.followers._bells)

    found: tuple[Counter[str], int] = serving.run(count())
    return found


@pytest.mark.slow
def test_odd_questions_and_bad_readers_leave_nothing_behind(
    serve: Callable[..., Serving],  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    market = Market()
    serving = market.serve(serve)
    market.open = True
    for id, sku, more in (("over", "nothing", {}), ("gone", "nothing", {"retain": 0.05})):
        assert serving.post(ask(sku, id), "/v1/requests", params=more).status_code == 202
    until(lambda: serving.web.get("/v1/requests/gone").status_code == 410)
    market.open = False
    assert serving.post(ask("iron", "waits"), "/v1/requests").status_code == 202
    serving.web.headers["connection"] = "close"
    described = serving.web.get("/openapi.json").json()
    until(lambda: under_way(serving)[1] == 0)
    before = under_way(serving)
    statuses, seed = Counter[int](), int(os.environ.get("ATAMO_STREAM_SEED", "1"))
    chance, staying = random.Random(seed), list[socket.socket]()
    for number in range(CALLS):
        if number % 40 == 0:  # those who leave may take it along
            serving.web.delete("/v1/requests/feed")
            serving.post(ask("gold", "feed"), "/v1/requests", params={"mode": "feed"})
        call = Fuzzed(chance)
        line = socket.create_connection(("127.0.0.1", serving.port), 5)
        if call.reader == "half":
            line.sendall(call.bytes[: chance.randrange(len(call.bytes))])
        else:
            line.sendall(call.bytes)
        if call.reader == "reads" and (found := read(line, call)) is not None:
            assert not (why := wrong(call, found, described)), (seed, number, call.bytes, found, why)
            statuses[found[0]] += 1
        if call.reader == "stays":
            staying.append(line)
            line = staying.pop(0) if len(staying) > 8 else socket.socket()
        elif call.reader == "resets":  # with a linger of none, closing is a reset
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        line.close()
    for line in staying:
        line.close()
    # Though what they read goes on:
    until(lambda: not any("run_asgi" in name for name in under_way(serving)[0]))
    market.open = True
    serving.web.delete("/v1/requests/feed")
    serving.web.delete("/v1/requests/waits")
    assert set(statuses) >= {200, 204, 400, 404, 405, 406, 410}, statuses
    until(lambda: under_way(serving)[1] == 0)
    until(lambda: not under_way(serving)[0] - before[0])
    until(lambda: market.stopped == market.feeds)
    assert serving.web.get("/healthz").status_code == 200
    # asyncio warns where something is written again and again to who has left.
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
