"""What runs beside: some of it says itself when it is over, and is known as long as what the loop tells the end of."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.underway import Underway
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Failed, Outcome
from atamo_rules.model.work import Selector
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state

RULES = """
event job
  how: text

agent desk
  send note

rule first
  on job
  do
    send desk.note
"""


async def waits(underway: Underway, key: object, gate: asyncio.Event, seen: list[str]) -> None:
    try:
        if "a" in underway.stopped:
            seen.append("stopped")
            return
        await gate.wait()
        seen.append("done")
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise
    finally:
        underway.ended(key, "a")


def test_it_is_known_until_it_is_over_and_can_be_cancelled_by_its_name() -> None:
    async def story() -> list[str]:
        underway, gate, seen = Underway(), asyncio.Event(), list[str]()
        underway.begin(1, waits(underway, 1, gate, seen), "a")
        await asyncio.sleep(0)
        assert len(underway.tasks) == 1
        underway.cancel("a")
        await asyncio.sleep(0)
        assert underway.tasks == set()
        underway.begin(2, waits(underway, 2, gate, seen), "a")
        underway.cancel("a")  # before it begins: it begins nevertheless, and sees it
        await asyncio.sleep(0)
        assert (underway.tasks, underway.stopped) == (set(), set())
        underway.begin(3, waits(underway, 3, gate, seen), "a")
        gate.set()
        await underway.finish(1.0)
        return seen

    assert asyncio.run(story()) == ["cancelled", "stopped", "done"]


def test_of_two_with_one_name_the_later_has_it_whichever_ends_first() -> None:
    async def story() -> list[str]:
        underway, seen = Underway(), list[str]()
        first, second = asyncio.Event(), asyncio.Event()
        underway.begin(1, waits(underway, 1, first, seen), "a")
        underway.begin(2, waits(underway, 2, second, seen), "a")
        await asyncio.sleep(0)
        first.set()
        await asyncio.sleep(0)
        assert len(underway.tasks) == 1
        underway.cancel("a")
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(story()) == ["done", "cancelled"]


def test_what_is_cancelled_from_outside_before_it_begins_is_waited_for_by_nobody() -> None:
    async def story() -> None:
        underway, seen = Underway(), list[str]()
        underway.begin(1, waits(underway, 1, asyncio.Event(), seen), "a")
        for task in underway.tasks:
            task.cancel()
        await asyncio.sleep(0)
        assert (seen, underway.tasks) == ([], set())
        await underway.finish(60.0)

    asyncio.run(asyncio.wait_for(story(), 30))


@pytest.mark.parametrize(
    ("error", "told"), [(StoreUnavailable("gone"), 0), (ZeroDivisionError("a fault"), 1)]
)
def test_a_fault_of_an_attempt_is_told_once_and_its_name_is_free(
    error: Exception, told: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        desk = ScriptedAgent(Done())
        hub = Hub(state(RULES, {"desk": desk}), MemoryStore())

        async def broken(*given: Any) -> Any:
            raise error

        hub.attempts._tried = broken  # type: ignore[method-assign]
        await hub.submit_json({"type": "job", "id": "e1", "data": {"how": "x"}})
        await asyncio.sleep(0.01)
        assert (hub.underway.tasks, hub.underway._named) == (set(), {})
        await hub.drain(0.0, park=True)
        await hub.end()

    asyncio.run(story())
    assert capsys.readouterr().err.count("a fault of the hub: ZeroDivisionError") == told


ASKS = """
event job
  how: text

agent desk
  ask look
    how: text
    answer
      ok: text
  send note

rule first
  on job
  do
    ask desk.look within 1 hour as found
      how: how
    send desk.note

rule last
  on job
  do
    ask desk.look within 2 hours
      how: how
"""


def test_what_was_asked_is_not_held_until_its_time_once_it_is_over() -> None:
    answers: dict[str, Outcome] = {"answered": Done({"ok": "yes"}), "refused": Failed("no")}

    async def story() -> None:
        gate = asyncio.Event()

        class Desk(ScriptedAgent):
            async def perform(self, action: Action, reply: Any) -> Outcome:
                body: Any = action.body
                if action.verb == "ask" and body["how"] == "cancelled":
                    await gate.wait()
                return answers.get(body.get("how"), Done({"ok": "yes"}))

        hub = Hub(state(ASKS, {"desk": Desk(concurrency=9)}), MemoryStore())
        await asyncio.gather(
            *(hub.submit_json({"type": "job", "id": how, "data": {"how": how}}) for how in answers)
        )
        for how in answers:
            await hub.wait(how, 10)
        assert (hub.attempts.limits, hub.underway._clocks) == ({}, set())
        await hub.submit_json({"type": "job", "id": "e3", "data": {"how": "cancelled"}})
        assert len(hub.attempts.limits) == len(hub.underway._clocks) == 2
        assert await hub.cancel(Selector(event="e3")) == 2
        assert (hub.attempts.limits, hub.underway._clocks) == ({}, set())
        assert await hub.drain(5) == 0
        await hub.end()

    asyncio.run(story())
