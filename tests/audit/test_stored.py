"""Tampering with the store file of a stopped hub: a thousand times in SQL and in its bytes, and never unseen."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.witnesses.file import FileWitness
from atamo_rules.cli.stopped import records_of
from atamo_rules.hub.audit.evidence import Evidence, read_evidence
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.audit.verify import Report, verify
from atamo_rules.hub.clock import SystemClock
from atamo_rules.model.audit import Note
from tests.audit.logs import record

EACH = 1000
COUNT = 40


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evidence]:
    """A store file with some records, folded into one file, and what a witness saw of it."""
    folder = tmp_path_factory.mktemp("kept")

    async def story() -> None:
        store = SqliteStore(folder / "hub.db")
        await store.open(lambda first, notes: None)
        by = random.Random(1)
        for position in range(1, COUNT + 1):
            one = record(position, by)
            await store.write([Note(one.at, one.kind, one.event, one.who, one.what, one.cause, one.rules)])
        notary = Notary(store, SystemClock(), [FileWitness(folder / "checkpoints")], every=7)
        await notary.begin()
        assert await notary.checkpoint() is not None
        await store.close()

    asyncio.run(story())
    with sqlite3.connect(folder / "hub.db") as connection:
        connection.execute("pragma journal_mode = delete")
    connection.close()
    return folder / "hub.db", read_evidence(folder / "checkpoints")


def changed(connection: sqlite3.Connection, by: random.Random) -> set[int]:
    at = by.randint(1, COUNT)
    column = by.choice(["at", "kind", "event", "who", "what", "cause", "rules"])
    value = by.choice(["", "x", "{}", '{"why":"nothing"}', "2026-01-01T00:00:00+00:00", "\x00", "[1"])
    connection.execute(f"update audit set {column} = ? where position = ?", (value + " ", at))
    return {at}


def removed(connection: sqlite3.Connection, by: random.Random) -> set[int]:
    at = by.randint(1, COUNT)
    connection.execute("delete from audit where position = ?", (at,))
    return {at}


def renumbered(connection: sqlite3.Connection, by: random.Random) -> set[int]:
    at = by.randint(1, COUNT)
    connection.execute("delete from audit where position = ?", (at,))
    connection.execute("update audit set position = position - 1 where position > ?", (at,))
    return set(range(at, COUNT + 2))


def swapped(connection: sqlite3.Connection, by: random.Random) -> set[int]:
    low, high = sorted(by.sample(range(1, COUNT + 1), 2))
    for before, after in ((low, -1), (high, low), (-1, high)):
        connection.execute("update audit set position = ? where position = ?", (after, before))
    return {low, high}


def truncated(connection: sqlite3.Connection, by: random.Random) -> set[int]:
    at = by.randint(1, COUNT)
    connection.execute("delete from audit where position >= ?", (at,))
    return set(range(at, COUNT + 2))


def added(connection: sqlite3.Connection, by: random.Random) -> set[int]:
    """A copy put in before the last record that is vouched for: what is added after it, nothing vouches for."""
    at = by.randint(1, COUNT - 1)
    connection.execute("update audit set position = -position where position >= ?", (at,))
    connection.execute(
        "insert into audit select ?, at, kind, event, who, what, cause, rules from audit where position = ?",
        (at, -at),
    )
    connection.execute("update audit set position = 1 - position where position < 0")
    return set(range(at, COUNT + 2))


@pytest.mark.parametrize(
    "tamper", [changed, removed, renumbered, swapped, truncated, added], ids=lambda f: f.__name__
)
def test_every_change_of_the_table_is_found_and_named(
    kept: tuple[Path, Evidence],
    tamper: Callable[[sqlite3.Connection, random.Random], set[int]],
) -> None:
    path, evidence = kept
    whole = sqlite3.connect(path)
    for number in range(EACH):
        memory = sqlite3.connect(":memory:", isolation_level=None)
        whole.backup(memory)
        touched = tamper(memory, random.Random(f"{tamper.__name__} {number}"))
        report = verify(rows(memory), evidence)
        memory.close()
        assert not report.intact
        named = {at for one in report.differences for at in range(one.first, one.last + 1)}
        assert named & touched
        assert named <= touched
    whole.close()


def rows(connection: sqlite3.Connection) -> list[bytes]:
    from atamo_rules.builtin.stores.sqlite.audit import log

    return list(log(connection))


@pytest.mark.slow
def test_a_bit_flipped_anywhere_in_the_file_is_never_a_silent_change(
    kept: tuple[Path, Evidence], tmp_path: Path
) -> None:
    """It is found in the audit, or the file cannot be read, or it lies in nothing that the audit is made of."""
    path, evidence = kept
    honest = verify(list(records_of(path)[1]), evidence)
    assert honest.intact
    whole = path.read_bytes()
    found = 0
    for number in range(EACH):
        by = random.Random(f"flip {number}")
        raw = bytearray(whole)
        raw[by.randrange(len(raw))] ^= 1 << by.randrange(8)
        copy = tmp_path / "hub.db"
        copy.write_bytes(raw)
        report: Report | None = None
        with contextlib.suppress(click.UsageError):
            report = verify(list(records_of(copy)[1]), evidence)
        if report is None or not report.intact:
            found += 1
        else:
            assert report == honest
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
    assert found > EACH / 10


def test_what_a_stopped_hub_kept_is_what_its_auditor_wrote(kept: tuple[Path, Evidence]) -> None:
    path, evidence = kept
    place, log = records_of(path)
    report = verify(log, evidence)
    assert (place, report.intact, report.vouched) == (path, True, COUNT)
    assert report.size == COUNT + 1
