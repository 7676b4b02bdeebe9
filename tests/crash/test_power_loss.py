"""What was promised is there whenever power is lost, and whatever call on the file fails."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.sqlite.schema import open_to_read
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import StoreUnavailable
from tests.crash.power import Disk, Step, command, faulted, most, there, traced
from tests.crash.test_kill import RULES, effects
from tests.figures import FAULTS, IMAGES
from tests.places import write

pytestmark = pytest.mark.skipif(not there(), reason="strace is not installed, or may not trace here")


def lost(image: dict[str, bytes], promised: list[str], folder: Path, made: Path) -> str:
    """What is wrong with the files that were left; nothing when all is well. `made` is where they were written."""
    folder.mkdir()
    for path, data in image.items():
        place = folder / Path(path).relative_to(made)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    file = folder / "hub.db"
    if not promised and not file.exists():
        return ""
    try:
        asyncio.run(_opened(file))
    except StoreUnavailable as error:
        return f"it does not open: {error}"
    with closing(open_to_read(file)) as connection:
        if connection.execute("pragma integrity_check").fetchall() != [("ok",)]:
            return "its integrity"
        for sentence in connection.blobs.wrong(connection):
            return sentence
        count, last = connection.execute("select count(*), coalesce(max(position), 0) from audit").fetchone()
        states = dict(
            connection.execute(
                "select events.id, actions.state from events join actions on actions.event = events.key"
            ).fetchall()
        )
    if count != last:
        return f"{last - count} records of the audit"
    for promise in promised:
        word, _, id = promise.partition(" ")
        if id not in states or (word == "done" and states[id] != "done"):
            return promise
    return ""


async def _opened(file: Path) -> None:
    store = SqliteStore(file)
    await store.open(lambda first, notes: None)
    await store.close()


def broken_images(
    steps: list[Step], count: int, folder: Path, made: Path, upto: int | None = None
) -> list[str]:
    """What is wrong with each of so many images of random moments, or of those among the first steps."""
    chance = random.Random(20260203)
    moments = sorted(chance.randrange(len(steps) if upto is None else upto) for _ in range(count))
    disk, promised, done, wrong = Disk(), [], 0, []
    for number, moment in enumerate(moments):
        for step in steps[done:moment]:
            disk.take(step)
            if step.call == "say" and step.data != b"closing":
                promised.append(step.data.decode())
        done = max(done, moment)
        found = lost(disk.image(chance), promised, folder / str(number), made)
        if found:
            wrong.append(found)
    return wrong


@pytest.mark.parametrize("images", [pytest.param(40, id="few"), IMAGES.many(300)])
def test_no_promise_is_lost_with_the_power(images: int, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    code, steps = traced(command(made / "hub.db", 60, "full"), made)
    assert code == 0
    assert sum(step.call == "say" for step in steps) == 121
    assert broken_images(steps, images, tmp_path, made) == []


@pytest.mark.parametrize("images", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_a_file_whose_making_was_cut_off_with_the_power_is_made_anew(images: int, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    _, steps = traced(command(made / "hub.db", 4, "full"), made)
    first = next(at for at, step in enumerate(steps) if step.call == "say")
    assert broken_images(steps, images, tmp_path, made, first) == []


@pytest.mark.slow
def test_the_replay_would_notice_commits_that_are_not_written_through(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    code, steps = traced(command(made / "hub.db", 60, "normal"), made)
    assert code == 0
    assert len(broken_images(steps, 400, tmp_path, made)) >= 100


@pytest.mark.parametrize("images", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_what_is_too_large_for_a_row_is_whole_whenever_power_is_lost(images: int, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    code, steps = traced(command(made / "hub.db", 12, "full", "through"), made)
    assert code == 0
    named = [step for step in steps if step.call == "rename"]
    assert len(named) == 12
    assert broken_images(steps, images, tmp_path, made) == []


@pytest.mark.slow
def test_the_replay_would_notice_large_values_that_are_not_put_through(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    code, steps = traced(command(made / "hub.db", 12, "full", "cached"), made)
    assert code == 0
    found = broken_images(steps, 100, tmp_path, made)
    assert len(found) >= 25
    assert any("is missing" in one for one in found)
    assert any("is not what was written" in one for one in found)


KINDS = [
    ("fdatasync", "EIO"), ("fsync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EINTR"),
    ("ftruncate", "EIO"), ("openat", "EMFILE"), ("unlink", "EIO"),
]  # fmt: skip


@pytest.mark.slow
@FAULTS.limit(300)
@pytest.mark.parametrize(("call", "error"), KINDS)
def test_whichever_call_on_the_file_fails_nothing_is_promised_then_and_no_sync_is_tried_again(
    call: str, error: str, tmp_path: Path
) -> None:
    """As many places as are asked for, evenly among all; each of them, where there are no more."""
    made = tmp_path / "made"
    made.mkdir()
    assert faulted(command(made / "hub.db", 60, "full"), made)[0] == 0
    places = range(1, most(tmp_path / "trace", call) + 1)
    assert places
    chosen = [places[-1], *(places[at * len(places) // FAULTS.asked] for at in range(FAULTS.asked - 1))]
    met = 0
    for number in sorted(set(chosen)):
        shutil.rmtree(made)
        made.mkdir()
        inject = f"inject={call}:error={error}:when={number}"
        got, steps = faulted(command(made / "hub.db", 60, "full"), made, "-e", inject)
        met += "(INJECTED)" in (tmp_path / "trace").read_text("utf-8", "replace")
        held(got, error, steps, made, tmp_path / "left", number)
    assert met, "none of them failed"


def held(code: int, error: str, steps: list[Step], made: Path, left: Path, number: int) -> None:
    """It ended as it should, and what it promised is in the file."""
    said = [step.data.decode() for step in steps if step.call == "say"]
    # A fault while the log is folded into the file fails nobody's commit: it is folded again later.
    # One while it is opened, be it for want of room, leaves nothing to wait for.
    assert code in {"ENOSPC": (0, 3, 4), "EINTR": (0,)}.get(error, (0, 3)), number
    assert said[-1] == "closing", number
    if code == 3:
        ending = steps[[step.data for step in steps].index(b"closing") :]
        assert not [
            step for step in ending if step.call in ("sync", "write") and step.path.endswith(("db", "wal"))
        ], number
    if code == 0:
        assert len(said) == 121, number
    files = {str(path): path.read_bytes() for path in made.iterdir()}
    assert lost(files, said[:-1], left, made) == "", number
    shutil.rmtree(left)


@pytest.mark.slow
@pytest.mark.parametrize("number", [6, 12, 25])
def test_the_dispatcher_ends_when_its_file_cannot_be_written_and_the_next_start_has_what_was_promised(
    number: int, tmp_path: Path
) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    events = [
        {"type": "order.placed", "id": f"e{n}", "data": {"id": f"e{n}", "total": 120}} for n in range(60)
    ]
    strace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject=fdatasync:error=EIO:when={number}+"]
    run = [sys.executable, "-m", "atamo_rules", "run", str(folder), "--stdin", "--no-tests"]
    given = "".join(json.dumps(one) + "\n" for one in events).encode()
    done = subprocess.run([*strace, *run], input=given, capture_output=True, timeout=60)
    assert done.returncode == 2, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    again = subprocess.run(run, input=given, capture_output=True, timeout=60)
    assert again.returncode == 0, again.stderr.decode()
    assert {order: len(keys) for order, keys in effects(folder).items()} == {f"e{n}": 1 for n in range(60)}
