"""Where the records of an event stand in the file: made batch by batch, whole or not at all, also for older files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.sqlite import audit, spans
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.model.audit import Note
from atamo_rules.testing.store_stage import NOON
from tests.older import bring_back

COUNT = 2 * spans.BATCH + 500
NAMES = [f"/test#e{number}" for number in range(40)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with records that no batch was made of yet."""
    path = tmp_path / "hub.db"
    _write(path, COUNT)
    return path


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as made:
        yield made


def _write(path: Path, count: int) -> None:
    async def story() -> None:
        store = SqliteStore(path)
        await store.open(lambda first, notes: None)
        await store.write([Note(NOON, "event.hops", NAMES[number * 7 % 40]) for number in range(count)])
        await store.close()

    asyncio.run(story())


def _keep_house(path: Path) -> None:
    async def story() -> None:
        store = SqliteStore(path)
        await store.open(lambda first, notes: None)
        while await store.housekeeping():
            pass
        await store.close()

    asyncio.run(story())


def _positions(connection: sqlite3.Connection, name: str) -> list[int]:
    return [record.position for record in audit.audit(connection, 0, COUNT, name)]


def _scanned(connection: sqlite3.Connection, name: str) -> list[int]:
    query = "select position from audit where event = ? order by position"
    return [position for (position,) in connection.execute(query, (name,))]


def _upto(connection: sqlite3.Connection) -> int:
    (upto,) = connection.execute("select upto from spanned").fetchone()
    return int(upto)


def test_only_whole_batches_are_spanned_and_one_at_a_time(connection: sqlite3.Connection) -> None:
    made = [spans.extend(connection) for _ in range(4)]
    assert made == [spans.BATCH, spans.BATCH, 0, 0]
    assert _upto(connection) == 2 * spans.BATCH
    for name in NAMES:
        assert _positions(connection, name) == _scanned(connection, name) != []
        assert len(spans.where(connection, name, 0)) == 3
        assert spans.where(connection, name, 2 * spans.BATCH) == [(2 * spans.BATCH + 1, COUNT)]


def test_a_batch_that_was_cut_short_left_nothing(connection: sqlite3.Connection) -> None:
    spans.extend(connection)
    connection.execute(
        "create temp trigger cut before update on spanned begin select raise(abort, 'cut'); end"
    )
    with pytest.raises(sqlite3.Error, match="cut"):
        spans.extend(connection)
    assert connection.execute("select max(last) <= ? from spans", (spans.BATCH,)).fetchone() == (1,)
    assert _upto(connection) == spans.BATCH
    connection.execute("drop trigger cut")
    assert spans.extend(connection) == spans.BATCH
    assert all(_positions(connection, name) == _scanned(connection, name) for name in NAMES)


def test_a_file_of_the_first_version_is_opened_as_it_is_and_caught_up_with(
    file: Path, connection: sqlite3.Connection
) -> None:
    bring_back(connection, 1)
    _write(file, 1)
    assert _upto(connection) == 0
    assert _positions(connection, NAMES[0]) == _scanned(connection, NAMES[0])
    _keep_house(file)
    assert _upto(connection) == 2 * spans.BATCH
    assert all(_positions(connection, name) == _scanned(connection, name) for name in NAMES)


def test_positions_that_are_given_again_after_a_cut_are_spanned_again(
    file: Path, connection: sqlite3.Connection
) -> None:
    _keep_house(file)
    connection.execute("delete from audit where position > ?", (spans.BATCH - 100,))
    _write(file, 300)
    assert _upto(connection) == 0
    assert all(_positions(connection, name) == _scanned(connection, name) for name in NAMES)
    _keep_house(file)
    assert _upto(connection) == spans.BATCH
    assert all(_positions(connection, name) == _scanned(connection, name) for name in NAMES)


def test_an_event_is_found_by_its_number_and_the_table_is_read_by_its_key(
    connection: sqlite3.Connection,
) -> None:
    connection.execute(
        "insert into events (key, id, digest, state, at) values (?, 'e0', x'', 'decided', 0)", (NAMES[0],)
    )
    spans.extend(connection)
    kinds = dict(connection.execute("select typeof(about), count(*) from spans group by 1"))
    assert kinds == {"integer": 1, "text": 39}
    assert _positions(connection, NAMES[0]) == _scanned(connection, NAMES[0])
