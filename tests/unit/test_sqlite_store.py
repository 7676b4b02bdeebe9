"""The file of the durable store: whose it is, which version, what it lets go of, and values that come back exactly."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from atamo_rules.builtin.stores.sqlite import schema, values
from atamo_rules.builtin.stores.sqlite.blobs import folder_of
from atamo_rules.builtin.stores.sqlite.lock import FileLock
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import StoreUnavailable
from atamo_rules.model.decision import Action, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.people import User, Who
from atamo_rules.model.work import Work
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.store_stage import Stage, event

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
numbers = (
    st.integers()
    | st.integers(-(10**40), 10**40)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
)
scalars = st.none() | st.booleans() | numbers | texts
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))


@given(json_values)
def test_json_comes_back_exactly(value: Any) -> None:
    back = values.read(values.text(value))
    assert back == value
    assert repr(back) == repr(value), "a whole number stays one, and a decimal keeps its digits"


@given(json_values, moments, texts, st.frozensets(texts, max_size=3), st.booleans(), st.integers(0, 16))
def test_events_come_back(
    body: Any, at: datetime, name: str, groups: frozenset[str], flag: bool, hops: int
) -> None:
    for user in (None, User(name, groups, "acme")):
        event = Event("e", "thing", {"x": body}, at, user, name, flag, hops, not flag)
        assert values.to_event(values.of_event(event, event.at.isoformat())) == event


@given(json_values, moments, texts, st.decimals(0, 10**6, places=2), st.integers(0, 9))
def test_work_and_frames_come_back(body: Any, at: datetime, name: str, within: Decimal, retry: int) -> None:
    action = Action(
        "a", "ask", "desk", "note", body, "r", "a.atamo:1:1", 3, Who("group", name), within, name, retry
    )
    waiting = Waiting("r", 3, "a", (("found", body),))
    for work in (
        Work("k", action, name, "acme", "d", at, at + timedelta(seconds=5), waiting, True),
        Work("k", replace(action, acting_as=None, within=None, error=None, retry=None), "", "", "", at),
    ):
        assert values.to_work(values.of_work(work, work.at.isoformat())) == work
    frame = Frame("k", "update", body, "desk", "a", name, at, 7)
    assert values.to_frame("k", 7, values.of_frame(frame, at)) == frame


def test_what_agents_say_may_hold_halves_of_characters(tmp_path: Path) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: SqliteStore(tmp_path / "hub.db", clock))
        await stage.open()
        await stage.accept("e1", stage.work())
        (lease,) = await stage.claim()
        await stage.store.settle(lease, Failed("no \udc80 file", "\udc80"))
        (letter,) = await stage.store.dead()
        assert letter.why == "no ? file"
        await stage.store.close()

    asyncio.run(story())


def _open(path: Path) -> None:
    async def story() -> None:
        store = SqliteStore(path)
        await store.open(lambda first, notes: None)
        await store.close()

    asyncio.run(story())


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("create table t (x)")
    before = other.read_bytes()
    with pytest.raises(StoreUnavailable, match="another program"):
        _open(other)
    assert other.read_bytes() == before
    text = tmp_path / "text.db"
    text.write_text("this is no database, but a text that is long enough to have a header of one" * 20)
    with pytest.raises(StoreUnavailable, match="not a database"):
        _open(text)


def test_a_file_of_a_newer_version_is_refused_and_a_newer_version_brings_an_older_file_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hub.db"
    _open(file)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "create table more (x);"))
    _open(file)
    with sqlite3.connect(file) as connection:
        assert connection.execute("pragma user_version").fetchone() == (len(schema.MIGRATIONS),)
        assert connection.execute("select * from more").fetchall() == []
    monkeypatch.undo()
    with pytest.raises(StoreUnavailable, match="newer version"):
        _open(file)


def test_a_migration_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hub.db"
    _open(file)
    with monkeypatch.context() as patch:
        patch.setattr(
            schema, "MIGRATIONS", (*schema.MIGRATIONS, "create table more (x); create table audit (x);")
        )
        with pytest.raises(StoreUnavailable, match="already exists"):
            _open(file)
    _open(file)
    with sqlite3.connect(file) as connection:
        assert connection.execute("select name from sqlite_master where name = 'more'").fetchall() == []


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    _open(tmp_path / "hub.db")
    assert os.stat(tmp_path / "hub.db").st_mode & 0o077 == 0


def test_a_lock_says_who_holds_it_also_inside_one_process(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "hub.db.lock"), FileLock(tmp_path / "hub.db.lock")
    one.take()
    with pytest.raises(
        StoreUnavailable, match=rf"`hub.db` is in use by another hub: process {os.getpid()} on "
    ):
        two.take()
    one.give_back()
    two.take()
    two.give_back()


def test_a_file_that_is_linked_to_is_one_file_with_one_holder(tmp_path: Path) -> None:
    for name in ("disk", "one", "two"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        (tmp_path / name / "hub.db").symlink_to(tmp_path / "disk" / "hub.db")

    async def story() -> None:
        stage = Stage(lambda clock: SqliteStore(tmp_path / "one" / "hub.db", clock))
        await stage.open()
        other = SqliteStore(tmp_path / "two" / "hub.db")
        with pytest.raises(StoreUnavailable, match="is in use by another hub"):
            other.take()
        large = event("e1", text="x" * (1 << 20))
        await stage.store.accept([stage.arrival(large, stage.decided(event=large.key))])
        await stage.store.close()
        assert len(list(folder_of(tmp_path / "disk" / "hub.db").iterdir())) == 1
        again = Stage(lambda clock: SqliteStore(tmp_path / "two" / "hub.db", clock))
        await again.open()
        assert await again.store.event(large.key) == large
        await again.store.close()

    asyncio.run(story())


def test_what_is_over_and_old_is_let_go_and_its_key_is_still_known(tmp_path: Path) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: SqliteStore(tmp_path / "hub.db", clock, retain=timedelta(days=7)))
        await stage.open()
        await stage.accept("done", stage.work("a", "/test#done"))
        await stage.accept("open", stage.work("b", "/test#open"))
        await stage.accept("dead", stage.work("c", "/test#dead"))
        one, _, three = await stage.claim(lease=1e9)
        await stage.store.settle(one, Done(1))
        await stage.store.settle(three, Failed("no"))
        stage.clock.move(6 * 86_400)
        assert await stage.store.housekeeping() == 0
        stage.clock.move(2 * 86_400)
        assert await stage.store.housekeeping() == 1
        states = {id: (await stage.told(id))["state"] for id in ("done", "open", "dead")}
        assert states == {"done": "forgotten", "open": "decided", "dead": "finished"}
        assert (await stage.accept("done")).known == "same"
        await stage.store.close()

    asyncio.run(story())


def test_commits_are_shared_by_whoever_waits(tmp_path: Path) -> None:
    async def story() -> None:
        store = SqliteStore(tmp_path / "hub.db", ManualClock())
        stage = Stage(lambda clock: store)
        await stage.open()
        await asyncio.gather(*(stage.accept(f"e{number}") for number in range(200)))
        assert store.file.group.commits <= 3
        await store.close()

    asyncio.run(story())


def test_a_fault_in_who_is_told_leaves_nobody_waiting(tmp_path: Path) -> None:
    async def story() -> None:
        faults: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
        store = SqliteStore(tmp_path / "hub.db", ManualClock())
        stage = Stage(lambda clock: store)

        def hear(first: int, notes: Any) -> None:
            raise RuntimeError("somebody's ear")

        await store.open(hear)
        async with asyncio.timeout(10):
            await asyncio.gather(*(stage.accept(f"e{number}") for number in range(3)))
            await stage.accept("e3")
        assert await stage.told("e3") is not None
        assert {str(one["exception"]) for one in faults} == {"somebody's ear"}
        await store.close()

    asyncio.run(story())
