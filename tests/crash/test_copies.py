"""Killed, or without power, while a file is brought to its newest form or copied: it is the old or the new one, never
something between."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.sqlite import spans
from atamo_rules.builtin.stores.sqlite.schema import MIGRATIONS
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from tests import older
from tests.cli.dispatcher import ATAMO, atamo
from tests.crash.power import Disk, Step, command, killed_at, there, traced
from tests.figures import COPIES, UPGRADES
from tests.older import bring_back

pytestmark = pytest.mark.skipif(not there(), reason="strace is not installed, or may not trace here")

EVENTS = 900
CHANGING = ("pwrite64", "fdatasync", "ftruncate", "unlink", "rename")
"""Calls that change a file, or have it stay changed."""
OPENING = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from atamo_rules.builtin.stores.sqlite.store import SqliteStore

async def story(path):
    store = SqliteStore(path, retain=timedelta(days=10_000))
    await store.open(lambda first, notes: None)
    print("opened", flush=True)
    await store.file.forget(store.clock.now())
    await store.close()

asyncio.run(story(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the first form, with more records than one batch of spans has."""
    file = tmp_path_factory.mktemp("kept") / "hub.db"
    subprocess.run(command(file, EVENTS, "off"), stdout=subprocess.DEVNULL, check=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        bring_back(connection, 1)
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")
        (records,) = connection.execute("select count(*) from audit").fetchone()
    assert records > 2 * spans.BATCH
    return file


def opening(file: Path) -> list[str]:
    return [sys.executable, "-c", OPENING, str(file)]


def content(file: Path) -> list[tuple[object, ...]]:
    """What all forms of a file have."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        return older.content(connection)


def form(file: Path) -> int:
    """Which form a file has. It has all of that and nothing of the next."""
    with closing(sqlite3.connect(file)) as connection:
        (version,) = connection.execute("pragma user_version").fetchone()
        there = {name for (name,) in connection.execute("select name from sqlite_master")}
        assert {"spans", "spanned"} & there == ({"spans", "spanned"} if version > 1 else set())
        assert any(name.endswith("_large") for name in there) == (version > 2)
        by_event = {"actions_by_event", "actions_apart"} & there
        assert by_event == {"actions_apart" if version > 3 else "actions_by_event"}
        columns = {name for (name,) in connection.execute("select name from pragma_table_info('events')")}
        assert {"first_row", "last_row"} & columns == ({"first_row", "last_row"} if version > 3 else set())
        if version > 1:
            ((upto,),) = connection.execute("select upto from spanned").fetchall()
            assert upto % spans.BATCH == 0
            assert (upto > 0) == (connection.execute("select count(*) from spans").fetchone() > (0,))
    return int(version)


async def goes_on(file: Path) -> None:
    """The next start has it in the newest form, and finds the records of an event by their spans."""
    store = SqliteStore(file, retain=timedelta(days=10_000))
    await store.open(lambda first, notes: None)
    await store.file.forget(store.clock.now())
    for number in (0, EVENTS // 2, EVENTS - 1):
        assert len(await store.audit(0, 100, f"/test#e{number}")) == 5
        told = await store.told(f"e{number}")
        assert told is not None
        assert len(told["actions"]) == 1
    await store.close()


def is_old_or_new(file: Path, before: Sequence[object]) -> int:
    version = form(file)
    assert 1 <= version <= len(MIGRATIONS)
    assert content(file) == before
    asyncio.run(goes_on(file))
    assert (form(file), content(file)) == (len(MIGRATIONS), before)
    return version


@pytest.mark.slow
@UPGRADES.limit()
def test_a_file_is_of_the_old_form_or_of_the_new_wherever_its_upgrade_is_killed(
    kept: Path, tmp_path: Path
) -> None:
    before, found = content(kept), []
    for call, number in killed_at(opening, CHANGING, UPGRADES.asked, kept, tmp_path):
        found.append(is_old_or_new(tmp_path / "hub.db", before))
        print(call, number, found[-1])
    assert len(found) == UPGRADES.asked
    assert {1, len(MIGRATIONS)} <= set(found), "some were killed before its commit, and some after"


@pytest.mark.parametrize("images", [pytest.param(8, id="few"), UPGRADES.many(300)])
def test_a_file_is_of_the_old_form_or_of_the_new_when_power_is_lost_amid_its_upgrade(
    images: int, kept: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    shutil.copy(kept, made / "hub.db")
    code, steps = traced(opening(made / "hub.db"), made)
    assert code == 0
    before, chance, found = content(kept), random.Random(images), []
    for moment in sorted(chance.randrange(len(steps)) for _ in range(images)):
        disk = Disk({str(made / "hub.db"): bytearray(kept.read_bytes())})
        for step in steps[:moment]:
            disk.take(step)
        left = placed(disk.image(chance), made, tmp_path / "left")
        found.append(is_old_or_new(left / "hub.db", before))
        assert found[-1] == len(MIGRATIONS) or Step("say", data=b"opened") not in steps[:moment]
        shutil.rmtree(left)
    assert {1, len(MIGRATIONS)} <= set(found)


def placed(image: dict[str, bytes], made: Path, left: Path) -> Path:
    """The files of an image, below another folder; locks and what is shared in memory are not on the disk."""
    left.mkdir()
    for path, data in image.items():
        if not path.endswith(("-shm", ".lock")):
            (left / Path(path).relative_to(made)).write_bytes(data)
    return left


def backing_up(file: Path) -> list[str]:
    return [*ATAMO, "backup", str(file), str(file.with_name("copy.db"))]


def is_whole_or_absent(copy: Path, before: Sequence[object]) -> bool:
    """Whether there is a copy, which then is whole; where there is none, the next command makes it."""
    there = copy.exists()
    if not there:
        done = atamo(*backing_up(copy.with_name("hub.db"))[len(ATAMO) :])
        assert (done.returncode, done.stderr) == (0, "")
    assert content(copy) == before
    assert sorted(path.name for path in copy.parent.iterdir() if not path.name.startswith("hub.db")) == [
        copy.name
    ]
    return there


@pytest.mark.slow
@COPIES.limit()
def test_a_backup_is_whole_or_not_there_wherever_its_command_is_killed(kept: Path, tmp_path: Path) -> None:
    before, found = content(kept), []
    for _ in killed_at(backing_up, CHANGING, COPIES.asked, kept, tmp_path / "p"):
        found.append(is_whole_or_absent(tmp_path / "p/copy.db", before))
        assert content(tmp_path / "p/hub.db") == before
    assert found.count(False) >= COPIES.asked // 2


@pytest.mark.parametrize("images", [pytest.param(4, id="few"), COPIES.many(300)])
def test_a_backup_is_whole_or_not_there_when_power_is_lost(images: int, kept: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    shutil.copy(kept, made)
    code, steps = traced(backing_up(made / "hub.db"), made)
    assert code == 0
    before, chance = content(kept), random.Random(images)
    moments = sorted(chance.randrange(len(steps)) for _ in range(images))
    for moment in [*moments, *[len(steps)] * 3]:
        disk = Disk({str(made / "hub.db"): bytearray(kept.read_bytes())})
        for step in steps[:moment]:
            disk.take(step)
        left = placed(disk.image(chance), made, tmp_path / "left")
        there = is_whole_or_absent(left / "copy.db", before)
        assert there or not any(step.call == "say" for step in steps[:moment]), "it said that it was made"
        shutil.rmtree(left)
