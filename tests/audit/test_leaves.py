"""Hashes made where records are written: they are those of what the file holds, and of nothing that it does not."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.leaves import Leaves, leaves_of, note_text, what_text
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.witnesses.file import FileWitness
from atamo_rules.cli.stopped import records_of
from atamo_rules.errors import Busy
from atamo_rules.hub.audit.evidence import read_evidence
from atamo_rules.hub.audit.form import Same, is_simple, record_bytes
from atamo_rules.hub.audit.merkle import leaf_hash
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.audit.verify import Report, verify
from atamo_rules.hub.clock import SystemClock
from atamo_rules.model.audit import AuditRecord, Note
from atamo_rules.model.blank import Blank
from atamo_rules.model.strict_json import JsonRefused
from tests.audit.logs import NOON, record
from tests.audit.test_form import WHATS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))


RECORDS = st.tuples(st.dictionaries(st.text(st.characters()), WHATS, max_size=6), TEXTS, MOMENTS)


@given(st.lists(RECORDS, max_size=4), st.integers(1, 2**62))
def test_rows_are_hashed_as_they_are_read_back(
    records: list[tuple[dict[str, Any], str, datetime]], first: int
) -> None:
    rows, hashes = [], []
    for place, (what, text, at) in enumerate(records, first):
        written = what_text(what)
        try:
            read = values.read(written)
        except JsonRefused:
            assume(False)
        rows.append((at.isoformat(), "action.done", text, text, written, text, text))
        back = AuditRecord(place, values.moment(rows[-1][0]), "action.done", text, text, read, text, text)
        hashes.append(leaf_hash(record_bytes(back)))
        assert read == values.read(values.text(what)), "what it says is what it said"
    assert leaves_of(first, rows) == hashes


@given(st.dictionaries(st.text(st.characters()), WHATS, max_size=6))
def test_what_many_records_say_is_written_once_and_as_each_would(what: dict[str, Any]) -> None:
    same = Same(what)
    assert same == what
    assert is_simple(same) == is_simple(what)
    assert what_text(same) == what_text(what)
    assert what_text(same) is what_text(same)


ATOMS = st.none() | st.booleans() | st.integers() | st.text(st.characters())


@given(
    st.dictionaries(st.text(st.characters()), ATOMS, max_size=6),
    st.lists(st.text(st.characters()), min_size=2, max_size=2, unique=True).map(sorted),
    st.text(st.characters()),
    st.text(st.characters()),
)
def test_what_records_say_but_for_two_texts_is_written_as_each_would(
    said: dict[str, Any], names: list[str], first: str, second: str
) -> None:
    blank = Blank({name: one for name, one in said.items() if name not in names}, *names)
    for what in (blank.filled(first, second), blank.filled(second, first)):
        note = Note(NOON, "action.done", what=what, blank=blank)
        assert note_text(note) == what_text(what)
        more = note.saying({names[0]: 7, "more": [first]})
        assert note_text(more) == what_text({**what, names[0]: 7, "more": [first]})


async def noted(store: SqliteStore, numbers: range) -> None:
    by = random.Random(numbers.start)
    for number in numbers:
        one = record(number, by)
        await store.write([Note(one.at, one.kind, one.event, one.who, one.what, one.cause, one.rules)] * 2)


async def opened(path: Path) -> tuple[SqliteStore, Notary]:
    """A store, and a notary that has begun and hears it."""
    ears: list[Notary] = []
    store = SqliteStore(path / "hub.db")
    await store.open(lambda first, notes: ears[0].hear(first, notes) if ears else None)
    notary = Notary(store, SystemClock(), [FileWitness(path / "checkpoints")], every=7)
    await notary.begin()
    ears.append(notary)
    return store, notary


def checked(path: Path) -> Report:
    return verify(records_of(path / "hub.db")[1], read_evidence(path / "checkpoints"))


def test_what_is_changed_before_the_first_checkpoint_of_a_process_is_found(tmp_path: Path) -> None:
    async def story() -> None:
        store, notary = await opened(tmp_path)
        await noted(store, range(1, 4))
        with closing(sqlite3.connect(tmp_path / "hub.db")) as tables, tables:
            tables.execute("update audit set who = 'nobody' where position = 2")
        assert await notary.checkpoint() is not None
        await store.close()

    asyncio.run(story())
    report = checked(tmp_path)
    assert [(one.first, one.last) for one in report.differences] == [(2, 2)]


def test_every_record_is_hashed_once_it_is_kept_and_again_after_a_start(tmp_path: Path) -> None:
    async def story() -> None:
        for _ in range(3):
            store, notary = await opened(tmp_path)
            await noted(store, range(1, 12))
            assert await notary.checkpoint() is not None
            await asyncio.gather(*(noted(store, range(n, n + 5)) for n in range(20, 60, 5)))
            assert await notary.checkpoint() is not None
            await noted(store, range(5))  # the next start reads these back
            await store.close()

    asyncio.run(story())
    report = checked(tmp_path)
    assert (report.intact, report.checkpoints, report.size - report.vouched) == (True, 6, 11)


def test_what_is_changed_between_the_commit_and_the_checkpoint_is_seen(tmp_path: Path) -> None:
    async def story() -> None:
        store, notary = await opened(tmp_path)
        await noted(store, range(1, 4))
        assert await notary.checkpoint() is not None  # from here on it takes hashes as they are made
        await noted(store, range(4, 8))
        with sqlite3.connect(tmp_path / "hub.db") as connection:
            connection.execute("update audit set who = 'mallory' where position = 9")
        connection.close()
        assert await notary.checkpoint() is not None
        await store.close()

    asyncio.run(story())
    (difference,) = checked(tmp_path).differences
    assert "record 9 " in difference.sentence()


def test_what_was_not_committed_is_in_no_tree(tmp_path: Path) -> None:
    async def story() -> None:
        store, notary = await opened(tmp_path)
        await noted(store, range(1, 4))
        assert await notary.checkpoint() is not None
        keeper = store.file._keeper
        assert keeper is not None

        def pages(most: str) -> None:
            (there,) = keeper.connection.execute("pragma page_count").fetchone()
            keeper.connection.execute(f"pragma max_page_count = {most or there}")

        loop = asyncio.get_running_loop()
        await loop.run_in_executor(store.file.group.thread, pages, "")
        with pytest.raises(Busy, match="the disk is full"):
            await store.write([Note(NOON, "alert.raised", "", "", {"why": "x" * 100_000})])
        await loop.run_in_executor(store.file.group.thread, pages, "1000000")
        await noted(store, range(4, 9))
        made = await notary.checkpoint()
        assert made is not None
        assert made.size == 6 + 1 + 10
        await store.close()

    asyncio.run(story())
    assert checked(tmp_path).intact


def test_hashes_are_given_in_a_row_or_not_at_all() -> None:
    one = Leaves(most=4)
    assert one.after(0, 10) == []
    one.add(1, [b"1", b"2", b"3"])
    assert one.after(0, 2) == [b"1", b"2"]
    assert one.after(2, 9) == [b"3"]
    assert one.after(1, 9) == [], "they were let go"
    assert one.after(3, 9) == []
    one.add(4, [b"4", b"5", b"6", b"7", b"8"])
    assert (one.first, one.after(3, 9), one.after(4, 9)) == (5, [], [b"5", b"6", b"7", b"8"])
    one.add(11, [b"11"])  # those between were not hashed
    assert (one.after(8, 9), one.after(10, 9)) == ([], [b"11"])
