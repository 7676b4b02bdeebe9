"""Attempts that end in one turn of the loop are settled together: for each it is as if it had ended alone."""

from __future__ import annotations

import asyncio
from itertools import repeat
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.engine.filling import action_id
from atamo_rules.errors import Busy
from atamo_rules.hub import settling
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.store import Store
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.work import Lease, Selector
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state
from tests.hub.test_entering import plain, timeless

RULES = """
event job
  how: text

agent desk
  send note
    how: text
  ask look
    how: text
    answer
      ok: text

rule first
  on job
  do
    send desk.note
      how: how

rule second
  on job
  when how is in ["done", "failed"]
  do
    send desk.note
      how: "done"

rule asked
  on job
  when how is "again"
  do
    ask desk.look within 1 hour as found
      how: "done"
    send desk.note
      how: "last"
"""
HOWS = ("done", "failed", "again", "raised")


def does(action: Action) -> Outcome:
    """What an action says."""
    match action.body:
        case {"how": "failed"}:
            return Failed("no", "http 410")
        case {"how": "again"}:
            return Again("busy", 0.0)
        case {"how": "raised"}:
            raise LookupError("nobody")
    return Done({"ok": "yes"} if action.verb == "ask" else None)


def hub_of(store: Store, auditors: list[Heard], alarms: list[Alert]) -> tuple[Hub, ScriptedAgent]:
    desk = ScriptedAgent(does, concurrency=1000)
    under = state(RULES, {"desk": desk})
    under.agents["desk"].breaker = BreakerPolicy(failures=0)
    under.intake.salts = repeat("00" * 16)
    hub = Hub(under, store, auditors, alarm=alarms.append)
    hub.policy = RetryPolicy(attempts=3, base=0.0)
    return hub, desk


async def outcome(store: Store, hows: list[str]) -> list[Any]:
    """What is kept and recorded of each event of one turn, what was given up, and who was told."""
    heard, alarms = Heard(), list[Alert]()
    hub, desk = hub_of(store, [heard], alarms)
    await hub.start()
    messages = [{"type": "job", "id": f"e{n}", "data": {"how": how}} for n, how in enumerate(hows)]
    await asyncio.gather(*map(hub.submit_json, messages))
    assert await hub.drain(30) == 0
    keys = {record.event for record in heard.records if record.event}
    kept = {key: timeless(await store.told(key)) for key in keys}
    dead = sorted((letter.work.action.id, letter.why, letter.errors) for letter in await store.dead())
    lane = hub.lane("desk")
    assert (lane.running, lane.reserved, hub.retiring._under, hub.underway.tasks) == (0, 0, {}, set())
    await hub.end()
    # Of two actions of one event each has its own order; which of them is first is nobody's to say.
    told = {key: sorted(repr(plain(one)) for one in heard.records if one.event == key) for key in keys}
    for key in keys:
        assert [one.kind for one in heard.records if one.event == key][-1] == "event.finished"
    ids = {str(one.what["action"]) for one in heard.records if "action" in one.what}
    lives = {id: [plain(one) for one in heard.records if one.what.get("action") == id] for id in ids}
    return [
        kept,
        dead,
        told,
        lives,
        sorted(alert.kind for alert in alarms),
        sorted(one.id for one in desk.asked),
    ]


async def alone(self: settling.Settling, lease: Lease, outcome: Outcome) -> None:
    """An attempt settled by itself."""
    await self._alone(lease, outcome)


def nobody(self: settling.Settling, lease: Lease, outcome: Outcome) -> bool:
    """No turn that it could join."""
    return False


@settings(max_examples=60, deadline=None)
@given(hows=st.lists(st.sampled_from(HOWS), min_size=1, max_size=8))
def test_together_comes_to_what_each_alone_comes_to(hows: list[str]) -> None:
    together = asyncio.run(outcome(MemoryStore(), hows))
    with patch.object(settling.Settling, "settle", alone), patch.object(settling.Settling, "join", nobody):
        apart = asyncio.run(outcome(MemoryStore(), hows))
    assert together == apart


def test_in_a_file_it_comes_to_the_same(tmp_path: Path) -> None:
    hows = [*HOWS] * 12
    with patch.object(settling, "MOST", 7):
        file = asyncio.run(outcome(SqliteStore(tmp_path / "hub.db"), hows))
    assert file == asyncio.run(outcome(MemoryStore(), hows))


def test_a_turn_is_one_transaction() -> None:
    assert sizes(MemoryStore(), 5) == [5]


def sizes(store: MemoryStore, count: int) -> list[int]:
    """How many attempts were settled together, each time, of as many as begin in one turn."""
    found: list[int] = []
    settle_all = store.settle_all

    async def counted(ended: Any) -> Any:
        found.append(len(ended))
        return await settle_all(ended)

    store.settle_all = counted  # type: ignore[method-assign]
    told(store, count)
    return found


