"""Whatever is done to the store in memory and to the one in a file, in whatever order, both say the same of it: what
they answer, what they tell, and every record of the audit."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.model.audit import Note
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.work import (
    NOTHING,
    Arrival,
    DeadLetter,
    Following,
    Ground,
    Hold,
    Kept,
    Lease,
    Put,
    Selector,
    Work,
)
from atamo_rules.testing.store_stage import NOON, Stage, action, event

AGENTS = ("desk", "other")
RULES = ("r", "s")
STEPS = 60


class Twins:
    """Two stores to which the same is done. Leases are kept in pairs: each store knows its own."""

    def __init__(self, place: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.stages = (
            Stage(lambda clock: MemoryStore(clock=clock)),
            Stage(lambda clock: SqliteStore(place / "hub.db", clock)),
        )
        self.count = 0
        self.events: list[str] = []
        self.work: list[Work] = []
        self.leases: list[tuple[Lease, Lease]] = []

    async def both(self, verb: str, *given: Any, **more: Any) -> Any:
        """Call a verb of both; what they answer, which is the same but for the tokens of leases."""
        one, two = [await getattr(stage.store, verb)(*given, **more) for stage in self.stages]
        self.pair(one, two)
        assert _plain(one) == _plain(two), verb
        return one

    def pair(self, one: Any, two: Any) -> None:
        if isinstance(one, list):
            for left, right in zip(one, two, strict=True):
                self.pair(left, right)
        elif isinstance(one, Kept):
            self.leases += zip(one.leases, two.leases, strict=True)
        elif isinstance(one, Lease):
            self.leases.append((one, two))

    # --- things to do -----------------------------------------------------------------------------------

    def some_work(self, key: str) -> Work:
        self.count += 1
        id = f"a{self.count}"
        stage = self.stages[0]
        lease = self.chance.choice((0.0, 0.0, 20.0))
        within = self.chance.choice((None, None, 40))
        made = stage.work(
            id, key, self.chance.choice(AGENTS), rule=self.chance.choice(RULES), within=within, lease=lease
        )
        if within is None and not lease and self.chance.random() < 0.3:
            made = replace(made, due=stage.clock.now() + timedelta(seconds=self.chance.choice((0, 5, 60))))
        self.work.append(made)
        return made

    def following(self, key: str) -> Following:
        if self.chance.random() < 0.5:
            return NOTHING
        child = event(f"c{self.count}", "rule:r")
        return Following(
            work=tuple(self.some_work(key) for _ in range(self.chance.randrange(3))),
            done=(replace(action(f"d{self.count}"), verb="reply"),),
            arrivals=(self.stages[0].arrival(child),),
            frames=(Frame(key, "data", {"n": self.count}, at=NOON),),
            puts=(Put("b", "k", self.count),),
            problems=("no name",),
            notes=(Note(self.stages[0].clock.now(), "reply.sent", key),),
        )

    async def accept(self) -> None:
        batch = []
        for _ in range(self.chance.randrange(1, 4)):
            known = self.events and self.chance.random() < 0.2
            id = self.chance.choice(self.events) if known else f"e{len(self.events)}"
            if not known:
                self.events.append(id)
            one = event(id, n=self.chance.choice((1, 1, 2)))
            kind = self.chance.random()
            if kind < 0.2:
                batch.append(self.stages[0].arrival(one))
            elif kind < 0.3:
                batch.append(self.stages[0].arrival(one, reasons=("/n",), quarantined=True))
            else:
                # What is kept of an event whose key turns out to be known must leave no trace.
                following = self.following(one.key)
                decided = self.stages[0].decided(*following.work, event=one.key)
                batch.append(self.stages[0].arrival(one, replace(decided, following=following)))
        grounds = [self.chance.randrange(3) if self.chance.random() < 0.4 else 3 for _ in batch]
        founded = [self._founded(batch, grounds) for _ in self.stages]
        found = [await stage.store.accept(some) for stage, some in zip(self.stages, founded, strict=True)]
        self.pair(*found)
        assert _plain(found[0]) == _plain(found[1])

    def _founded(self, batch: list[Arrival], rests: list[int]) -> list[Arrival]:
        """Some rest on one before them; or on themselves or one behind, which never holds in time."""
        made = [Ground() for _ in batch]
        return [
            replace(one, ground=ground, rests=(made[on],) if on < len(made) else ())
            for one, ground, on in zip(batch, made, rests, strict=True)
        ]

    async def record(self) -> None:
        keys = [f"/test#{id}" for id in self.events] + [f"rule:r#c{n}" for n in range(self.count)]
        for key in self.chance.sample(keys, min(5, len(keys))):
            one = await self.both("event", key)
            if one is not None:
                await self.both("record", one, self.stages[0].decided(self.some_work(key), event=key))

    async def claim(self) -> None:
        agent, limit = self.chance.choice(AGENTS), self.chance.randrange(1, 4)
        await self.both("claim", agent, lambda: limit, 0.0, self.chance.choice((5.0, 50.0)))

    async def settle(self) -> None:
        if not self.leases:
            return
        pair, outcome = self.ended()
        key = pair[0].work.event
        following = self.following(key) if isinstance(outcome, Done) else NOTHING
        got = [
            await stage.store.settle(lease, outcome, following)
            for stage, lease in zip(self.stages, pair, strict=True)
        ]
        if got[0] is not None:
            self.pair(*got)
        assert _plain(got[0]) == _plain(got[1])

    async def settle_all(self) -> None:
        all = [self.ended() for _ in range(min(len(self.leases), self.chance.randrange(1, 5)))]
        got = [
            await stage.store.settle_all([(pair[at], outcome) for pair, outcome in all])
            for at, stage in enumerate(self.stages)
        ]
        assert _plain(got[0]) == _plain(got[1])

    def ended(self) -> tuple[tuple[Lease, Lease], Outcome]:
        """An attempt that is over."""
        pair = self.leases.pop(self.chance.randrange(len(self.leases)))
        outcomes: tuple[Outcome, ...] = (
            Done({"n": 1}),
            Done(None),
            Failed("no", "http 410"),
            Again("busy", 0.0),
            Again("later", 30.0, "timeout"),
        )
        return pair, self.chance.choice(outcomes)

    async def end(self) -> None:
        if self.work:
            one = self.chance.choice(self.work)
            await self.both("expire", one.event, one.action.id, "too late", NOTHING)

    async def operate(self) -> None:
        which = Selector(
            agent=self.chance.choice(("", *AGENTS)),
            rule=self.chance.choice(("", *RULES)),
            error=self.chance.choice(("", "", "http 410")),
        )
        upto = self.chance.randrange(1, 20)
        match self.chance.randrange(6):
            case 0:
                await self.both("cancel", dataclasses.replace(which, error=""), "ann")
            case 1:
                await self.both("redrive", which, upto, None, "ann")
            case 2:
                await self.both("redrive", which, upto, _edited, "ann")
            case 3:
                await self.both("discard", which, upto, "ann")
            case _:
                hold = Hold("agent", "desk") if self.chance.random() < 0.5 else Hold("organisation", "acme")
                await self.both(self.chance.choice(("pause", "resume")), hold, "ann")

    async def erase(self) -> None:
        keys = [f"/test#{id}" for id in self.events] + [f"rule:r#c{n}" for n in range(self.count)]
        for key in self.chance.sample(keys, min(3, len(keys))):
            await self.both("erase", key, "ann", "asked for")
            records = [await stage.store.audit(0, 10_000) for stage in self.stages]
            assert records[0] == records[1]

    async def answers(self) -> None:
        log = f"/test#{self.chance.choice(self.events)}" if self.events else "q"
        await self.both("append", [Frame(log, "update", n, "desk", "a", "k", NOON) for n in range(2)])
        await self.both("touch", log, self.chance.choice((1.0, 100.0)))
        await self.both("read", log, self.chance.randrange(3), 2, 0.0)
        await self.both("put", Put("b", "k", self.count, self.chance.choice((None, 0, 3))))

    async def time(self) -> None:
        seconds = self.chance.choice((1.0, 10.0, 60.0))
        for stage in self.stages:
            stage.clock.move(seconds)
        await self.both("housekeeping")

    # --- what they say ----------------------------------------------------------------------------------

    async def compare(self) -> None:
        one, two = (stage.heard for stage in self.stages)
        assert one == two
        for key in [f"/test#{id}" for id in self.events]:
            await self.both("told", key)
        await self.both("depth")
        await self.both("dead")
        await self.both("dead_groups")
        await self.both("paused")
        await self.both("get", "b", "k")


def _edited(work: Work) -> Work:
    return replace(work, action=replace(work.action, body={"line": "edited"}))


def _plain(value: Any) -> Any:
    """Without tokens, which each store gives by itself, and without how long work was leased at first."""
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [_plain(one) for one in value]
    if isinstance(value, Work):
        return replace(value, lease=0.0)
    if isinstance(value, DeadLetter):
        return dataclasses.replace(value, work=_plain(value.work))
    if isinstance(value, Lease):
        return _plain(value.work), value.attempt, value.errors
    if isinstance(value, Kept):
        return value.known, _plain(value.leases), value.finished, value.pending
    if hasattr(value, "running") and hasattr(value, "finished"):
        return value.count, _plain(value.running), value.finished
    return value


BLOCKS = [
    *(range(begin, begin + 10) for begin in range(0, 40, 10)),
    *(pytest.param(range(begin, begin + 100), marks=pytest.mark.slow) for begin in range(100, 500, 100)),
]


@pytest.mark.parametrize("seeds", BLOCKS, ids=str)
def test_both_stores_say_the_same(seeds: range) -> None:
    async def story(seed: int, place: Path) -> None:
        twins = Twins(place, seed)
        for stage in twins.stages:
            await stage.open()
        steps = (
            twins.accept, twins.accept, twins.claim, twins.claim, twins.settle, twins.settle_all,
            twins.record, twins.end, twins.operate, twins.answers, twins.time, twins.erase,
        )  # fmt: skip
        for _ in range(STEPS):
            await twins.chance.choice(steps)()
        await twins.compare()
        for stage in twins.stages:
            await stage.store.close()

    for seed in seeds:
        with tempfile.TemporaryDirectory() as place:
            try:
                asyncio.run(story(seed, Path(place)))
            except AssertionError as error:
                raise AssertionError(f"seed {seed}") from error
