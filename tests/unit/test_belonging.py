"""Which actions are an event's in the file: by their range or by their index, as a look at all of them finds."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.builtin.stores.sqlite import schema
from atamo_rules.builtin.stores.sqlite.belonging import OPEN, rows_of
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.store import ANY
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.work import Following
from atamo_rules.testing.store_stage import Stage, action
from tests.older import bring_back

steps = st.one_of(
    st.tuples(st.just("accept"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("later"), st.integers(1, 2), st.integers(0, 1)),
    st.tuples(st.sampled_from(["erase", "forget", "restart"]), st.just(0), st.just(0)),
)


async def _staged(file: Path, retain: timedelta = timedelta(days=7)) -> Stage:
    stage = Stage(lambda clock: SqliteStore(file, clock, retain=retain))
    await stage.open()
    return stage


class _Life:
    """Steps of a store, with the ids that its actions are given."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.events: list[str] = []
        self.given = 0

    def following(self, event: str, open: int, over: int) -> Following:
        ids = [f"a{self.given + number}" for number in range(open + over)]
        self.given += open + over
        work = tuple(self.stage.work(id, event) for id in ids[:open])
        return Following(work, done=tuple(action(id) for id in ids[open:]))

    async def step(self, what: str, open: int, over: int) -> None:
        store, stage = self.stage.store, self.stage
        if what == "accept":
            id = f"e{len(self.events)}"
            following = self.following(f"/test#{id}", open, over)
            await stage.accept(id, *following.work, done=following.done)
            self.events.append(id)
        elif what == "later":
            for lease in await stage.claim(limit=1):
                more = self.following(lease.work.event, open, over)
                await store.settle(lease, Done(1), more)
        elif what == "erase" and self.events:
            for lease in await stage.claim():
                await store.settle(lease, Done(1))
            await store.erase(f"/test#{self.events[0]}")
        elif what == "forget":
            stage.clock.move(8 * 86_400)
            await store.housekeeping()
        elif what == "restart":
            await stage.again()


def _found(tables: sqlite3.Connection, key: str) -> list[int]:
    return [row for (row,) in tables.execute(rows_of("?1"), (key,))]


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=12))
def test_the_actions_of_an_event_are_found_each_once_whenever_they_came(
    given: list[tuple[str, int, int]],
) -> None:
    async def story(file: Path) -> None:
        stage = await _staged(file)
        life = _Life(stage)
        for what, open, over in given:
            await life.step(what, open, over)
        await stage.store.close()

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hub.db"
        asyncio.run(story(file))
        with closing(sqlite3.connect(file)) as tables:
            keys = [key for (key,) in tables.execute("select key from events")]
            scanned = "select row from actions where event = ?"
            for key in keys:
                assert Counter(_found(tables, key)) == Counter(
                    row for (row,) in tables.execute(scanned, (key,))
                )
            assert {event for (event,) in tables.execute("select event from actions")} <= set(keys)


def test_a_row_that_is_given_anew_is_not_taken_for_what_had_it_before(tmp_path: Path) -> None:
    async def story() -> None:
        stage = await _staged(tmp_path / "hub.db")
        await stage.accept("e1", stage.work("a1"))
        (lease,) = await stage.claim()
        await stage.store.settle(lease, Done("of the first"))
        stage.clock.move(8 * 86_400)
        assert await stage.store.housekeeping()
        await stage.again()  # which begins after the last row that is there: none
        await stage.accept("e2", stage.work("a2", "/test#e2"))
        assert await stage.states("e2") == [("a2", "waiting", 0)]
        assert (await stage.told("e1"))["state"] == "forgotten"
        assert await stage.store.erase("/test#e1")
        assert await stage.states("e2") == [("a2", "waiting", 0)]
        await stage.store.close()

    asyncio.run(story())
    with closing(sqlite3.connect(tmp_path / "hub.db")) as tables:
        assert tables.execute("select key, first_row, last_row from events order by seq").fetchall() == [
            ("/test#e1", 1, 1),
            ("/test#e2", 1, 1),
        ]


def _lived(file: Path, story: Callable[[Stage], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        stage = await _staged(file)
        found = await story(stage)
        await stage.store.close()
        return found

    return asyncio.run(whole())


def test_a_file_of_the_version_before_gives_the_same_answers_and_is_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    ids = ("none", "open", "over", "dead", "erased")

    async def before(stage: Stage) -> Any:
        for id in ids:
            if id != "none":
                await stage.accept(id, stage.work(id, f"/test#{id}"), done=(action(f"{id} too"),))
        await stage.accept("none")
        for lease in await stage.claim():
            if lease.work.action.id == "dead":
                await stage.store.settle(lease, Failed("no"))
            elif lease.work.action.id != "open":
                await stage.store.settle(
                    lease, Done(1), Following(done=(action(f"{lease.work.action.id} 3"),))
                )
        await stage.store.erase("/test#erased")

    async def asked(stage: Stage) -> Any:
        return [await stage.told(id) for id in ids]

    async def after(stage: Stage) -> Any:
        told = [await stage.told(id) for id in ids]
        (lease,) = await stage.claim()
        await stage.store.settle(lease, Done(1), Following((stage.work("late", "/test#open"),)))
        assert [one[0] for one in await stage.states("open")] == ["open", "open too", "late"]
        assert await stage.store.redrive(ANY, 1) == 1
        again = await stage.claim()
        assert sorted(one.work.action.id for one in again) == ["dead", "late"]
        for one in again:
            await stage.store.settle(one, Done(1))
        assert await stage.store.erase("/test#over")
        stage.clock.move(8 * 86_400)
        assert await stage.store.housekeeping() > 0
        return told, [(await stage.told(id))["state"] for id in ids]

    _lived(file, before)
    told = _lived(file, asked)
    with closing(sqlite3.connect(file, isolation_level=None)) as tables:
        bring_back(tables, 3)
    again, states = _lived(file, after)
    assert again == told
    assert states == ["forgotten", "forgotten", "erased", "forgotten", "erased"]
    with closing(sqlite3.connect(file)) as tables:
        assert tables.execute("select count(*) from actions").fetchone() == (0,)
        assert tables.execute("pragma integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    "query",
    [
        f"select work from actions where row in ({rows_of('?1')}) order by row",
        f"delete from actions where row in ({rows_of('?1')})",
        f"select seq from events where seq > ?1 and not {OPEN} limit 500",
    ],
)
def test_no_table_is_walked_through_for_the_actions_of_an_event(query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as tables:
        for migration in schema.MIGRATIONS:
            tables.executescript(migration)
        plan = [step for *_, step in tables.execute(f"explain query plan {query}", ("x",))]
    walked = {step for step in plan if step.startswith("SCAN")}
    assert walked <= {"SCAN letters USING INDEX letters_there"}, "once, for those that are there"
    assert any("actions_apart" in step for step in plan)
