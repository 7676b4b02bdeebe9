"""What a process leaves open, the next one goes on with: the file is copied from under a running hub, as a kill leaves
it, and another hub is started on the copy."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state
from tests.hub.test_path import ASK, TWO
from tests.waiting import until


class Left:
    """A folder with what a killed hub left, and the next hub on it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.number = 0
        self.alerts: list[Alert] = []
        self.hub: Hub

    def start(self, text: str, agents: Mapping[str, ScriptedAgent], *auditors: Any) -> Hub:
        """A hub on what is there."""
        store = SqliteStore(self.place / str(self.number) / "hub.db")
        self.hub = Hub(state(text, agents), store, auditors, alarm=self.alerts.append)
        self.hub.policy = RetryPolicy(attempts=3, base=0.0)
        return self.hub

    async def kill(self) -> None:
        """Keep the file as it is at this moment, and let the hub go."""
        before = self.place / str(self.number)
        self.number += 1
        shutil.copytree(
            before, self.place / str(self.number), ignore=shutil.ignore_patterns("*.lock", "*-shm")
        )
        await self.hub.drain(0, park=True)
        await self.hub.end()

    async def end(self, event: str) -> Any:
        """What is told once an event is over, and the hub is."""
        await self.hub.wait(event, 60)
        told = await self.hub.store.told(event)
        assert await self.hub.drain(60) == 0
        await self.hub.end()
        return told


async def asked(hub: Hub, sku: str = "a") -> None:
    """Send the event, and wait until its rule waits for the answer of `pricing`."""
    await hub.submit_json({"type": "price.quote", "id": "e1", "data": {"sku": sku}})
    pricing: Any = hub.current.agents["pricing"].agent
    await until(lambda: pricing.asked)


def test_an_attempt_that_was_lost_is_made_again_under_its_key_and_its_rule_goes_on(tmp_path: Path) -> None:
    pricing, desk = ScriptedAgent(30.0), ScriptedAgent()

    async def story() -> Any:
        left = Left(tmp_path)
        await asked(left.start(ASK, {"pricing": pricing, "desk": desk}))
        await left.kill()
        pricing.script = [Done({"amount": 12})]
        hub = left.start(ASK, {"pricing": pricing, "desk": desk})
        await hub.start()
        assert (hub.left.open, hub.left.lost) == (1, 1)
        return await left.end("e1")

    told = asyncio.run(story())
    assert told["replies"] == [{"answer": {"price": 12}}]
    assert [(line["state"], line["attempts"]) for line in told["actions"]] == [
        ("done", 2),
        ("done", 1),
        ("done", 0),
    ]
    assert len({action.id for action in pricing.asked}) == 1
    assert desk.asked[0].body == {"line": "a costs 12"}


def test_an_ask_whose_time_ran_out_meanwhile_is_given_up(tmp_path: Path) -> None:
    text = ASK.replace("30 seconds", "0.3 seconds")

    async def story() -> Any:
        left = Left(tmp_path)
        await asked(left.start(text, {"pricing": ScriptedAgent(30.0), "desk": ScriptedAgent()}))
        await left.kill()
        await asyncio.sleep(0.3)
        left.start(text, {"pricing": ScriptedAgent(30.0), "desk": ScriptedAgent()})
        await left.hub.start()
        return await left.end("e1")

    told = asyncio.run(story())
    assert told["replies"] == [{"error": "busy"}]
    assert [line["state"] for line in told["actions"]] == ["timeout", "done"]


def test_a_rule_that_was_changed_meanwhile_is_not_continued_as_another(tmp_path: Path) -> None:
    left = Left(tmp_path)

    async def story() -> Any:
        await asked(left.start(ASK, {"pricing": ScriptedAgent(30.0), "desk": ScriptedAgent()}))
        await left.kill()
        changed = ASK.replace("costs", "is")
        left.start(changed, {"pricing": ScriptedAgent(Done({"amount": 1})), "desk": ScriptedAgent()})
        await left.hub.start()
        return await left.end("e1")

    told = asyncio.run(story())
    stuck = "`quote` was changed while it waited for `pricing.quote`: the rest was not done"
    assert told["problems"] == [stuck]
    assert all(reply == {"error": stuck} for reply in told["replies"])  # its client is told, a moment later
    assert [alert.message for alert in left.alerts] == [stuck]