def told(store: Store, count: int = 3) -> list[str]:
    """The states of actions whose attempts end in one turn; and whatever was taken is given back."""

    async def story() -> list[str]:
        hub, _ = hub_of(store, [], [])
        await hub.start()
        messages = [{"type": "job", "id": f"e{n}", "data": {"how": "first"}} for n in range(count)]
        await asyncio.gather(*map(hub.submit_json, messages))
        while hub.underway.tasks:  # to the end of every attempt
            await asyncio.sleep(0.01)
        await hub.drain(0.0)
        found = [(await store.told(f"e{n}") or {})["actions"][0]["state"] for n in range(count)]
        assert hub.lane("desk").running == 0
        assert not hub.underway.tasks
        await hub.end()
        return found

    return asyncio.run(story())


def test_what_cannot_be_settled_takes_nobody_of_its_turn_along(capsys: pytest.CaptureFixture[str]) -> None:
    store = MemoryStore()
    commit = store.commit

    async def picky(change: Any) -> None:
        if any(moved.state == "done" and moved.item.work.event.endswith("e1") for moved in change.moved):
            raise OverflowError("e1 cannot be written")
        await commit(change)

    store.commit = picky  # type: ignore[method-assign]
    assert told(store) == ["done", "running", "done"]
    assert capsys.readouterr().err.count("a fault of the hub: OverflowError: e1 cannot be written\n") == 1


def test_a_store_that_is_full_is_asked_again() -> None:
    store, times = MemoryStore(), 2
    commit = store.commit

    async def full(change: Any) -> None:
        nonlocal times
        if change.moved and times:
            times -= 1
            raise Busy("the disk is full")
        await commit(change)

    store.commit = full  # type: ignore[method-assign]
    assert told(store) == ["done"] * 3
    assert times == 0


def test_a_fault_in_what_follows_one_is_nobody_elses(capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> None:
        hub, _ = hub_of(MemoryStore(), [], [])
        await hub.start()
        over = hub.underway.over

        def faulty(key: str) -> None:
            over(key)
            if key.endswith("e0"):
                raise ZeroDivisionError(key)

        hub.underway.over = faulty  # type: ignore[method-assign]
        messages = [{"type": "job", "id": f"e{n}", "data": {"how": "first"}} for n in range(3)]
        await asyncio.gather(*map(hub.submit_json, messages))
        assert await hub.drain(60) == 0
        assert hub.retiring._under == {}
        await hub.end()

    asyncio.run(story())
    assert capsys.readouterr().err.count("a fault of the hub: ZeroDivisionError") == 1


def test_who_is_cancelled_while_they_are_settled_has_settled(tmp_path: Path) -> None:
    async def story() -> None:
        store = SqliteStore(tmp_path / "hub.db")
        hub, _ = hub_of(store, [], [])
        await hub.start()
        messages = [{"type": "job", "id": f"e{n}", "data": {"how": "first"}} for n in range(3)]
        entering = asyncio.gather(*map(hub.submit_json, messages))
        while hub.attempts.settling._turn is None:
            await asyncio.sleep(0)
        for task in hub.underway.tasks:
            task.cancel()
        await entering
        assert await hub.drain(60) == 0
        assert hub.retiring._under == {}
        assert [(await store.told(f"e{n}") or {})["state"] for n in range(3)] == ["finished"] * 3
        await hub.end()

    asyncio.run(story())


def test_what_was_cancelled_while_its_attempt_ended_settles_too_late() -> None:
    async def story() -> None:
        heard = Heard()
        hub, _ = hub_of(MemoryStore(), [heard], [])
        await hub.start()
        messages = [{"type": "job", "id": f"e{n}", "data": {"how": "first"}} for n in range(3)]
        entering = asyncio.gather(*map(hub.submit_json, messages))
        while hub.attempts.settling._turn is None:
            await asyncio.sleep(0)
        assert await hub.cancel(Selector(action=action_id("e1", "first", "/0"))) == 1
        await entering
        assert await hub.drain(60) == 0
        assert [record.kind for record in heard.records if record.event.endswith("e1")][-1] == "action.late"
        assert heard.kinds().count("action.done") == 2
        await hub.end()

    asyncio.run(story())


def test_a_turn_that_is_cancelled_before_it_begins_settles_nobody() -> None:
    async def story() -> None:
        hub, _ = hub_of(MemoryStore(), [], [])
        await hub.start()
        entering = asyncio.create_task(hub.submit_json({"type": "job", "id": "e0", "data": {"how": "first"}}))
        while hub.attempts.settling._turn is None:
            await asyncio.sleep(0)
        mine = {entering, asyncio.current_task(), *hub.underway.tasks}
        for task in asyncio.all_tasks() - mine:  # as the end of a loop does
            if "Settling._keep" in repr(task.get_coro()):
                task.cancel()
        await entering
        await asyncio.gather(*hub.underway.tasks, return_exceptions=True)
        assert [line["state"] for line in (await hub.store.told("e0") or {})["actions"]] == ["running"]
        assert hub.attempts.settling._turn is None
        await hub.drain(0.0)
        await hub.end()

    asyncio.run(story())
