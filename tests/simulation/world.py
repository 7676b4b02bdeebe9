"""One world: a hub, its agents and clients, and every accident, drawn from a seed and lived through in virtual time."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Literal

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.audit import seal
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.ending import unfinished
from atamo_rules.hub.generation import Generation, generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.requests.request import OVER
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Action
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import AgentUse
from tests.simulation.agents import UnreliableAgent
from tests.simulation.deeds import deed
from tests.simulation.kept import Reader
from tests.simulation.ledger import Ledger
from tests.simulation.rules import AGENTS, GENERATIONS, POLICY, ruleset, script
from tests.simulation.time import Disk, VirtualClock, VirtualLoop

LIMITS = {"mill": {"rate": "1 per 2 seconds", "burst": 3}, "wire": {"rate": "3 per second", "burst": 2}}
"""Those of the agents that have some."""
STEPS = 60
"""Deeds in one world."""
FOR_EVER = 4 * 3600
"""Seconds after which what is still open will never end."""

End = Literal["killed", "stopped", "over"]
Spoil = Callable[[Any], None]
"""Something done to every store when it is made, for worlds that must go wrong."""


class World:
    """`place` is an empty folder; a world without one has its store in memory, and every
    process begins with nothing."""

    def __init__(self, seed: int, place: Path | None, spoil: Spoil = lambda store: None) -> None:
        self.chance = Random(seed)
        self.clock = VirtualClock()
        self.place = place
        self.spoil = spoil
        self.ledger = self._books()
        self.audit = sha256()
        self.steps = self.number = self.asked = self.process = 0
        self.generation = 0
        self.full = False
        """Whether the disk has no room."""
        self.alive = False
        self.breach: AssertionError | None = None
        """What was found wrong where the hub would have taken it for an agent's fault."""
        self.due: dict[str, float] = {}
        """When an action may begin again at the soonest, told in this process."""
        self.position = 0
        """Of the last record that was heard."""
        self.digest = ""

    def run(self) -> str:
        """From the beginning to the end; gives a digest of the whole audit. Raises AssertionError at a breach."""
        with _salts(self.chance):
            while self._process() != "over":
                self.clock.seconds += self.chance.choice((0.0, 1.0, 300.0))
        return self.audit.hexdigest()

    # --- a process --------------------------------------------------------------------------------------

    def _process(self) -> End:
        loop, said, faults = VirtualLoop(self.clock), io.StringIO(), list[Any]()
        loop.set_exception_handler(lambda _, context: faults.append(context) if self.alive else None)
        rate = self.chance.choice((2000.0, 20.0))
        disk = Disk(loop, lambda: self.chance.expovariate(rate))
        loop._default_executor = disk  # type: ignore[attr-defined]  # whatever would be another thread's work
        self.alive, self.full = True, False
        self.hub = self._hub(disk)
        try:
            with redirect_stderr(said):
                end = loop.run_until_complete(self._live())
            assert "a fault of the hub" not in said.getvalue(), said.getvalue()
            assert not faults, faults
        finally:
            self.alive, disk.dead = False, True
            left = self.reader.kept(self.ledger.position)
            self.reader.close()
            self._move_on()
            loop.kill()
        self.ledger.died(left, orderly=end == "stopped")
        if self.place is None and end != "over":  # memory forgets, and nothing else
            self.ledger, self.position = self._books(), 0
        return end

    def _books(self) -> Ledger:
        return Ledger({ruleset(number).digest for number in range(GENERATIONS)})

    def _hub(self, disk: Disk) -> Hub:
        store: Any
        most = self.chance.choice((12, 1000))
        if self.place is None:
            store = MemoryStore(most_open=most, clock=self.clock)
            commit = store.journal.commit

            async def roomy(change: Any) -> None:
                self._needs_room()
                await commit(change)

            store.journal.commit = roomy
        else:
            path = self.place / str(self.process) / "hub.db"
            store = SqliteStore(path, self.clock, most_open=most, synchronous="off")
            store.file.group.thread = store.file.readers = disk
            write = store.file.group._write

            def written(group: Any) -> None:
                if disk.dead:
                    raise StoreUnavailable("the process is dead")
                self._needs_room()
                write(group)

            store.file.group._write = written
        self.spoil(store)
        self.reader = Reader(store)
        agents = {name: UnreliableAgent(self.chance, self._called) for name in AGENTS}
        self.bound: dict[str, Any] = {
            name: Bound(AgentUse(name, settings={"limits": LIMITS[name]} if name in LIMITS else {}), agent)
            for name, agent in agents.items()
        }
        self.calls: dict[str, list[float]] = {name: [] for name in LIMITS}
        self.due.clear()
        hub = Hub(self._rules(), store, [self], clock=self.clock, chance=self.chance.random)
        hub.policy = RetryPolicy(attempts=POLICY, base=0.5, cap=8.0)
        return hub

    def _rules(self) -> Generation:
        made = generation(ruleset(self.generation), Directory(), self.bound)
        return replace(made, script=script(self.generation))

    async def reload(self, number: int) -> None:
        """Put another generation of the rules in force."""
        self.generation = number
        await self.hub.activate(self._rules())

    async def _live(self) -> End:
        await self._start()
        calls: set[asyncio.Task[None]] = set()
        left = self.chance.randint(5, 40)
        while self.steps < STEPS and left:
            self.steps, left = self.steps + 1, left - 1
            task = asyncio.get_running_loop().create_task(deed(self))
            calls.add(task)
            task.add_done_callback(calls.discard)
            await asyncio.sleep(self.chance.expovariate(self.chance.choice((0.2, 3.0, 500.0))))
            self._look()
        if self.steps < STEPS:
            if self.chance.random() < 0.7:
                return "killed"
            await self.hub.drain(1.0, park=True)
            self.reader.close()
            await self.hub.end()
            return "stopped"
        if calls:
            await asyncio.wait(calls)
        await self._settle()
        return "over"

    async def _start(self) -> None:
        await self.hub.start()
        self._look()

    async def _settle(self) -> None:
        """From here on all goes well, and everything must come to its end."""
        for bound in self.bound.values():
            bound.agent.calm = True
        for hold in sorted(self.hub.holds.values(), key=str):
            await self.hub.resume(hold)
        if isinstance(self.hub.store, SqliteStore):  # a year that stands is believed, and here it may have to
            _, events, _ = self.hub.store.file._walks
            events.retain = timedelta(days=10_000)
        until = self.clock.passed() + FOR_EVER
        while await _open(self.hub) or any(one.state not in OVER for one in self.hub.requests.open.values()):
            assert self.clock.passed() < until, f"open for ever: {await self.hub.store.depth()}"
            wake = self.hub.windows.book.next()
            if wake is not None:  # the clock may have been set back for a year
                self.clock.step(max(0.0, wake / 1_000_000 - self.clock.now().timestamp()))
            await asyncio.sleep(5.0)
        assert await self.hub.drain(60.0) == 0
        self._look()
        self.ledger.over(self.reader.kept(self.ledger.position))
        self._raise()
        for record in self.reader.records(0):
            self.audit.update(record_bytes(record))
        self.reader.close()
        await self.hub.end()

    def _move_on(self) -> None:
        """Let go of the file, and leave the next process a copy of it as it is at this moment."""
        before, self.process = str(self.process), self.process + 1
        if self.place is None:
            return
        here = self.place / before
        shutil.copytree(
            here,
            self.place / str(self.process),
            ignore=shutil.ignore_patterns("*.lock", "*-shm"),
            dirs_exist_ok=True,
        )
        file: Any = self.hub.store.journal  # type: ignore[attr-defined]
        for reader in file._readers:
            reader.close()
        if file._keeper is not None:
            file._keeper.connection.close()
        file.lock.give_back()
        shutil.rmtree(here)

    # --- what is watched --------------------------------------------------------------------------------

    def _look(self) -> None:
        """Everything that must be true, now."""
        self._raise()
        self.ledger.compare(self.reader.kept(self.ledger.position))

    def _raise(self) -> None:
        if self.breach is not None:
            raise self.breach

    def _needs_room(self) -> None:
        if self.full:
            raise Busy("the disk is full")

    def tell(self, record: AuditRecord) -> None:
        """The world is an auditor: it hears every record once, in order, at the moment it is kept."""
        if self.alive and record.position != self.position + 1:
            self.breach = self.breach or AssertionError(f"heard {record.position} after {self.position}")
        self.position = record.position
        if record.kind == "action.retry":
            self.due[str(record.what["action"])] = self.clock.passed() + float(str(record.what["wait"]))
        elif record.kind == "action.redriven":
            self.due.pop(str(record.what["again"]), None)

    def close(self) -> None:
        return None

    def _called(self, action: Action) -> Callable[[], None]:
        if self.alive:
            try:
                self.ledger.read(self.reader.records(self.ledger.position))
                self.ledger.called(action)
                due = self.due.get(action.id, 0.0)
                assert self.clock.passed() > due - 0.01, f"{action.id} is tried again too soon"
                self._paced(action.agent)
            except AssertionError as error:
                self.breach = self.breach or error
        return lambda: self.ledger.running.discard(action.id)

    def _paced(self, agent: str) -> None:
        """An agent with a rate is called no more often: one token at the start of a process, and then as they come."""
        if agent in LIMITS:
            rate, calls, now = self.bound[agent].limits.rate, self.calls[agent], self.clock.passed()
            calls.append(now)
            for back, then in enumerate(reversed(calls)):
                assert back + 1 <= rate.burst + (now - then) / rate.each + 1e-6, (
                    f"{agent} is called too often"
                )
            since = self.hub.since
            assert len(calls) <= 1 + (now - since) / rate.each + 1e-6, f"{agent} began with more than a token"


async def _open(hub: Hub) -> bool:
    """Whether anything is still to happen: windows, actions that are not due yet, and others. Each becomes one of those
    behind it, and so they are looked at in this order."""
    waits = len(hub.windows.book)
    depth = await hub.store.depth()
    return bool(waits or depth.delayed or await unfinished(hub))


@contextmanager
def _salts(chance: Random) -> Iterator[None]:
    """Seals are salted by the machine's chance; in a world by its own."""
    before = seal.urandom
    seal.urandom = chance.randbytes
    try:
        yield
    finally:
        seal.urandom = before


def simulate(seed: int, place: Path, spoil: Spoil = lambda store: None) -> World:
    """The whole world of a seed, when it is over: one in four is in memory. A breach names the seed."""
    place.mkdir(exist_ok=True)
    world = World(seed, None if seed % 4 == 3 else place, spoil)
    try:
        world.digest = world.run()
    except AssertionError as error:
        raise AssertionError(
            f"ATAMO_SEED={seed}, process {world.process}, step {world.steps}: {error}"
        ) from error
    return world
