"""What happens while something else is being written: nothing of it twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import Busy
from atamo_rules.hub.audience import Listener
from atamo_rules.hub.ending import unfinished
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Reply
from atamo_rules.hub.retire import Retiring
from atamo_rules.hub.whole import delivered, to_its_end
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.people import User
from atamo_rules.model.work import Following, Hold, Kept, Selector
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.store_stage import NOON, Stage
from tests.hub.stage import Heard, state
from tests.hub.test_failures import ONE
from tests.hub.test_path import ASK


def full_once(store: Any) -> None:
    """Has no room for the next change."""
    commit = store.journal.commit

    async def refused(change: Any) -> None:
        store.journal.commit = commit
        raise Busy("the disk is full")

    store.journal.commit = refused


def test_an_action_whose_end_could_not_be_kept_stands_in_line_once() -> None:
    async def story() -> None:
        stage = Stage(lambda clock: MemoryStore(clock=clock))
        await stage.open()
        await stage.accept("e1", stage.work(within=5))
        for _ in range(3):
            full_once(stage.store)
            with pytest.raises(Busy):
                await stage.store.expire("/test#e1", "a1", "no answer")
        (lease,) = await stage.claim()
        assert lease.attempt == 1
        assert await stage.claim() == []

    asyncio.run(story())


def test_a_pause_that_could_not_be_kept_holds_nothing() -> None:
    agent = ScriptedAgent()

    async def story() -> None:
        hub = Hub(state(ONE, {"desk": agent}), MemoryStore())
        await hub.start()
        full_once(hub.store)
        with pytest.raises(Busy):
            await hub.pause(Hold("agent", "desk"))
        assert (hub.holds, await hub.store.paused()) == ({}, ())
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        await hub.wait("e1", 60)
        assert len(agent.asked) == 1

    asyncio.run(story())


def test_a_slot_whose_action_was_paused_meanwhile_is_given_back() -> None:
    agent = ScriptedAgent(concurrency=1)

    async def story() -> None:
        hub = Hub(state(ONE, {"desk": agent}), MemoryStore())
        await hub.start()
        hold = Hold("agent", "desk")
        await hub.store.pause(hold)  # the hub has not heard of it yet
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        assert (hub.lane("desk").reserved, len(agent.asked)) == (0, 0)
        await hub.resume(hold)
        await hub.wait("e1", 60)
        assert len(agent.asked) == 1
        assert await hub.drain(60) == 0

    asyncio.run(story())


def test_an_attempt_that_is_cancelled_before_it_begins_gives_its_slot_back_and_calls_nobody() -> None:
    agent = ScriptedAgent(concurrency=2)

    async def story() -> None:
        hub = Hub(state(ONE, {"desk": agent}), MemoryStore())
        await hub.start()
        follow, cancelled = hub.follow, []

        def gone(kept: Kept, following: Following) -> None:
            """Nothing of all this waits: no attempt has a turn of the loop in which to begin."""
            follow(kept, following)
            for work in following.work:
                with suppress(StopIteration):
                    hub.cancel(Selector(event=work.event)).send(None)
                cancelled.append(work.event)

        hub.follow = gone  # type: ignore[method-assign]
        for number in range(3):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": number}})
        assert cancelled == ["e0", "e1", "e2"]
        hub.follow = follow  # type: ignore[method-assign]
        await hub.submit_json({"type": "thing.happened", "id": "last", "data": {"n": 9}})
        await hub.wait("last", 60)
        assert [action.body for action in agent.asked] == [{"n": 9}]
        assert (hub.lane("desk").running, hub.lane("desk").reserved) == (0, 0)

    asyncio.run(story())


ASKED = """
request thing.happened
  n: whole
  answer
    n: whole

agent desk
  publish note
    n: whole
    answer
      n: whole

rule note
  on request thing.happened
  do
    publish desk.note
      n: n