def test_waits_between_attempts_are_kept(tmp_path: Path) -> None:
    at: list[float] = []

    def busy(action: Action) -> Outcome:
        at.append(asyncio.get_running_loop().time())
        return Again("later", 0.4) if len(at) == 1 else Done({})

    async def story() -> Any:
        left = Left(tmp_path)
        hub = left.start(TWO, {"one": ScriptedAgent(busy), "two": ScriptedAgent()})
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        async with asyncio.timeout(30):
            while (depth := await hub.store.depth()).waiting + depth.running or not depth.later + len(at[1:]):
                await asyncio.sleep(0.005)
        await left.kill()
        left.start(TWO, {"one": ScriptedAgent(busy), "two": ScriptedAgent()})
        await left.hub.start()
        return await left.end("e1")

    told = asyncio.run(story())
    assert len(at) == 2
    assert at[1] - at[0] > 0.39, "not before it had waited"
    assert [(line["state"], line["attempts"]) for line in told["actions"]] == [("done", 2), ("done", 1)]


def test_attempts_that_take_their_process_along_are_counted(tmp_path: Path) -> None:
    """A killer: it is given up after as many attempts as any other, and whatever else there is goes on."""
    killer = ScriptedAgent(30.0)

    async def story() -> Any:
        left = Left(tmp_path)
        hub = left.start(TWO, {"one": killer, "two": ScriptedAgent()})
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        for attempt in range(1, 4):
            async with asyncio.timeout(30):
                while len(killer.asked) < attempt:
                    await asyncio.sleep(0.01)
            await left.kill()
            left.start(TWO, {"one": killer, "two": ScriptedAgent()})
            await left.hub.start()
        told = await left.end("e1")
        return told, left.alerts

    told, alerts = asyncio.run(story())
    assert len(killer.asked) == 3
    states = [(line["target"], line["state"]) for line in told["actions"]]
    assert states == [("one.go", "failed"), ("two.go", "done")]
    assert [alert.kind for alert in alerts] == ["given-up"]


def test_an_emitted_event_that_was_not_decided_yet_is_decided(tmp_path: Path) -> None:
    text = """
    event first
      n: whole
    event second
      n: whole
    agent desk
      send note
        n: whole
    rule chain
      on first
      when n > 0
      do
        emit second
          n: n
    rule end
      on second
      when n > 0
      do
        send desk.note
          n: n
    """
    desk = ScriptedAgent()

    async def story() -> Any:
        left = Left(tmp_path)
        hub = left.start(text, {"desk": desk})

        async def never(key: str, event: object = None) -> None:
            return None

        hub._decide_kept = never  # type: ignore[method-assign, assignment]
        await hub.submit_json({"type": "first", "id": "e1", "data": {"n": 5}})
        await left.kill()
        left.start(text, {"desk": desk})
        await left.hub.start()
        return await left.end("e1")

    asyncio.run(story())
    assert [action.body for action in desk.asked] == [{"n": 5}]


def test_the_auditors_file_goes_on_where_it_ended_and_can_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    def positions() -> list[int]:
        return [json.loads(line)["position"] for line in path.read_text("utf-8").splitlines()]

    async def one(number: int) -> None:
        left = Left(tmp_path / "p")
        agents = {"one": ScriptedAgent(), "two": ScriptedAgent(Failed("no"))}
        auditor = JsonLinesAuditor(path)
        hub = left.start(TWO, agents, auditor)
        await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": 1}})
        await left.end(f"e{number}")
        auditor.close()

    asyncio.run(one(1))
    first = positions()
    assert first == list(range(1, 11))
    with path.open("ab") as file:
        file.write(b'{"position":11,"kind":"half a li')
    asyncio.run(one(2))
    assert positions() == list(range(1, 21))
    path.unlink()
    asyncio.run(one(3))
    assert positions() == list(range(1, 31))
