"""A disk that is full: nothing is taken or begun that cannot be written down, and there is no need to start again when
there is room."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import Busy
from atamo_rules.hub.hub import Hub
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state

TEXT = """
event thing.happened
  n: whole
  pad: text

agent desk
  send note
    n: whole

rule note
  on thing.happened
  when n >= 0
  do
    send desk.note
      n: n
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_a_full_disk_takes_nothing_and_goes_on_when_there_is_room(disk: Path) -> None:
    desk = ScriptedAgent()
    ballast = disk / "ballast"

    async def put(hub: Hub, number: int) -> bool:
        event = {"type": "thing.happened", "id": f"e{number}", "data": {"n": number, "pad": "x" * 3000}}
        try:
            await hub.submit_json(event)
        except Busy:
            return False
        return True

    async def story() -> tuple[set[int], Any]:
        hub = Hub(state(TEXT, {"desk": desk}), SqliteStore(disk / "hub.db"))
        await hub.start()
        kept: set[int] = set()
        for cycle in range(5):
            fill(ballast)
            for number in range(cycle * 1000, cycle * 1000 + 1000):
                if not await put(hub, number):
                    break
                kept.add(number)
            assert len(kept) < (cycle + 1) * 1000, "it was never full"
            assert await hub.store.told("e0") is None or 0 in kept, "it can be read"
            ballast.write_bytes(b"")
            assert await put(hub, number), "there is room again"
            kept.add(number)
            await hub.wait(f"e{number}", 60)
        assert await hub.drain(60) == 0
        told = [await hub.store.told(f"e{number}") for number in sorted(kept)]
        await hub.end()
        assert not hub.broken.is_set()
        return kept, told

    kept, told = asyncio.run(story())
    assert {one["state"] for one in told} == {"finished"}
    assert sorted(action.body["n"] for action in desk.asked) == sorted(kept)  # type: ignore[index, call-overload, type-var]
