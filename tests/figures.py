"""How often a slow test does what it does: as often as with every submission, or as a variable asks for.

`docs/explanation/faults.md` has the command for each; a house test holds the two together. Nothing ends a run for which
more was asked: it takes as long as it takes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Figure:
    """How many: `usual` with every submission, `full` before a release, and whatever `variable` says."""

    variable: str
    usual: int
    full: int

    @property
    def asked(self) -> int:
        return int(os.environ.get(self.variable, self.usual))

    def many(self, timeout: int = 120) -> Any:
        """The slow parameter of a test that also runs with few."""
        return pytest.param(self.asked, id="many", marks=[pytest.mark.slow, self.limit(timeout)])

    def limit(self, timeout: int = 120) -> pytest.MarkDecorator:
        """How many seconds a test may take, if no more is asked for than usual."""
        return pytest.mark.timeout(timeout if self.asked <= self.usual else 0)


KILLS = Figure("ATAMO_KILLS", 100, 2000)
IMAGES = Figure("ATAMO_IMAGES", 400, 10_000)
DAMAGES = Figure("ATAMO_DAMAGES", 40, 400)
UPGRADES = Figure("ATAMO_UPGRADES", 10, 200)
COPIES = Figure("ATAMO_COPIES", 6, 200)
BURSTS = Figure("ATAMO_BURSTS", 4, 50)
CUTS = Figure("ATAMO_CUTS", 40, 200)
FAULTS = Figure("ATAMO_FAULTS", 4, 1000)
CONNECTIONS = Figure("ATAMO_CONNECTIONS", 200, 500)
LOST = Figure("ATAMO_LOST", 100, 500)
IN_LINE = Figure("ATAMO_IN_LINE", 2500, 10_000)
STOPS = Figure("ATAMO_STOPS", 1, 20)
STOPPED = Figure("ATAMO_STOPPED", 8, 60)
LIMITS = Figure("ATAMO_LIMITS", 0, 20)
CLUSTER_KILLS = Figure("ATAMO_CLUSTER_KILLS", 10, 100)
WORLDS = Figure("ATAMO_WORLDS", 200, 20_000)
