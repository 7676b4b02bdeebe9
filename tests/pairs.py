"""How many random pairs of a rule and an event a slow suite asks.

`ATAMO_PAIRS=10000000 pytest -m slow tests/properties tests/importers` asks for more than the usual number;
`ATAMO_SEED` begins elsewhere, and repeats what a failure names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeAlias

World: TypeAlias = Callable[[int], tuple[Sequence[str], int]]
"""From a seed: every pair on which two opinions differ, told so that it can be run again, and how many were asked."""


def ask(world: World, *, pairs: int, seed: int = 1000) -> int:
    """Asks world after world until there were so many pairs; fails at the first that differs. How many were asked."""
    wanted, at = int(os.environ.get("ATAMO_PAIRS", pairs)), int(os.environ.get("ATAMO_SEED", seed))
    asked = 0
    while asked < wanted:
        differences, size = world(at)
        assert not differences, f"ATAMO_SEED={at}: {len(differences)} differ, first: {differences[0]}"
        assert size > 0, f"ATAMO_SEED={at}: nothing was asked"
        at, asked = at + 1, asked + size
    return asked
