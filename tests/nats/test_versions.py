"""Two versions of Atamo on one stream: the older stops at what it cannot read, and says so; what is written stays
readable."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.journal import Change, Erasure, Incoming, Moved
from atamo_rules.builtin.stores.nats.parts import FORMAT, FORMAT_IS, cut
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.builtin.stores.nats.unwired import change_of
from atamo_rules.builtin.stores.nats.wire import Bundle, packed, unpacked, written
from atamo_rules.builtin.stores.open_work import item_of
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.model.audit import Note
from atamo_rules.model.frame import Frame
from atamo_rules.model.work import DeadLetter, Put
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.store_stage import Stage, event
from tests.hub.stage import Heard, state
from tests.nats.test_hubs import RULES
from tests.nats.test_servers import refusal

NEWER = str(FORMAT + 1)
SENTENCE = (
    f"it has format {NEWER}, and this version of Atamo reads up to {FORMAT}: a hub of a newer version writes this "
    "stream, stop this one and start it with that version"
)
SAMPLE = Path(__file__).with_name("format-1.msgpack")


async def write_newer(store: NatsStore) -> None:
    """What a hub of the next format writes."""
    ((id, headers, data),) = cut("another", 1, packed(Bundle([])), store.stream.link.room)
    await store.stream.link.publish(id, {**headers, FORMAT_IS: NEWER}, data)


def test_a_hub_that_runs_stops_at_what_a_newer_one_wrote(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        said: list[Alert] = []
        store = NatsStore(place, tmp_path)
        hub = Hub(state(RULES, {"desk": ScriptedAgent()}), store, [Heard()], alarm=said.append)
        await hub.start()
        before = await store.head()
        await write_newer(store)
        async with asyncio.timeout(20):
            await hub.broken.wait()
        assert [one.kind for one in said] == ["store"]
        assert said[0].message.endswith(SENTENCE)
        assert not hub.accepting
        assert await store.head() == before
        await hub.end()

    asyncio.run(story())


def test_a_hub_that_starts_behind_what_a_newer_one_wrote_is_refused(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        store = NatsStore(place, tmp_path / "one")
        await store.open(lambda first, notes: None)
        await write_newer(store)
        with pytest.raises(StoreUnavailable):
            await store.orphaned()
        await store.close()

    asyncio.run(story())
    assert refusal(place, tmp_path / "one").endswith(SENTENCE)
    assert refusal(place, tmp_path / "two").endswith(SENTENCE)


def test_a_view_that_a_newer_one_has_written_is_refused(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        store = NatsStore(place, tmp_path)
        await store.open(lambda first, notes: None)
        await store.close()

    asyncio.run(story())
    view = tmp_path / f"{place.stream}.db"
    with closing(sqlite3.connect(view)) as connection:
        connection.execute("insert into format values (?)", (NEWER,))
        connection.commit()
    assert refusal(place, tmp_path) == f"`{view}`: {SENTENCE}"


def sample() -> Change:
    """A transaction that has something of most that there is."""
    stage = Stage(lambda clock: NatsStore(Place(()), Path(), clock))
    at = datetime(2026, 2, 3, 12, tzinfo=UTC)
    change = Change(at)
    change.notes = [Note(at, "event.accepted", "/test#e1", "alice", {"n": 1}, "event /test#e1", "d1")]
    incoming: Incoming = stage.store.draft.incoming(  # type: ignore[attr-defined]
        stage.arrival(event("e2"), stage.decided(stage.work("a2")))
    )
    # What records say is no part of the format: their texts are kept as they are written.
    incoming.change.notes = [Note(at, "event.decided", "/test#e2", "alice", {"matched": ["r"]})]
    change.incoming = [incoming]
    change.added = [item_of(0, stage.work("a1", within=60))]
    change.frames = (Frame("/test#e1", "data", {"pieces": 3}, "desk", "note", at=at, rule="r"),)
    change.puts = (Put("bucket", "key", {"v": 1}, expect=7), Put("bucket", "gone", None))
    change.moved = [Moved(change.added[0], "later", "not yet", {"n": 1}, 1.5, ("busy",))]
    letter = DeadLetter(1, change.added[0].work, "http 410", "no", 3, ("busy", "no"), at)
    change.dead = ((letter, 4),)
    change.erased = (Erasure("/test#e0", "alice", "asked"),)
    change.closed = ("log",)
    change.kept = (("log", at),)
    change.undead = (3,)
    change.open = {"/test#e1": 1}
    return change


def test_what_is_written_is_what_the_format_says() -> None:
    """Where this fails, hubs of the version before would misread: raise FORMAT, have both formats read, and keep this
    file beside a new one."""
    assert packed(Bundle([written(sample(), {})], over="2026-02-03")) == SAMPLE.read_bytes()


def test_what_was_written_is_read() -> None:
    (wire,) = unpacked(SAMPLE.read_bytes()).changes
    read, meant = change_of(wire, lambda row: item_of(row, sample().added[0].work)), sample()
    assert read.notes == meant.notes
    assert [one.work for one in read.added] == [one.work for one in meant.added]
    assert read.frames == meant.frames
    assert read.puts == meant.puts
    assert read.erased == meant.erased
    ((moved,), (other_moved,)) = read.moved, meant.moved
    assert moved.item is read.added[0]
    assert (moved.state, moved.why, moved.answer, moved.wait, moved.errors) == (
        other_moved.state, other_moved.why, other_moved.answer, other_moved.wait, other_moved.errors,
    )  # fmt: skip
    (((letter, row),), ((meant_letter, meant_row),)) = read.dead, meant.dead
    assert (letter.work, letter.errors, row) == (meant_letter.work, meant_letter.errors, meant_row)
    assert (read.closed, read.kept, read.undead, read.open) == (
        meant.closed, meant.kept, meant.undead, meant.open,
    )  # fmt: skip
    (one,), (other,) = read.incoming, meant.incoming
    assert one.arrival.event == other.arrival.event
    assert one.change.notes == other.change.notes
