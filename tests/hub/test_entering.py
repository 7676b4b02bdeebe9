"""Messages that come in one turn of the loop go through every step together: for each it is as if it had come alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
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
from atamo_rules.hub import entering
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.entering import goes_apart
from atamo_rules.hub.generation import generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.store import Store
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import AgentUse
from atamo_rules.model.work import Arrival, Following, Kept
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state

RULES = """
event order.placed
  total: whole
  customer: text = "nobody"
  when invalid quarantine

event order.big
  total: whole

event order.seen
  total: whole

agent desk
  send note
    line: text

rule big
  on order.placed
  when total > 5
  do
    emit order.big
      total: total

rule note
  on order.placed
  when total > 3
  do
    send desk.note
      line: "{{ customer }}"

rule tell
  on order.big
  do
    send desk.note
      line: "big {{ total }}"

rule doubt
  status shadow
  on order.placed
  when total > 1 and total < 4
  do
    send desk.note
      line: "never"
"""
TIMED = """
rule often
  on order.seen 3 times within 1 hour
  do
    send desk.note
      line: "often"
"""

RULESET = state(RULES, {"desk": ScriptedAgent()}).ruleset

totals = st.one_of(st.integers(0, 8), st.just("many"))
messages = st.builds(
    lambda type, total, id: {"type": type, "id": f"e{id}", "data": {"total": total}},
    st.sampled_from(["order.placed", "order.placed", "order.big", "order.gone"]),
    totals,
    st.integers(0, 6),
)
"""Known again, in conflict with one before, in quarantine, refused, of no type: all of it."""


async def outcome(store: Store, turns: list[list[dict[str, Any]]]) -> list[Any]:
    """What senders were told turn by turn, and all that is kept and recorded of each event."""
    heard, desk = Heard(), ScriptedAgent(concurrency=1000)
    under = generation(RULESET, Directory(), {"desk": Bound(AgentUse("desk"), desk)})
    under.intake.salts = repeat("00" * 16)
    hub = Hub(under, store, [heard])
    hub.policy = RetryPolicy(attempts=1)
    told: list[Any] = []
    for turn in turns:
        answers = await asyncio.gather(*(hub.submit_json(message) for message in turn))
        told += [(one.key, one.status, one.code, one.refused, known) for one, known in answers]
    await hub.drain(10)
    keys = {record.event for record in heard.records if record.event}
    kept = {key: timeless(await store.told(key)) for key in keys}
    first = [record.event for record in heard.records if record.kind == "event.accepted" and not record.cause]
    await hub.end()
    steps = [one for one in heard.records if one.kind != "event.refused"]
    by_event = {key: [plain(one) for one in steps if one.event == key] for key in keys}
    refused = sorted(repr(plain(one)) for one in heard.records if one.kind == "event.refused")
    return [told, kept, by_event, refused, first, sorted(str(action.body) for action in desk.asked)]


def timeless(told: Mapping[str, Any] | None) -> Any:
    return told and {name: value for name, value in told.items() if name != "time"}


def plain(record: AuditRecord) -> tuple[Any, ...]:
    return record.kind, record.who, record.what, record.cause, record.rules


@settings(max_examples=60, deadline=None)
@given(turns=st.lists(st.lists(messages, min_size=1, max_size=6), min_size=1, max_size=4))
def test_together_comes_to_what_each_alone_comes_to(turns: list[list[dict[str, Any]]]) -> None:
    together = asyncio.run(outcome(MemoryStore(), turns))
    one_by_one = [[message] for turn in turns for message in turn]
    with patch.object(entering, "goes_apart", lambda generation, type: True):
        apart = asyncio.run(outcome(MemoryStore(), one_by_one))
    assert together == apart


def test_in_a_file_it_comes_to_the_same(tmp_path: Path) -> None:
    turn = [
        {"type": "order.placed", "id": f"e{n % 40}", "data": {"total": n % 9 if n % 7 else "many"}}
        for n in range(60)
    ]
    with patch.object(entering, "MOST", 16):
        file = asyncio.run(outcome(SqliteStore(tmp_path / "hub.db"), [turn, turn]))
    memory = asyncio.run(outcome(MemoryStore(), [turn, turn]))
    assert file == memory


def test_only_what_waits_for_somebody_goes_apart() -> None:
    timed = state(RULES + TIMED, {"desk": ScriptedAgent()})
    assert goes_apart(timed, "order.seen")
    assert not goes_apart(timed, "order.placed")
    asked = state(RULES + "\nrequest order.find\n  id: text\n", {"desk": ScriptedAgent()})
    assert goes_apart(asked, "order.find")


def test_what_cannot_be_kept_takes_nobody_of_its_turn_along() -> None:
    store = MemoryStore()
    accept = store.accept

    async def picky(arrivals: list[Arrival]) -> list[Kept]:
        if any(one.event.id == "e1" for one in arrivals):
            raise OverflowError("e1 cannot be written")
        return await accept(arrivals)

    store.accept = picky  # type: ignore[method-assign, assignment]
    assert told(store) == [True, OverflowError, True]


def test_a_fault_in_what_follows_one_is_nobody_elses(capsys: pytest.CaptureFixture[str]) -> None:
    follow = Hub.follow

    def faulty(hub: Hub, kept: Kept, following: Following) -> None:
        follow(hub, kept, following)
        if any(work.event == "e1" for work in following.work):
            raise ZeroDivisionError("e1")

    with patch.object(Hub, "follow", faulty):
        assert told(MemoryStore()) == [True, True, True]
    assert capsys.readouterr().err.count("a fault of the hub: ZeroDivisionError: e1\n") == 1


@pytest.mark.parametrize("step", ["account", "concluded"])
def test_what_cannot_be_decided_takes_nobody_of_its_turn_along(step: str) -> None:
    def picky(hub: Hub, event: Any, *given: Any) -> Any:
        if event.id == "e1":
            raise ZeroDivisionError
        return act(hub, event, *given)

    act = getattr(entering, step)
    with patch.object(entering, step, picky):
        assert told(MemoryStore()) == [True, ZeroDivisionError, True]


def test_a_store_that_is_full_refuses_the_whole_turn_and_gives_its_slots_back() -> None:
    store = MemoryStore()

    async def full(arrivals: list[Arrival]) -> list[Kept]:
        raise Busy("the disk is full")

    accept, store.accept = store.accept, full  # type: ignore[method-assign, assignment]
    assert told(store, lambda: setattr(store, "accept", accept)) == [Busy, Busy, Busy]


def told(store: Store, then: Any = lambda: None) -> list[Any]:
    """What three senders of one turn are told: whether it was new, or the kind of error; and all slots are free after,
    for another that comes by itself."""

    async def story() -> list[Any]:
        desk = ScriptedAgent(concurrency=3)
        hub = Hub(state(RULES, {"desk": desk}), store)
        await hub.start()
        turn = [{"type": "order.placed", "id": f"e{n}", "data": {"total": 4}} for n in range(3)]
        answers = await asyncio.gather(*map(hub.submit_json, turn), return_exceptions=True)
        then()
        await hub.submit_json({"type": "order.placed", "id": "last", "data": {"total": 4}})
        await hub.wait("last", 60)
        assert (hub.lane("desk").reserved, hub.lane("desk").running) == (0, 0)
        assert not hub.retiring._under
        await hub.drain(5)
        await hub.end()
        return [type(one) if isinstance(one, BaseException) else not one[1] for one in answers]

    return asyncio.run(story())


def test_a_turn_goes_on_under_the_rules_that_its_messages_were_taken_by() -> None:
    async def story() -> None:
        before, after = ScriptedAgent(), ScriptedAgent()
        hub = Hub(state(RULES, {"desk": before}), MemoryStore())
        await hub.start()
        message = {"type": "order.placed", "data": {"total": 4}}
        first = asyncio.create_task(hub.submit_json({**message, "id": "e1"}))
        await asyncio.sleep(0)
        hub.swap(
            state(RULES.replace("total > 3", "total >= 4"), {"desk": after})
        )  # while the first is on its way in
        await asyncio.gather(first, hub.submit_json({**message, "id": "e2"}))
        assert await hub.drain(60) == 0
        assert ([one.id for one in before.asked], before.closed) == ([action_id("e1", "note", "/0")], 1)
        assert [one.id for one in after.asked] == [action_id("e2", "note", "/0")]
        await hub.end()

    asyncio.run(story())


def test_a_turn_that_is_cancelled_before_it_begins_says_so_and_holds_nothing() -> None:
    async def story() -> None:
        desk = ScriptedAgent()
        hub = Hub(state(RULES, {"desk": desk}), MemoryStore())
        await hub.start()
        message = {"type": "order.placed", "id": "e1", "data": {"total": 4}}
        sender = asyncio.create_task(hub.submit_json(message))
        await asyncio.sleep(0)
        for task in hub.entering._tasks:  # as the end of a loop does
            task.cancel()
        await asyncio.wait([sender])
        assert sender.cancelled()
        assert (hub.retiring._under, await hub.store.find("e1")) == ({}, None)
        assert not (await hub.submit_json(message))[1]
        await hub.wait("e1", 60)
        assert len(desk.asked) == 1
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())
