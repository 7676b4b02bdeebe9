"""The books can be wrong: a store that cheats is found out, each time for what it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.model.outcome import Done
from atamo_rules.model.work import Kept
from tests.simulation.world import simulate


def one_by_one(store: Any) -> Any:
    """How a store settles, which has from here on each attempt settled by itself, by whatever `settle` it has then."""

    async def settle_all(ended: Any) -> Any:
        return [await store.settle(lease, outcome) for lease, outcome in ended]

    store.settle_all = settle_all
    return store.settle


def forgets_an_attempt(store: Any) -> None:
    """An attempt that failed was none."""
    settle = one_by_one(store)

    async def settled(lease: Any, outcome: Any, *more: Any) -> Any:
        kept = await settle(lease, outcome, *more)
        item = store.work.items.get(lease.work.action.id)
        if item is not None and item.state in ("ready", "later"):
            item.attempts = 0
        return kept

    store.settle = settled


def gives_work_twice(store: Any) -> None:
    """What is done stands in line once more."""
    settle = one_by_one(store)

    async def settled(lease: Any, outcome: Any, *more: Any) -> Any:
        item = store.work.items.get(lease.work.action.id)
        kept = await settle(lease, outcome, *more)
        if kept is not None and isinstance(outcome, Done) and item is not None:
            item.made = lease.work
            store.work.add(item)
        return kept

    store.settle = settled


def does_not_hold(store: Any) -> None:
    """A pause is written down, and that is all."""
    store.work.paused = lambda hold: False
    store.draft.paused = store.work.paused


def does_not_wait(store: Any) -> None:
    """What is to be tried later is tried at once."""
    delay = store.work.delay
    store.work.delay = lambda item, due: delay(item, 0.0)


def loses_an_event(store: Any) -> None:
    """One order in ten is promised, and not kept."""
    accept, count = store.accept, 0

    async def accepted(arrivals: Any) -> Any:
        nonlocal count
        order = arrivals[0].event.type == "order.placed"
        count += order
        if not order or count % 10:
            return await accept(arrivals)
        return [Kept("same") for _ in arrivals]

    store.accept = accepted


def leaves_a_record_out(store: Any) -> None:
    """Retries are not told."""
    commit = store.commit

    async def committed(change: Any) -> None:
        change.notes = [note for note in change.notes if note.kind != "action.retry"]
        await commit(change)

    store.commit = committed


def keeps_no_window(store: Any) -> None:
    """What was counted is not written down, and forgotten with the process."""
    commit = store.commit

    async def committed(change: Any) -> None:
        for one in change.incoming:
            one.change.puts = tuple(put for put in one.change.puts if put.bucket != "windows")
        await commit(change)

    store.commit = committed


def test_windows_that_are_not_kept_are_found_out(tmp_path: Path) -> None:
    def worlds() -> None:
        for seed in range(0, 40, 4):
            simulate(seed, tmp_path / str(seed), keeps_no_window)

    with pytest.raises(AssertionError, match=r"were counted|it acted at|wait|ended"):
        worlds()


@pytest.mark.parametrize("seed", [0, 3], ids=["sqlite", "memory"])
@pytest.mark.parametrize(
    ("cheat", "found"),
    [
        (forgets_an_attempt, "attempt 1 after 1"),
        (gives_work_twice, "begun while it was done"),
        (does_not_hold, "begun while it was held"),
        (does_not_wait, "tried again too soon"),
        (loses_an_event, "accepted and lost"),
        (leaves_a_record_out, "begun while it was running|audit and store differ"),
    ],
)
def test_a_store_that_cheats_is_found_out(
    cheat: Callable[[Any], None], found: str, seed: int, tmp_path: Path
) -> None:
    def worlds() -> None:
        for more in range(0, 40, 4):  # not every world has what this one cheats at
            simulate(seed + more, tmp_path / str(more), cheat)

    with pytest.raises(AssertionError, match=found):
        worlds()
