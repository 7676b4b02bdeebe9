"""The files of a store are removed, moved or replaced while its hub runs: it takes nothing more, says which, and ends;
what it answered for is where the files are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.test_kill import RULES, port_of, start
from tests.places import write


def removed(kept: Path) -> None:
    (kept / "hub.db").unlink()


def all_removed(kept: Path) -> None:
    shutil.rmtree(kept)


def moved(kept: Path) -> None:
    kept.rename(kept.with_name("elsewhere"))


def replaced(kept: Path) -> None:
    shutil.copy(kept / "hub.db", kept / "copy")
    (kept / "copy").replace(kept / "hub.db")


def without_its_log(kept: Path) -> None:
    (kept / "hub.db-wal").unlink()


def without_its_lock(kept: Path) -> None:
    (kept / "hub.db.lock").unlink()


def put_back(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    if elsewhere.exists():
        shutil.rmtree(folder / ".atamo", ignore_errors=True)
        elsewhere.rename(folder / ".atamo")


@pytest.mark.parametrize(
    ("change", "missed", "stays"),
    [
        (removed, "hub.db", False),
        (all_removed, "hub.db", False),
        (moved, "hub.db", True),
        (replaced, "hub.db", False),
        (without_its_log, "hub.db-wal", True),
        (without_its_lock, "hub.db.lock", True),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_nothing_is_taken_into_files_that_nobody_will_find(
    change: Callable[[Path], None], missed: str, stays: bool, tmp_path: Path
) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    with start(folder) as hub, hub.web as web:
        port_of(hub)

        def send(id: str) -> int:
            event = {"type": "order.placed", "id": id, "data": {"id": id, "total": 120}}
            return int(web.post("/v1/events", json=event).status_code)

        assert send("before") == 202
        change(folder / ".atamo")
        assert send("after") == 503
        assert hub.wait() == 2
        (said,) = (line for line in hub.err if "was removed, moved or replaced" in line)
        assert f"{missed}` was" in said
    put_back(folder)
    with start(folder) as hub, hub.web as web:
        port_of(hub)
        assert web.get("/v1/events/after").status_code == 404
        if stays:
            assert web.get("/v1/events/before").status_code == 200
