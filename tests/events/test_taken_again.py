"""Providers run again after the hub could not take something: nothing is lost, and nothing comes without end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atamo_rules.builtin.events.drop import DropFolder
from atamo_rules.builtin.events.stdin import StandardInput
from atamo_rules.errors import Busy


class Hub:
    """Takes messages, but for those that it is too busy for, the first time each."""

    def __init__(self, *busy: bytes) -> None:
        self.busy = list(busy)
        self.got: list[bytes] = []

    async def submit(self, raw: bytes) -> Any:
        if raw in self.busy:
            self.busy.remove(raw)
            raise Busy("the disk is full")
        self.got.append(raw)
        refused = ("no",) if raw == b"bad" else ()
        return SimpleNamespace(refused=refused), False


def test_no_line_is_lost_when_the_hub_could_not_take_one() -> None:
    reads, writes = os.pipe()
    lines = [b"%d" % number for number in range(200)]
    os.write(writes, b"\n".join((*lines, b"bad")))
    os.close(writes)
    refused: list[int] = []

    async def story() -> list[bytes]:
        hub = Hub(lines[0], lines[70])
        given = StandardInput(lambda number, reasons: refused.append(number), reads)
        for _ in range(2):
            with pytest.raises(Busy):
                await given.run(hub.submit)
        await given.run(hub.submit)
        await given.run(hub.submit)  # at its end it stays
        return hub.got

    assert asyncio.run(asyncio.wait_for(story(), 20)) == [*lines, b"bad"]
    assert refused == [201]
    os.close(reads)


def test_a_file_that_cannot_be_moved_away_is_taken_once_and_that_is_said(tmp_path: Path) -> None:
    async def story() -> None:
        hub, inbox = Hub(), DropFolder(tmp_path)
        (tmp_path / "done").rmdir()
        (tmp_path / "done").write_text("in the way")
        (tmp_path / "a.json").write_text("{}\n")
        with pytest.raises(OSError, match="done"):
            await inbox.run(hub.submit)
        assert hub.got == [b"{}\n"]
        assert not inbox.ready()
        assert not inbox.ready(), "it is not taken again"
        (tmp_path / "a.json").write_text("{ }\n")
        inbox.ready()
        assert inbox.ready() == [tmp_path / "a.json"], "another of its name is"

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_folder_for_what_is_done_is_made_anew_where_somebody_took_it_away(tmp_path: Path) -> None:
    async def story() -> None:
        hub, inbox = Hub(), DropFolder(tmp_path)
        (tmp_path / "done").rmdir()
        (tmp_path / "a.json").write_text("{}\n")
        running = asyncio.ensure_future(inbox.run(hub.submit))
        while not (tmp_path / "done" / "a.json").exists():
            await asyncio.sleep(0.01)
        running.cancel()
        assert hub.got == [b"{}\n"]

    asyncio.run(asyncio.wait_for(story(), 20))
