"""Nothing is lost, nothing done twice, nothing untold, whatever happens, in any order, in worlds made from seeds.

`ATAMO_WORLDS=20000 pytest -m slow tests/simulation` lives through more worlds than usual; `ATAMO_SEED` begins
elsewhere, and repeats what a failure names.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from shutil import rmtree

import pytest

from tests.figures import WORLDS
from tests.simulation.world import World, simulate

QUICK = range(5)


def lived(seeds: range, place: Path) -> Counter[str]:
    """Lives through worlds; gives how many records of each kind there were, and how many processes."""
    total: Counter[str] = Counter()
    for seed in seeds:
        world = simulate(seed, place / "world")
        rmtree(place / "world")
        total += world.ledger.kinds
        total["process"] += world.process
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
    total = lived(range(first, first + count), tmp_path)
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


def test_a_world_in_memory_dies_and_forgets(tmp_path: Path) -> None:
    assert World(3, None).place is None
    assert max(simulate(seed, tmp_path / "world").process for seed in (3, 7, 11)) > 1
