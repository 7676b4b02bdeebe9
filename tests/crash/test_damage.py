"""A file that was damaged while no hub ran: the next start says in a sentence that it cannot be used, or goes on where
it did not have to read what was damaged; it never ends in a traceback."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from atamo_rules.hub.checks import store
from tests.cli.dispatcher import atamo
from tests.crash.test_kill import RULES, port_of, start, until_all_is_done
from tests.figures import DAMAGES
from tests.places import write

PAGE = 4096


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub that took some orders, did them and was stopped."""
    folder = write(tmp_path_factory.mktemp("kept") / "p", {"rules/a.atamo": RULES})
    with start(folder) as hub, hub.web as web:
        port_of(hub)
        for number in range(30):
            event = {"type": "order.placed", "id": f"e{number}", "data": {"id": f"e{number}", "total": 120}}
            assert web.post("/v1/events", json=event).status_code == 202
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    with closing(sqlite3.connect(folder / ".atamo/hub.db")) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return folder


def truncated(data: bytearray, by: random.Random) -> None:
    del data[by.randrange(1, len(data)) :]


def zeroed(data: bytearray, by: random.Random) -> None:
    at = by.randrange(len(data) // PAGE) * PAGE
    data[at : at + PAGE] = bytes(PAGE)


def without_its_head(data: bytearray, by: random.Random) -> None:
    data[:PAGE] = by.randbytes(PAGE)


@pytest.mark.parametrize("damage", [truncated, zeroed, without_its_head], ids=lambda f: f.__name__)
@pytest.mark.parametrize("rounds", [pytest.param(2, id="few"), DAMAGES.many(300)])
def test_a_damaged_file_is_gone_on_with_or_refused_in_a_sentence(
    damage: Callable[[bytearray, random.Random], None], rounds: int, stopped: Path, tmp_path: Path
) -> None:
    for number in range(rounds):
        folder = tmp_path / f"p{number}"
        shutil.copytree(stopped, folder)
        file = folder / ".atamo/hub.db"
        data = bytearray(file.read_bytes())
        damage(data, random.Random(f"{damage.__name__} {number}"))
        file.write_bytes(data)
        done = atamo("run", str(folder), "--stdin", "--store", f"sqlite:{file}")
        assert "Traceback" not in done.stderr, done.stderr
        refused = done.returncode == 2 and f"`{file}` cannot be " in done.stderr
        # A page in the middle that is zeroed is not read at the start, and not found out by it.
        assert refused or (damage is zeroed and done.returncode == 0), done.stderr
        shutil.rmtree(folder)


def test_a_file_that_lacks_a_part_of_its_last_page_is_refused(stopped: Path, tmp_path: Path) -> None:
    shutil.copytree(stopped, tmp_path / "p")
    file = tmp_path / "p/.atamo/hub.db"
    file.write_bytes(file.read_bytes()[:-1])
    done = atamo("run", str(tmp_path / "p"), "--stdin", "--store", f"sqlite:{file}")
    assert done.returncode == 2
    assert f"`{file}` cannot be used: it is cut off by 1 byte" in done.stderr


def test_the_file_is_whole_where_nothing_was_damaged(stopped: Path, tmp_path: Path) -> None:
    shutil.copytree(stopped, tmp_path / "p")
    file = tmp_path / "p/.atamo/hub.db"
    assert atamo("run", str(tmp_path / "p"), "--stdin", "--store", f"sqlite:{file}").returncode == 0
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from events").fetchone() == (30,)


def looked_at(folder: Path) -> str:
    """How `atamo doctor` finds the file."""
    return next(one.state for one in store(folder) if one.name == "file")


def content(file: Path) -> list[str] | None:
    """All that can be read from the file; None where it cannot."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            return list(connection.iterdump())
    except sqlite3.Error:
        return None


def test_doctor_finds_every_page_that_is_zeroed(stopped: Path, tmp_path: Path) -> None:
    """Whichever page it is, unless nothing was on it."""
    file = tmp_path / ".atamo/hub.db"
    file.parent.mkdir()
    whole = (stopped / ".atamo/hub.db").read_bytes()
    file.write_bytes(whole)
    assert looked_at(tmp_path) == "ok"
    before = content(file)
    for at in range(0, len(whole), PAGE):
        file.write_bytes(whole[:at] + bytes(PAGE) + whole[at + PAGE :])
        assert looked_at(tmp_path) == "wrong" or content(file) == before, f"page {at // PAGE + 1}"


def test_doctor_finds_an_index_that_does_not_fit_its_table(stopped: Path, tmp_path: Path) -> None:
    """Every page of it is good, so that a look at each page by itself finds nothing."""
    file = tmp_path / ".atamo/hub.db"
    file.parent.mkdir()
    shutil.copy(stopped / ".atamo/hub.db", file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_master set sql = 'create index actions_apart on actions (event)' "
            "where name = 'actions_apart'"
        )
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("pragma quick_check").fetchall() == [("ok",)]
    assert looked_at(tmp_path) == "wrong"
