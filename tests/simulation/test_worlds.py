"""Nothing is lost, nothing done twice, nothing untold, whatever happens, in any order, in worlds made from seeds.

`ATAMO_WORLDS=20000 pytest -m slow tests/simulation` lives through more worlds than usual; `ATAMO_SEED` begins
elsewhere, and repeats what a failure names. With `ATAMO_WORLDS_KEPT=FILE` the run may be ended at any time, and goes on
where it was when it is begun again.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from shutil import rmtree

import pytest

from tests.figures import WORLDS
from tests.simulation.world import World, simulate

QUICK = range(5)
OFTEN = 50
"""Worlds between two times that a long run writes down how far it came."""


def lived(seeds: range, place: Path, kept: Path | None = None) -> Counter[str]:
    """Lives through worlds; gives how many records of each kind there were, and how many processes. How far it came
    is kept in a file now and then, and read from it."""
    total: Counter[str] = Counter()
    if kept is not None and kept.exists():
        said = json.loads(kept.read_text("utf-8"))
        assert (said["first"], said["count"]) == (seeds.start, len(seeds)), f"{kept} is of another run"
        total.update(said["total"])
    for seed in seeds[total["world"] :]:
        world = simulate(seed, place / "world")
        rmtree(place / "world")
        total.update(world.ledger.kinds)
        total["process"] += world.process
        total["world"] += 1
        if kept is not None and (total["world"] % OFTEN == 0 or seed == seeds[-1]):
            part = kept.with_name(f"{kept.name}.part")
            part.write_text(json.dumps({"first": seeds.start, "count": len(seeds), "total": total}))
            part.replace(kept)
    return total


def test_a_few_worlds(tmp_path: Path) -> None:
    assert lived(QUICK, tmp_path)["event.finished"] > 100


@pytest.mark.parametrize("seed", [2, 3])
def test_a_seed_replays_to_the_byte(seed: int, tmp_path: Path) -> None:
    one, two, other = (
        simulate(number, tmp_path / place)
        for number, place in ((seed, "one"), (seed, "two"), (seed + 4, "other"))
    )
    assert one.ledger.position > 100
    assert (one.digest, one.clock.now()) == (two.digest, two.clock.now())
    assert one.digest != other.digest


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_worlds(tmp_path: Path) -> None:
    first, count = int(os.environ.get("ATAMO_SEED", 1000)), WORLDS.asked
    kept = os.environ.get("ATAMO_WORLDS_KEPT")
    total = lived(range(first, first + count), tmp_path, Path(kept) if kept else None)
    if count >= WORLDS.usual:
        rare = EVERYTHING - total.keys()
        assert not rare, f"never happened, and so was never tried: {sorted(rare)}"
        assert total["process"] > 1.5 * count


EVERYTHING = {
    "action.cancelled", "action.discarded", "action.done", "action.failed", "action.joined", "action.late",
    "action.lost", "action.redriven", "action.retry", "action.timeout", "cache.hit", "cache.stale",
    "event.duplicate", "event.refused", "feed.closed", "feed.joined", "hub.recovered", "request.cancelled",
    "request.completed", "request.degraded", "request.expired", "rule.resumed", "rules.activated", "work.paused",
    "window.moved", "work.resumed",
}  # fmt: skip


def test_a_run_that_was_ended_goes_on_where_it_was(tmp_path: Path) -> None:
    whole, kept = lived(range(4), tmp_path), tmp_path / "kept"
    kept.write_text(json.dumps({"first": 0, "count": 4, "total": lived(range(3), tmp_path)}))
    assert lived(range(4), tmp_path, kept) == whole
    assert json.loads(kept.read_text())["total"] == whole


def test_a_world_in_memory_dies_and_forgets(tmp_path: Path) -> None:
    assert World(3, None).place is None
    assert max(simulate(seed, tmp_path / "world").process for seed in (3, 7, 11)) > 1