"""


@pytest.mark.parametrize("turns", [1, 2, 3, 4, 6, 9])
@pytest.mark.parametrize(
    "text",
    [ONE, ONE.replace("  do", "  at most 1000 per 1 hour\n  do"), ASKED],
    ids=["event", "window", "request"],
)
def test_a_client_that_gives_up_while_its_event_is_written_loses_nothing(
    text: str, turns: int, tmp_path: Path
) -> None:
    agent = ScriptedAgent(Done({"n": 1}), concurrency=2)

    async def story() -> None:
        hub = Hub(state(text, {"desk": agent}), SqliteStore(tmp_path / "hub.db"))
        await hub.start()
        for first in range(0, 9, 3):
            messages = [
                {"type": "thing.happened", "id": f"e{n}", "data": {"n": 1}} for n in range(first, first + 3)
            ]
            callers = [asyncio.create_task(hub.submit_json(message)) for message in messages]
            for _ in range(turns):
                await asyncio.sleep(0)
            for caller in callers:
                caller.cancel()
            await asyncio.wait(callers)
        for n in range(9):
            await hub.wait(f"e{n}", 60)
        # An event that is still being written is not known, and not waited for.
        async with asyncio.timeout(30):
            while await unfinished(hub) or hub.underway.tasks:
                await asyncio.sleep(0.01)
        assert sorted(action.id for action in agent.asked) == sorted({action.id for action in agent.asked})
        kept = [await hub.store.find(f"e{n}") for n in range(9)]
        assert len(agent.asked) == sum(key is not None for key in kept)
        assert hub.lane("desk").reserved == 0
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


@pytest.mark.parametrize(
    "text",
    [ONE, ONE.replace("  do", "  at most 1000 per 1 hour\n  do"), ASKED],
    ids=["event", "window", "request"],
)
def test_who_has_no_more_patience_is_told_so_at_once_and_not_at_what_they_wait_for_next(
    text: str, tmp_path: Path
) -> None:
    async def story() -> None:
        hub = Hub(state(text, {"desk": ScriptedAgent(Done({"n": 1}))}), SqliteStore(tmp_path / "hub.db"))
        await hub.start()
        for number in (0, 1, 2, 3, 4, 0, 1):  # the last two are known
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.0):
                    await hub.submit_json(
                        {"type": "thing.happened", "id": f"e{number}", "data": {"n": number}}
                    )
            await asyncio.sleep(0.01)
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


def test_who_gives_up_while_their_event_cannot_be_written_is_told_so_there(tmp_path: Path) -> None:
    """And not later, amid something else: before Python 3.13 nothing takes back a cancellation that is yet to come."""

    async def story() -> None:
        store = SqliteStore(tmp_path / "hub.db")
        hub = Hub(state(ONE, {"desk": ScriptedAgent(Done({"n": 1}))}), store)
        await hub.start()
        write, full = store.file.group._write, True

        def written(group: Any) -> None:
            if full:
                raise Busy("the disk is full")
            write(group)

        store.file.group._write = written  # type: ignore[method-assign]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.0):
                await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        await asyncio.sleep(0.01)
        full = False
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


@pytest.mark.parametrize(
    "more",
    [{"key": "a\ud800"}, {"user": User("ann\ud800")}, {"user": User("ann", organisation="\ud800")}],
    ids=["key", "user", "organisation"],
)
def test_what_cannot_be_written_is_refused_alone(more: dict[str, Any], tmp_path: Path) -> None:
    """And not with whatever else was to be written in one group with it."""

    async def story() -> None:
        hub = Hub(state(ONE, {"desk": ScriptedAgent(Done({"n": 1}))}), SqliteStore(tmp_path / "hub.db"))
        await hub.start()
        (taken, _), (other, _) = await asyncio.gather(
            hub.submit(b'{"n": 1}', type_name="thing.happened", **more),
            hub.submit(b'{"n": 1}', type_name="thing.happened", key="e2"),
        )
        assert (taken.status, taken.refused) == (
            400,
            ("its id, source or user holds half of a surrogate pair",),
        )
        assert (other.status, other.refused) == (202, ())
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


def test_a_cancellation_that_was_held_back_is_delivered() -> None:
    async def story() -> list[str]:
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        said: list[str] = []

        async def writer() -> None:
            said.append(await to_its_end(done))
            await delivered()
            said.append("never")

        task = asyncio.create_task(writer())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        done.set_result("kept")
        await asyncio.wait({task})
        assert task.cancelled()
        return said

    assert asyncio.run(story()) == ["kept"]


class Slow(ScriptedAgent):
    """Answers after a moment."""

    async def perform(self, action: Any, reply: Any) -> Any:
        await asyncio.sleep(0.02)
        return Done({"amount": 1})


def test_an_attempt_that_is_stopped_while_the_store_is_full_gives_back_what_it_took() -> None:
    async def story() -> None:
        desk = ScriptedAgent()
        hub = Hub(state(ASK, {"pricing": Slow(), "desk": desk}), MemoryStore())
        await hub.submit_json({"type": "price.quote", "id": "e1", "data": {"sku": "a"}})
        commit = hub.store.journal.commit  # type: ignore[attr-defined]

        async def full(change: Any) -> None:
            raise Busy("the disk is full")

        hub.store.journal.commit = full  # type: ignore[attr-defined]
        async with asyncio.timeout(10):
            while not hub.lane("desk").reserved:
                await asyncio.sleep(0.001)
        (told,) = (await hub.store.told("e1") or {})["actions"]  # type: ignore[misc]
        hub.underway.cancel(str(told["id"]))  # type: ignore[index, call-overload]
        await asyncio.sleep(0.01)
        assert hub.lane("desk").reserved == 0
        hub.store.journal.commit = commit  # type: ignore[attr-defined]

    asyncio.run(story())


def test_an_auditor_is_told_once_what_is_heard_while_it_is_read() -> None:
    heard = Heard()
    listener = Listener(heard, 0)
    records = [Note(NOON, "rules.activated").placed(position) for position in (1, 2, 3)]
    assert listener.tell(records[:2])
    assert listener.tell(records)
    assert (heard.records, listener.at) == (records, 3)


def test_a_repetition_under_the_same_rules_does_not_begin_the_event_again() -> None:
    rules = state(ONE, {"desk": ScriptedAgent()})
    retiring = Retiring(rules)
    assert [retiring.enter("e1", rules) for _ in range(2)] == [True, False]


def test_an_attempt_that_ends_while_a_cancellation_fails_is_kept_and_is_not_made_again(
    tmp_path: Path,
) -> None:
    """The disk is full when an operator cancels; meanwhile the agent is done."""

    async def story() -> None:
        asked, gate, heard = asyncio.Event(), asyncio.Event(), Heard()

        class Standing(ScriptedAgent):
            async def perform(self, action: Action, reply: Reply) -> Outcome:
                asked.set()
                await gate.wait()
                return Done(None)

        hub = Hub(state(ONE, {"desk": Standing(timeout=600.0)}), SqliteStore(tmp_path / "a.db"), [heard])
        await hub.start()
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        await asked.wait()
        commit, begun, full = hub.store.journal.commit, asyncio.Event(), asyncio.Event()  # type: ignore[attr-defined]

        async def failing(change: Any) -> None:
            if any(one.state == "cancelled" for one in change.moved):
                begun.set()
                await full.wait()
                raise Busy("the disk is full")
            await commit(change)

        hub.store.journal.commit = failing  # type: ignore[attr-defined]
        cancelling = asyncio.create_task(hub.store.cancel(Selector(event="e1")))
        await begun.wait()
        gate.set()
        for _ in range(50):
            await asyncio.sleep(0)
        full.set()
        with pytest.raises(Busy):
            await cancelling
        await hub.wait("e1", 60)
        assert (heard.kinds("e1").count("action.done"), "action.late" in heard.kinds("e1")) == (1, False)
        await hub.drain(60)
        await hub.end()

    asyncio.run(story())
