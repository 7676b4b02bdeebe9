"""A hub that is watched: numbers that are scraped, thresholds that wake somebody, messages that are followed."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.requests import Request

import atamo_rules as atamo
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.authority import Principal
from atamo_rules.model.people import User
from atamo_rules.rest.app import application
from tests.cli.dispatcher import Dispatcher
from tests.cli.dispatcher import atamo as command
from tests.hub.stage import Heard
from tests.places import write

RULES = """
event order.placed
  sku: text
event hub.alert
  name: text
  state: text
  message: text
agent shop
  send note
    sku: text
agent pager
  send page
    message: text
rule order
  on order.placed
  do
    send shop.note
      sku: sku
rule wake
  on hub.alert
  when state is "raised"
  do
    send pager.page
      message: message
"""
Story = Callable[["Watched"], Any]


class Watched:
    """A controller with a threshold on dead letters, and whom it woke."""

    def __init__(self, store: atamo.Store | None = None) -> None:
        self.heard, self.paged, self.alerts = Heard(), list[str](), list[str]()
        self.gate, self.beat = asyncio.Event(), asyncio.Event()
        self.gate.set()

        async def note(sku: str) -> Any:
            await self.gate.wait()
            return atamo.Failed("no such thing") if sku == "bad" else None

        self.controller = atamo.Controller(
            atamo.TextProvider(RULES), store or atamo.MemoryStore(), (self.heard,),
            alarm=lambda alert: self.alerts.append(f"{alert.kind}: {alert.message}"),
            agents={
                "shop": atamo.FunctionAgent(note=note),
                "pager": atamo.FunctionAgent(page=lambda message: self.paged.append(message)),
            },
            thresholds=(atamo.Threshold("dead", "dead", above=0),),
        )  # fmt: skip

    async def order(self, sku: str, id: str, user: str = "") -> None:
        await self.controller.hub.submit_json(
            {"type": "order.placed", "id": id, "data": {"sku": sku}}, user=User(user) if user else None
        )

    def web(self, **more: Any) -> httpx2.AsyncClient:
        app = application(lambda: self.controller.hub, ("test",), beat=0.05, **more)

        async def noted(scope: Any, receive: Any, send: Any) -> None:
            """The application, and whether a stream of it has said that it lives: a client here has it whole or not."""

            async def told(message: Any) -> None:
                if b": still here" in message.get("body", b""):
                    self.beat.set()
                await send(message)

            await app(scope, receive, told)

        return httpx2.AsyncClient(transport=httpx2.ASGITransport(noted), base_url="http://test")


def run(story: Story) -> Watched:
    async def whole() -> Watched:
        watched = Watched()
        async with asyncio.timeout(20), watched.controller:
            await story(watched)
        return watched

    return asyncio.run(whole())


def test_a_threshold_wakes_the_program_and_by_a_rule_a_person() -> None:
    async def story(watched: Watched) -> None:
        await watched.order("bad", "o")
        await watched.controller.hub.wait("o", 60)
        await watched.controller.monitor.look()
        while not watched.paged:
            await asyncio.sleep(0.01)
        assert await watched.controller.monitor.look() == ()

    watched = run(story)
    assert watched.paged == ["dead: dead is above 0, it is 1"]
    assert "threshold: dead: dead is above 0, it is 1" in watched.alerts
    assert watched.heard.what("alert.raised") == [
        {"name": "dead", "measure": "dead", "limit": "above 0", "value": "1"}
    ]


@pytest.mark.parametrize("accept", ["application/openmetrics-text", "text/plain"])
def test_the_numbers_are_scraped(accept: str) -> None:
    async def story(watched: Watched) -> None:
        for number in range(5):
            await watched.order("bad" if number == 0 else "good", f"o{number}")
            await watched.controller.hub.wait(f"o{number}", 60)
        await watched.controller.monitor.look()
        async with watched.web() as web:
            answer = await web.get("/metrics", headers={"accept": accept})
        if "openmetrics" not in accept:
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert "# EOF" not in answer.text
            return
        assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        read: Any = text_string_to_metric_families
        got = {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in read(answer.text)
            for sample in family.samples
        }
        assert got["atamo_events_by_type_total", "order.placed"] == 5
        assert got["atamo_actions_total", "done", "shop"] == 4
        assert got["atamo_actions_total", "failed", "shop"] == 1
        assert got["atamo_event_seconds_count",] >= 5
        assert got["atamo_dead_letters",] == 1
        assert got["atamo_rules", watched.controller.hub.current.digest] == 2

    run(story)


def test_a_sender_follows_a_message_to_its_end() -> None:
    async def story(watched: Watched) -> None:
        hub = watched.controller.hub
        watched.gate.clear()
        await watched.order("good", "o")
        async with watched.web() as web:
            so_far = (await web.get("/v1/events/o/telemetry")).json()
            assert [step["kind"] for step in so_far["steps"]][:2] == ["event.accepted", "event.decided"]
            following = asyncio.create_task(web.get("/v1/events/o/follow"))
            await watched.beat.wait()
            watched.gate.set()
            text = (await following).text
            assert ": still here" in text
            kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
            assert kinds == watched.heard.kinds("o")
            assert kinds[-1] == "event.finished"
            data = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
            started = next(step for step in data if step["kind"] == "action.started")
            assert (started["target"], started["attempt"]) == ("shop.note", 1)
            resumed = await web.get(
                "/v1/events/o/follow", headers={"last-event-id": str(data[-2]["position"])}
            )
            assert resumed.text.count("event: ") == 1
            page = (await web.get("/v1/events/o/telemetry", params={"after": so_far["cursor"]})).json()
            assert [step["kind"] for step in page["steps"]] == kinds[len(so_far["steps"]) :]
            assert (await web.get("/v1/events/none/telemetry")).status_code == 404
        assert [r.kind async for r in hub.followers.follow("o") if r is not None] == kinds

    run(story)


def test_nobody_follows_what_another_sent() -> None:
    async def story(watched: Watched) -> None:
        await watched.order("good", "hers", "ann")
        await watched.order("good", "nobody")

        async def sign_in(request: Request) -> Principal:
            return Principal(User(request.headers.get("x-who", "")))

        async with watched.web(others=(sign_in,)) as web:
            for id, who, status in (
                ("hers", "ann", 200),
                ("hers", "bob", 404),
                ("hers", "", 404),
                ("nobody", "ann", 404),
            ):
                for path in ("telemetry", "follow"):
                    answer = await web.get(f"/v1/events/{id}/{path}", headers={"x-who": who})
                    assert answer.status_code == status, (id, who, path)

    run(story)


def test_what_is_remembered_of_messages_is_bounded() -> None:
    async def story(watched: Watched) -> None:
        followers = watched.controller.hub.followers
        followers.most = 50
        for number in range(40):
            await watched.order("good", f"o{number}")
            await watched.controller.hub.wait(f"o{number}", 60)
        assert 0 < followers.size <= 50
        first, last = (
            await followers.steps("o0"),
            await followers.steps("o39"),
        )  # from the store, and from here
        assert [step.kind for step in first] == [step.kind for step in last]
        assert first[-1].kind == "event.finished"
        assert await followers.steps("o0", after=first[1].position, limit=2) == first[2:4]
        assert await followers.steps("o39", after=last[1].position, limit=2) == last[2:4]
        for id, steps in (("o0", first), ("o39", last)):
            assert [step async for step in followers.follow(id)] == steps
            assert [step async for step in followers.follow(id, steps[-1].position)] == []
        assert await followers.steps("nobody") == []

    run(story)


def test_what_a_process_before_took_can_be_followed_to_its_end(tmp_path: Path) -> None:
    told: list[list[AuditRecord]] = []

    async def before() -> None:
        watched = Watched(atamo.SqliteStore(tmp_path / "hub.db"))
        async with asyncio.timeout(20), watched.controller:
            if not told:
                await watched.order("good", "o")
                await watched.controller.hub.wait("o", 60)
            followers = watched.controller.hub.followers
            told.append([step async for step in followers.follow("o") if step is not None])

    asyncio.run(before())
    asyncio.run(before())
    assert told[0] == told[1]
    assert told[0][-1].kind == "event.finished"


def test_the_dispatcher_watches_what_it_is_told_to(tmp_path: Path) -> None:
    project = write(tmp_path / "p", {"rules/a.atamo": RULES})
    with Dispatcher(str(project), "--port", "0", "--alert", "throughput below 1000000") as dispatcher:
        dispatcher.said("throughput below 1000000: throughput is below")
        dispatcher.end(signal.SIGTERM)
    wrong = command("run", str(project), "--port", "0", "--alert", "speed above 1")
    assert wrong.returncode == 2
    assert "`speed` is not measured: there are throughput" in wrong.stderr
