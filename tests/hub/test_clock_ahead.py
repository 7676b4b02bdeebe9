"""A wall clock that is a year ahead for a minute: nothing is forgotten, and nothing given up, that is not old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.clock import AWAY, STANDS, BelievedClock
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Again, Done
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.store_stage import Stage
from tests.hub.stage import state, submit

DAY, YEAR = 86_400.0, 365 * 86_400.0


def staged(tmp_path: Path) -> Stage:
    return Stage(lambda clock: SqliteStore(tmp_path / "hub.db", clock, retain=timedelta(days=7)))


async def one_is_over(stage: Stage) -> None:
    """One event that is done."""
    await stage.accept("e1", stage.work("a"))
    (lease,) = await stage.claim()
    await stage.store.settle(lease, Done(1))


async def kept(stage: Stage) -> bool:
    """Whether the event can be told, after housekeeping."""
    while await stage.store.housekeeping():
        pass
    return bool((await stage.told("e1"))["state"] == "finished")


def test_what_is_over_is_told_for_its_days_though_the_clock_is_a_year_ahead_for_a_minute(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        stage = staged(tmp_path)
        await stage.open()
        await one_is_over(stage)
        for _ in range(3):
            stage.clock.step(YEAR)
            stage.clock.move(60)
            assert await kept(stage)
            stage.clock.step(-YEAR)
            assert await kept(stage)
            stage.clock.move(DAY)
        stage.clock.move(4 * DAY)
        assert not await kept(stage)
        await stage.store.close()

    asyncio.run(story())


def test_a_clock_that_was_put_right_is_believed_when_it_has_stood_for_an_hour(tmp_path: Path) -> None:
    async def story() -> None:
        stage = staged(tmp_path)
        await stage.open()
        await one_is_over(stage)
        assert await kept(stage)
        stage.clock.step(YEAR)
        for _ in range(6):
            assert await kept(stage)
            stage.clock.move(STANDS / 6)
        assert not await kept(stage)
        await stage.store.close()

    asyncio.run(story())


def test_a_process_that_begins_while_the_clock_is_ahead_forgets_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        stage = staged(tmp_path)
        await stage.open()
        await one_is_over(stage)
        stage.clock.step(YEAR)
        await stage.again()
        assert await kept(stage)
        stage.clock.step(-YEAR)
        stage.clock.move(60)
        assert await kept(stage)
        await stage.store.close()

    asyncio.run(story())


def test_a_hub_that_was_not_there_for_a_month_lets_go_an_hour_after_it_is_back(tmp_path: Path) -> None:
    async def story() -> None:
        stage = staged(tmp_path)
        await stage.open()
        await one_is_over(stage)
        stage.clock.move(30 * DAY)
        await stage.again()
        assert await kept(stage)
        stage.clock.move(STANDS + 1)
        assert not await kept(stage)
        await stage.store.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("steps", "behind"),
    [
        ([(0, YEAR)], YEAR),
        ([(0, -YEAR)], 0.0),
        ([(0, -YEAR), (60, YEAR)], YEAR),
        ([(0, YEAR), (STANDS + 1, 0)], 0.0),
        ([(0, 60), (STANDS / 2, 60), (STANDS / 2 + 1, 0)], 60.0),
    ],
)
def test_it_is_the_wall_clock_or_behind_it(steps: list[tuple[float, float]], behind: float) -> None:
    clock = ManualClock()
    believed = BelievedClock(clock)
    believed.begin(clock.now() - timedelta(seconds=AWAY - 1))
    assert believed.now() == clock.now()
    for passed, step in steps:
        clock.move(passed)
        believed.now()
        clock.step(step)
        assert believed.now() <= clock.now()
    assert (clock.now() - believed.now()).total_seconds() == pytest.approx(behind, abs=0.001)


ONE = """
event thing.happened
  n: whole

agent desk
  send note
    n: whole

rule note
  on thing.happened
  do
    send desk.note retry 5 times within 10 minutes
      n: n
"""


@pytest.mark.parametrize("by", [YEAR, -YEAR])
def test_an_action_is_tried_for_as_long_as_its_rule_says_and_not_less(by: float) -> None:
    clock = ManualClock()

    def set_and_fail(action: Any) -> Any:
        clock.step(by)
        return Again("busy")

    def put_right(action: Any) -> Any:
        clock.step(-by)
        return Done({})

    turns: list[Callable[[Any], Any]] = [set_and_fail, put_right]
    agent = ScriptedAgent(lambda action: turns.pop(0)(action))

    async def story() -> Any:
        hub = Hub(state(ONE, {"desk": agent}), MemoryStore(clock=clock), clock=clock)
        hub.policy = RetryPolicy(base=0.0)
        await submit(hub, "thing.happened", n=1)
        return await hub.store.told("e1"), await hub.store.dead()

    told, dead = asyncio.run(story())
    assert ([line["state"] for line in told["actions"]], dead) == (["done"], ())
