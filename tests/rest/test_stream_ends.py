"""Streams end with their reader, and with the reader's right to listen."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from atamo_rules.rest import sse
from tests.places import write
from tests.rest.conftest import Serving
from tests.rest.test_request_streams import Market, ask, until

PEOPLE = """
groups:
  watchers: {}
users:
  ann: {}
  root: {}
grants:
  - { to: user ann, role: sender, over: everything }
  - { to: group watchers, role: viewer, over: everything }
  - { to: user root, role: admin, over: everything }
"""
SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


class Pieces:
    """A stream that has its next piece always at hand."""

    def __init__(self) -> None:
        self.made, self.closed = 0, False

    async def all(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                self.made += 1
                yield b"piece"
        finally:
            self.closed = True


def test_a_reader_who_has_left_is_heard_of_though_pieces_are_always_at_hand() -> None:
    pieces, gone = Pieces(), asyncio.Event()

    async def send(message: Any) -> None:
        if pieces.made == 3:
            gone.set()

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    asyncio.run(asyncio.wait_for(sse.Stream(pieces.all())(SCOPE, receive, send), 5))
    assert pieces.made < 10


@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_hangs_on_a_reader_who_leaves_is_done_before_the_answer_is_over(after: int) -> None:
    """However early they leave, and without the collector of garbage."""
    pieces, said, left = Pieces(), [], asyncio.Event()

    async def send(message: Any) -> None:
        said.append(message)
        if len(said) > after:
            left.set()
            await asyncio.Event().wait()  # nothing is read any more

    async def receive() -> Any:
        if after:
            await left.wait()
        return {"type": "http.disconnect"}

    async def whole() -> bool:
        await sse.Stream(pieces.all())(SCOPE, receive, send)
        return pieces.closed

    gc.disable()
    try:
        assert asyncio.run(asyncio.wait_for(whole(), 5))
    finally:
        gc.enable()


class Hub:
    """A hub that asks for keys, where ann has a request that waits for its answer."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        names = ("ann", "bob", "root")
        self.keys = {name: serving.run(serving.controller.hub.keyring.make(name)) for name in names}
        assert (
            self.ask("root", "PUT", "/v1/people/users/bob", json={"groups": ["watchers"]}).status_code == 201
        )
        sent = self.ask("ann", "POST", "/v1/requests", json=ask("iron", "waits"))
        assert sent.status_code == 202, sent.text

    def bearer(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[name][0]}"}

    def ask(self, name: str, method: str, path: str, **more: Any) -> httpx2.Response:
        return self.serving.web.request(method, path, headers=self.bearer(name), **more)


@pytest.fixture
def hub(serve: Callable[..., Serving], tmp_path: Path) -> Iterator[Hub]:
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    market = Market()
    made = Hub(market.serve(serve))
    yield made
    made.ask("root", "DELETE", "/v1/requests/waits")


def revoked(hub: Hub) -> None:
    assert hub.ask("root", "DELETE", f"/v1/keys/{hub.keys['bob'][1].id}").status_code == 200


def taken_out(hub: Hub) -> None:
    assert hub.ask("root", "PUT", "/v1/people/users/bob", json={}).status_code == 200


def removed(hub: Hub) -> None:
    assert hub.ask("root", "DELETE", "/v1/people/users/bob").status_code == 200


