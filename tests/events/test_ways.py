"""Providers at work: contained, started again, counted, named in the audit, and handed the answers they asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.events import drop
from atamo_rules.builtin.events.drop import DropFolder
from atamo_rules.builtin.events.iterated import IteratedEvents
from atamo_rules.builtin.events.signatures import SCHEMES
from atamo_rules.builtin.events.webhook import Webhook
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub import owing, ways
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.hub.ways import Way, named
from atamo_rules.testing.contracts import EventProviderContract, ReceiverContract
from atamo_rules.testing.doubles import ListedEvents, RememberingAuditor
from tests.events.test_signatures import KEY, sign
from tests.places import write
from tests.waiting import until

RULES = """
event thing.seen
  n: whole

request ask
  n: whole
  answer
    n: whole

rule answer
  on request ask
  do
    reply
      n: n + 1
"""


def seen(n: int, **more: Any) -> dict[str, Any]:
    return {"type": "thing.seen", "id": f"e{n}", "data": {"n": n}, **more}


class TestIteratedEvents(EventProviderContract):
    def provider(self) -> IteratedEvents:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.loop = asyncio.get_running_loop()

        async def each() -> AsyncIterator[Any]:
            while True:
                yield await self.queue.get()

        return IteratedEvents(each())

    def bring(self, messages: list[bytes]) -> None:
        for message in messages:
            self.loop.call_soon_threadsafe(self.queue.put_nowait, json.loads(message))


class _Signs(ReceiverContract):
    scheme: ClassVar[str]
    body = b'{"id": "1", "type": "a.b", "data": {}}'

    @pytest.fixture(autouse=True)
    def _key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ATAMO_TEST_HOOK", KEY)

    def receiver(self) -> Webhook:
        given = {"path": "/hooks/x", "scheme": self.scheme, "secrets": [{"env": "ATAMO_TEST_HOOK"}]}
        return Webhook("x", given, ".")

    def post(self, now: datetime) -> tuple[Mapping[str, str], bytes]:
        return {**sign(self.scheme, self.body, KEY, now), "X-GitHub-Event": "push"}, self.body


class TestGithub(_Signs):
    scheme = "github"


class TestStripe(_Signs):
    scheme = "stripe"


class TestSlack(_Signs):
    scheme = "slack"


class TestStandard(_Signs):
    scheme = "standard"


def test_every_scheme_is_held_to_the_suite() -> None:
    assert {kind.scheme for kind in _Signs.__subclasses__()} == set(SCHEMES)


def test_an_iterable_of_the_program_is_a_source(tmp_path: Path) -> None:
    async def story() -> None:
        refused: list[Any] = []
        heard = RememberingAuditor()
        given = [seen(1), seen(2, data={"n": "no"}), {**seen(3), "data": {"n": 3.0}}]
        clicks = IteratedEvents(given, refused=lambda event, why: refused.append((event["id"], why)))
        events = [Way("clicks", clicks), ListedEvents()]
        async with Controller(TextProvider(RULES), MemoryStore(), (heard,), events=events) as controller:
            clicked, listed = controller.hub.ways.ways
            await until(lambda: clicked.state == "ended")
            assert (clicked.taken, clicked.refused, listed.name) == (2, 1, "ListedEvents")
            assert [id for id, _ in refused] == ["e2"]
        told = {one.kind: one.what for one in heard.records}
        assert told["event.accepted"]["via"] == told["event.refused"]["via"] == "clicks"

    asyncio.run(story())


def test_one_that_breaks_is_said_and_started_again_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "FIRST", 0.01)

    class Breaking:
        runs = 0

        async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
            self.runs += 1
            await submit(json.dumps(seen(self.runs)).encode())
            if self.runs < 3:
                raise (SystemExit if self.runs == 1 else StoreUnavailable)("somebody leaves")

    async def story() -> None:
        heard, alarms = RememberingAuditor(), []
        breaking, other = Breaking(), ListedEvents()
        controller = Controller(
            TextProvider(RULES), MemoryStore(), (heard,), alarm=alarms.append,
            events=[Way("bad", breaking), Way("good", other)],
        )  # fmt: skip
        async with controller:
            bad, good = controller.hub.ways.ways
            await until(lambda: bad.state == "ended")
            other.bring(json.dumps(seen(9)).encode())
            await until(lambda: good.taken == 1)
            assert (breaking.runs, bad.taken) == (3, 3)
        assert [one.message for one in alarms] == [
            "the source `bad` broke off: SystemExit: somebody leaves",
            "the source `bad` broke off: somebody leaves",
        ], "what is our own says a sentence, and is not told by its class"
        assert [one.what["source"] for one in heard.records if one.kind == "source.broken"] == ["bad", "bad"]

    asyncio.run(story())


def test_names_are_given_to_those_that_have_none() -> None:
    assert [way.name for way in named([ListedEvents(), ListedEvents(), IteratedEvents(())])] == [
        "ListedEvents", "ListedEvents-2", "IteratedEvents",
    ]  # fmt: skip


def test_messages_of_a_source_come_in_the_name_of_its_user(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.atamo": RULES, "people.yaml": "users:\n  robot: { organisation: acme }\n"})

    async def story() -> None:
        store = MemoryStore()
        events = [Way("clicks", IteratedEvents([seen(1)]), "robot")]
        async with Controller(FolderProvider(folder, watch=False), store, events=events) as controller:
            await until(lambda: controller.hub.ways.ways[0].taken == 1)
            key = await store.find("e1")
            assert key is not None
            event = await store.event(key)
            assert event is not None
            assert (event.who, event.realm) == ("robot", "acme/robot")

    asyncio.run(story())


def test_answers_of_a_dropped_request_are_put_down_for_whoever_dropped_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop, "EVERY", 0.01)
    inbox = DropFolder(tmp_path / "inbox")
    (tmp_path / "inbox/x.json").write_text('{"type": "ask", "id": "a/1", "data": {"n": 1}}\n')

    async def story() -> None:
        async with Controller(TextProvider(RULES), MemoryStore(), events=[Way("drop", inbox)]):
            await until((tmp_path / "inbox/answers/a%2F1.json").exists)

    asyncio.run(story())
    said = json.loads((tmp_path / "inbox/answers/a%2F1.json").read_text())
    assert said == {"id": "a/1", "state": "complete", "answers": [{"n": 2}], "errors": []}


def test_an_answer_that_nobody_took_is_handed_over_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owing, "FIRST", 0.01)
    asked = [{"type": "ask", "id": "a1", "data": {"n": 1}}]
    got: list[Any] = []
    tried = 0

    async def away(id: str, answers: Answers) -> None:
        nonlocal tried
        tried += 1
        raise ConnectionError("the client is away")

    async def back(id: str, answers: Answers) -> None:
        got.append((id, answers.all))

    async def life(events: list[Any], respond: Any, enough: Callable[[RememberingAuditor], bool]) -> None:
        way, heard = Way("desk", IteratedEvents(events, respond=respond)), RememberingAuditor()
        store = SqliteStore(tmp_path / "hub.db")
        async with Controller(TextProvider(RULES), store, (heard,), events=[way]):
            await until(lambda: enough(heard))
            await asyncio.sleep(0.05)

    def delivered(heard: RememberingAuditor) -> bool:
        """Whether it is noted, too, that they were handed over: else they would be once more."""
        return "reply.delivered" in [one.kind for one in heard.records]

    asyncio.run(life(asked, away, lambda heard: tried >= 2))
    assert got == []
    asyncio.run(life([], back, delivered))
    assert got == [("a1", ({"n": 2},))]
    asyncio.run(life([], back, lambda heard: True))
    assert len(got) == 1, "what was handed over is owed no more"


def test_a_provider_that_is_cancelled_in_its_own_depths_broke_off_and_is_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ways, "FIRST", 0.0)

    class Nested:
        """Waits for a task of its own that somebody cancelled."""

        runs = 0

        async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
            self.runs += 1
            if self.runs == 1:
                inner = asyncio.ensure_future(asyncio.sleep(60))
                inner.cancel()
                await inner
            await submit(json.dumps(seen(1)).encode())
            await asyncio.sleep(60)

    async def story() -> None:
        alerts: list[Any] = []
        way = Way("nested", Nested())
        async with Controller(TextProvider(RULES), MemoryStore(), alarm=alerts.append, events=[way]):
            await until(lambda: way.taken == 1)
            assert (way.provider.runs, way.state) == (2, "open")
            assert "broke off: CancelledError" in alerts[0].message

    asyncio.run(story())
