"""Values that are too large for a row: kept whole in files beside the database, read as if they were in it, swept away
when no row names them."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.sqlite import blobs
from atamo_rules.builtin.stores.sqlite.blobs import LARGE, Blobs, aside, folder_of, named
from atamo_rules.builtin.stores.sqlite.examining import large_values
from atamo_rules.builtin.stores.sqlite.schema import open_to_read
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.cli import backup
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.work import Selector
from atamo_rules.testing.store_stage import Stage, event
from tests.cli.dispatcher import ATAMO, atamo
from tests.crash.power import there, traced

BIG = "ä" * LARGE
KEY = "/test#e1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def run(file: Path, story: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        stage = Stage(lambda clock: SqliteStore(file, clock, retain=timedelta(days=7)))
        await stage.open()
        try:
            await story(stage)
        finally:
            await stage.store.close()

    asyncio.run(whole())


def files(file: Path) -> set[str]:
    """The names of the files beside a database."""
    return set(os.listdir(folder_of(file))) if folder_of(file).exists() else set()


def names(file: Path) -> set[str]:
    """The names that its rows refer to."""
    with closing(open_to_read(file)) as connection:
        return set(named(connection))


def large_event(stage: Stage, id: str = "e1") -> Any:
    """An event whose body is too large, with one action that sends it all."""
    one = event(id, text=f"{id}{BIG}")
    work = stage.work(f"a{id}", one.key)
    work.action.body["line"] = f"{id}{BIG}"  # type: ignore[index,call-overload]
    return stage.arrival(one, stage.decided(work, event=one.key))


def test_what_is_large_is_kept_beside_the_file_and_read_as_what_it_is(file: Path) -> None:
    async def story(stage: Stage) -> None:
        arrival = large_event(stage)
        await stage.store.accept([arrival])
        await stage.again()
        (lease,) = await stage.claim()
        assert lease.work.action.body == {"line": f"e1{BIG}"}
        await stage.store.settle(lease, Done({"answer": BIG}))
        await stage.store.append([Frame(KEY, "data", BIG), Frame(KEY, "data", "little")])
        await stage.again()
        assert await stage.store.event(KEY) == arrival.event
        told = await stage.told()
        assert told["actions"][0]["answer"] == {"answer": BIG}
        assert told["replies"] == [{"answer": BIG}, {"answer": "little"}]
        page = await stage.store.read(KEY, 0, 10, 0.0)
        assert [frame.body for frame in page.frames] == [BIG, "little"]
        decision = await stage.store.decision(KEY)
        assert decision is not None
        assert [
            one.body for fired in decision.fired for one in fired.actions
        ] == []  # none of a rule's own id

    run(file, story)
    assert files(file) == names(file)
    assert len(names(file)) == 4
    assert file.stat().st_size < LARGE
    assert all(os.stat(folder_of(file) / name).st_mode & 0o077 == 0 for name in names(file))
    assert os.stat(folder_of(file)).st_mode & 0o077 == 0


def test_a_dead_letter_that_is_large_is_shown_and_done_again(file: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.store.accept([large_event(stage)])
        (lease,) = await stage.claim()
        await stage.store.settle(lease, Failed("no"))
        await stage.again()
        (letter,) = await stage.store.dead()
        assert letter.work.action.body == {"line": f"e1{BIG}"}
        assert await stage.store.redrive(Selector(event=KEY), 9) == 1
        (lease,) = await stage.claim()
        assert lease.work.action.body == {"line": f"e1{BIG}"}

    run(file, story)


def test_rules_that_wait_with_a_large_question_are_known_at_the_next_start(file: Path) -> None:
    async def story(stage: Stage) -> None:
        for number in (1, 2):
            one = event(f"e{number}")
            work = stage.work(f"a{number}", one.key, within=60.0, rules=f"digest{number}")
            work.action.body["line"] = BIG if number == 1 else "x"  # type: ignore[index,call-overload]
            await stage.store.accept([stage.arrival(one, stage.decided(work, event=one.key))])
        recovered = await stage.again()
        assert recovered.rules == {"digest1", "digest2"}
        assert await stage.store.rulesets() == {"g1", "digest1", "digest2"}

    run(file, story)


def test_files_that_no_row_names_are_swept_away_and_others_stay(file: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.store.accept([large_event(stage, "e1")])
        (lease,) = await stage.claim()
        await stage.store.settle(lease, Done(None))
        await stage.store.append([Frame(KEY, "data", BIG), Frame(KEY, "data", f"{BIG}2")])
        assert await stage.store.touch(KEY, 3600)
        before = names(file)
        for stray in ("0" * 64, "1" * 64 + ".part"):
            (folder_of(file) / stray).write_bytes(b"left of a crash")
        assert await stage.store.housekeeping() == 2
        assert files(file) == before
        await stage.store.trim(KEY, [1])
        assert await stage.store.housekeeping() == 1
        assert len(files(file)) == len(before) - 1
        stage.clock.move(2 * 3600)
        assert await stage.store.housekeeping() == 2  # the log, and its file
        assert len(files(file)) == len(before) - 2
        stage.clock.move(8 * 86_400)
        assert await stage.store.housekeeping() == 3  # the event, what it said and what was sent
        assert files(file) == set()
        assert (await stage.told())["state"] == "forgotten"

    run(file, story)


def test_a_file_that_cannot_be_removed_stops_nothing_and_is_tried_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        await stage.store.accept([large_event(stage, "e1")])
        stray = folder_of(file) / ("0" * 64)
        stray.write_bytes(b"left of a crash")

        def refused(path: Path, missing_ok: bool = False) -> None:
            raise OSError(errno.EACCES, "Permission denied", str(path))

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", refused)
            with pytest.raises(Busy, match="cannot be removed: Permission denied"):
                await stage.store.housekeeping()
        await stage.accept("e2")
        assert await stage.store.housekeeping() == 1

    run(file, story)


def test_an_event_that_was_known_leaves_a_file_only_until_the_next_sweep(file: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.store.accept([large_event(stage)])
        (kept,) = await stage.store.accept([stage.arrival(event("e1", text=BIG[1:] * 2))])
        assert kept.known == "other"
        assert files(file) > names(file)
        await stage.store.housekeeping()
        assert files(file) == names(file)

    run(file, story)


def test_what_was_damaged_or_removed_is_said_with_its_name(file: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.store.accept([stage.arrival(event("e1", text=BIG)), stage.arrival(event("e2", text=BIG))])
        with closing(open_to_read(file)) as connection:
            (one,) = connection.execute("select event from events where id = 'e1'").fetchone()
            (two,) = connection.execute("select event from events where id = 'e2'").fetchone()
            assert list(connection.blobs.wrong(connection)) == []
        (check,) = large_values(file)
        assert (check.state, check.said) == ("ok", f"2 in `{folder_of(file)}`, all whole")
        path = folder_of(file) / one.removeprefix("@")
        data = bytearray(path.read_bytes())
        data[1000] ^= 1
        path.write_bytes(data)
        with pytest.raises(StoreUnavailable, match=f"{path.name}` is not what was written"):
            await stage.store.event("/test#e1")
        gone = folder_of(file) / two.removeprefix("@")
        gone.unlink()
        with pytest.raises(StoreUnavailable, match=f"{gone.name}` is missing"):
            await stage.store.event("/test#e2")
        (check,) = large_values(file)
        assert check.state == "wrong"
        assert "and 1 more" in check.said

    run(file, story)


def test_without_room_nothing_is_kept_and_later_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(stage: Stage) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(blobs.os, "write", _failing(28))
            with pytest.raises(Busy, match="the disk is full"):
                await stage.store.accept([large_event(stage)])
        assert await stage.store.event(KEY) is None
        (kept,) = await stage.store.accept([large_event(stage)])
        assert kept.known == "new"
        assert await stage.store.event(KEY) is not None

    run(file, story)


def test_after_an_error_of_the_disk_nothing_more_is_promised(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(blobs.os, "fsync", _failing(5))
            with pytest.raises(StoreUnavailable, match="cannot be written"):
                await stage.store.accept([large_event(stage)])
        with pytest.raises(StoreUnavailable, match="cannot be written"):
            await stage.accept("e2")

    run(file, story)
    assert names(file) == set()


def _failing(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


def test_only_what_is_beyond_the_limit_in_bytes_is_put_aside() -> None:
    large: dict[str, bytes] = {}
    assert aside("x" * LARGE, large) == "x" * LARGE
    assert aside("ä" * (LARGE // 2), large) == "ä" * (LARGE // 2)
    assert large == {}
    for written in ("x" * (LARGE + 1), "ä" * (LARGE // 2 + 1)):
        reference = aside(written, large)
        assert large[reference.removeprefix("@")].decode() == written
    assert len(large) == 2


def test_the_indexes_are_used_to_find_what_rows_name(file: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.accept("e1", stage.work())

    run(file, story)
    with closing(sqlite3.connect(file)) as connection:
        plan = [row[3] for row in connection.execute(f"explain query plan {blobs._NAMED}")]
    assert sum("_large" in step for step in plan) == len(blobs.PLACES)


def test_a_reference_is_no_json_and_json_no_reference(file: Path) -> None:
    async def story(stage: Stage) -> None:
        name = f"@{'a' * 64}"
        await stage.accept("e1", stage.work())
        (lease,) = await stage.claim()
        await stage.store.settle(lease, Done(name))
        assert (await stage.told())["actions"][0]["answer"] == name

    run(file, story)
    assert names(file) == set()
    assert list(large_values(file)) == []


def test_a_folder_is_made_when_something_large_comes(file: Path) -> None:
    kept = Blobs(file)
    assert not kept.folder.exists()
    kept.keep({"b" * 64: b"x"})
    assert files(file) == {"b" * 64}


def test_a_backup_has_what_its_rows_name_and_can_be_gone_back_to(file: Path, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.store.accept([large_event(stage)])
        (folder_of(file) / ("0" * 64)).write_bytes(b"named by nobody")
        copy = tmp_path / "copy.db"
        done = atamo("backup", str(file), str(copy))
        assert done.stdout == f"{copy}: 1 events\n{folder_of(copy)}: 2 values too large for it\n"
        assert files(copy) == names(copy) == names(file)
        copy.unlink()
        again = atamo("backup", str(file), str(copy))
        assert "copy.db.blobs` exists; a backup writes over nothing" in again.stderr
        copy.with_name("copy.db.part").write_bytes(b"of a command that was killed")
        assert atamo("backup", str(file), str(copy)).stdout == done.stdout

    run(file, story)


@pytest.mark.skipif(not there(), reason="strace is not here, or may trace nothing")
def test_what_is_large_is_on_the_disk_before_the_copy_that_names_it(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    file, copy = made / "hub.db", made / "copy.db"

    async def story(stage: Stage) -> None:
        await stage.store.accept([large_event(stage)])

    run(file, story)
    code, steps = traced([*ATAMO, "backup", str(file), str(copy)], made)
    assert code == 0
    named_at = next(at for at, step in enumerate(steps) if step.call == "rename")
    synced = {step.path for step in steps[:named_at] if step.call == "sync"}
    large = {str(one) for one in folder_of(copy).iterdir()}
    assert len(large) == 2
    assert {str(folder_of(copy)), *large} <= synced


def test_what_the_hub_lets_go_of_while_it_is_copied_is_no_part_of_the_copy(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a message is erased amid a backup."""
    run(file, lambda stage: _accepted(stage))
    copy_file, erased = shutil.copyfile, []

    def copied(source: Path, target: Path) -> None:
        if not erased:
            erased.append(source)
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute("update events set event = null, state = 'erased'")
                connection.execute("delete from actions")
            for one in folder_of(file).iterdir():
                one.unlink()
        copy_file(source, target)

    monkeypatch.setattr(backup.shutil, "copyfile", copied)
    copy = tmp_path / "copy.db"
    assert backup.backup.main([str(file), str(copy)], standalone_mode=False) == 0
    assert erased
    assert names(copy) == set()
    assert not folder_of(copy).exists()


async def _accepted(stage: Stage) -> None:
    await stage.store.accept([large_event(stage)])