@pytest.mark.parametrize("path", ["/v1/requests/waits/events", "/v1/events/waits/follow"])
@pytest.mark.parametrize("change", [revoked, taken_out, removed])
def test_who_may_listen_no_longer_hears_no_more(hub: Hub, path: str, change: Callable[[Hub], None]) -> None:
    with (
        httpx2.Client(base_url=hub.serving.web.base_url, trust_env=False, timeout=20) as other,
        other.stream("GET", path, headers=hub.bearer("bob")) as answer,
        other.stream("GET", path, headers=hub.bearer("ann")) as own,
    ):
        assert (answer.status_code, own.status_code) == (200, 200)
        pieces, others = answer.iter_text(), own.iter_text()
        assert next(pieces).startswith("retry:")
        assert next(others).startswith("retry:")
        change(hub)
        text = "".join(pieces)  # it ends, and does not time out
        code = "unknown-id" if change is taken_out else "unauthenticated"
        last = text.rstrip("\n").rpartition("\n\n")[2]
        assert last.startswith("event: problem\ndata: ")
        assert f'"code":"{code}"' in last
        assert any("still here" in piece for piece in others)  # and the sender's goes on
    assert hub.ask("bob", "GET", path).status_code == (404 if change is taken_out else 401)
    assert hub.ask("root", "GET", "/v1/audit?kind=access.denied").json()["records"]


def test_a_key_that_ends_ends_its_streams(hub: Hub) -> None:
    ring = hub.serving.controller.hub.keyring
    text, key = hub.serving.run(ring.make("ann", expires="2999-01-01T00:00:00+00:00"))
    with hub.serving.web.stream(
        "GET", "/v1/requests/waits/events", headers={"authorization": f"Bearer {text}"}, timeout=20
    ) as answer:
        pieces = answer.iter_text()
        next(pieces)
        ring.keys[key.id] = replace(key, expires="2000-01-01T00:00:00+00:00")
        assert all("stock" not in piece for piece in pieces)
    until(lambda: hub.ask("ann", "GET", "/v1/requests/waits").status_code == 200)


Waits = tuple[str, str, str, dict[str, Any]]
WAITS: list[Waits] = [
    ("bob", "GET", "/v1/requests/waits?wait=30&after=1", {}),
    ("bob", "GET", "/v1/requests/waits?wait=30", {}),
    ("root", "GET", "/v1/audit?kind=hub.degraded", {"prefer": "wait=30"}),
    ("ann", "POST", "/v1/requests", {"prefer": "wait=30"}),
]


@pytest.mark.parametrize("waits", WAITS, ids=lambda one: f"{one[1]} {one[2]}")
def test_a_wait_ends_with_the_key_that_it_was_begun_with(hub: Hub, waits: Waits) -> None:
    """Within a second or so, not after the half minute that was asked for: and is told what is wrong."""
    who, method, path, heads = waits
    text, key = hub.serving.run(hub.serving.controller.hub.keyring.make(who))
    seen: list[httpx2.Response] = []

    def wait() -> None:
        with httpx2.Client(base_url=hub.serving.web.base_url, trust_env=False, timeout=20) as other:
            body = {"json": ask("iron", "longer")} if method == "POST" else {}
            heads["authorization"] = f"Bearer {text}"
            seen.append(other.request(method, path, headers=heads, **body))

    waiting = threading.Thread(target=wait)
    waiting.start()
    until(lambda: hub.serving.controller.hub.keyring.used.get(key.id) is not None)
    assert hub.ask("root", "DELETE", f"/v1/keys/{key.id}").status_code == 200
    waiting.join(15)
    assert [(one.status_code, one.json()["code"]) for one in seen] == [(401, "unauthenticated")]
    if method == "POST":
        hub.ask("root", "DELETE", "/v1/requests/longer")


def test_a_wait_ends_when_whoever_waits_may_see_no_more(hub: Hub) -> None:
    seen: list[httpx2.Response] = []

    def wait() -> None:
        with httpx2.Client(base_url=hub.serving.web.base_url, trust_env=False, timeout=20) as other:
            seen.append(other.get("/v1/requests/waits?wait=30", headers=hub.bearer("bob")))

    waiting = threading.Thread(target=wait)
    waiting.start()
    until(lambda: hub.keys["bob"][1].id in hub.serving.controller.hub.keyring.used)
    taken_out(hub)
    waiting.join(15)
    assert [(one.status_code, one.json()["code"]) for one in seen] == [(404, "unknown-id")]
