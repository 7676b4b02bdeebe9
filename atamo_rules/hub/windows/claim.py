"""A decision that rests on windows: it holds them until it is kept, or goes to the store in line with others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.state import Micros, Place, State
from atamo_rules.hub.whole import to_its_end
from atamo_rules.hub.windows.ahead import Ahead, Step
from atamo_rules.model.work import Ground, Kept

Made = TypeVar("Made")

NOTHING_WRITTEN: Mapping[Place, State | None] = MappingProxyType({})


class Locks:
    """A lock for every place that somebody is at, in the order in which they came."""

    def __init__(self) -> None:
        self._locks: dict[Place, tuple[asyncio.Lock, int]] = {}

    async def take(self, places: Sequence[Place]) -> None:
        """Hold all of them; everybody takes them in one order, so that nobody waits in a circle."""
        taken: list[Place] = []
        try:
            for place in places:
                lock, users = self._locks.get(place, (None, 0))
                lock = lock or asyncio.Lock()
                self._locks[place] = lock, users + 1
                try:
                    await lock.acquire()
                except BaseException:
                    self._left(place)
                    raise
                taken.append(place)
        except BaseException:
            self.give(taken)
            raise

    def give(self, places: Sequence[Place]) -> None:
        """Let go of them."""
        for place in places:
            self._locks[place][0].release()
            self._left(place)

    def held(self, place: Place) -> bool:
        """Whether somebody is at a place."""
        return place in self._locks

    def _left(self, place: Place) -> None:
        lock, users = self._locks[place]
        if users > 1:
            self._locks[place] = lock, users - 1
        else:
            del self._locks[place]


class Claim(Generic[Made]):
    """What was made, and the states that it leaves, `written`. `kept` has a transaction commit it; the states
    in memory follow the transaction.

    It holds its places against all others until then, or it is one `step` of several on their way, each of which rests
    on the `grounds` that those before it give.
    """

    __slots__ = ("_ahead", "_locks", "grounds", "made", "places", "step", "written")

    def __init__(
        self,
        made: Made,
        written: Mapping[Place, State | None] = NOTHING_WRITTEN,
        ahead: Ahead | None = None,
        locks: Locks | None = None,
        places: Sequence[Place] = (),
        step: Step | None = None,
        grounds: tuple[Ground, ...] = (),
    ) -> None:
        self.made = made
        self.written = written
        self._ahead = ahead
        self._locks = locks
        self.places = places
        self.step = step
        self.grounds = grounds

    @property
    def ground(self) -> Ground | None:
        """What others may rest on."""
        return self.step.ground if self.step is not None else None

    async def kept(self, commit: Coroutine[Any, Any, Sequence[Kept]]) -> Sequence[Kept]:
        """Commit. Only what is new changes the states; and whoever asked may go away meanwhile: what was begun is
        committed or not, and the states say the same. Who goes away is held back until then: what was kept must
        begin."""
        if self._ahead is None:
            return await commit
        task = asyncio.get_running_loop().create_task(commit)
        task.add_done_callback(self._over)
        return await to_its_end(task)

    def let_go(self) -> None:
        """It came to nothing, unless it was kept before."""
        self._end(new=False)

    def _over(self, task: asyncio.Task[Sequence[Kept]]) -> None:
        self._end(new=not task.cancelled() and task.exception() is None and task.result()[0].known == "new")

    def _end(self, *, new: bool) -> None:
        ahead, locks, self._ahead, self._locks = self._ahead, self._locks, None, None
        if ahead is not None:
            if self.step is not None:
                (ahead.kept if new else ahead.fell)(self.step)
            elif new and locks is not None:
                ahead.book.keep(self.written)
        if locks is not None:
            locks.give(self.places)


async def claim(
    ahead: Ahead,
    locks: Locks,
    now: Micros,
    make: Callable[[Ledger], Made],
    undo: Callable[[Made], None],
    event: str | None = None,
) -> Claim[Made]:
    """What `make` makes over a ledger that holds true until the claim is kept or let go. What has to be made again,
    because others were before, is undone first.

    With the key of an `event` it is one of several on their way, if there is room; others may build on it at once.
    """
    ledger = ahead.ledger(now)
    made = make(ledger)
    if not ledger.read:
        return Claim(made, ledger.written)
    if event is not None and not any(map(locks.held, ledger.read)) and ahead.room(ledger.read):
        return _on_its_way(ahead, made, ledger, event)
    while True:
        places = sorted(ledger.read)
        try:
            await locks.take(places)
            try:
                if event is None or not ahead.room(places):
                    await ahead.over(places)
            except BaseException:
                locks.give(places)
                raise
        except BaseException:
            undo(made)
            raise
        if not ledger.stands:
            undo(made)
            ledger = ahead.ledger(now)
            try:
                made = make(ledger)
            except BaseException:
                locks.give(places)
                raise
        if ledger.read.keys() <= set(places):
            if event is None:
                return Claim(made, ledger.written, ahead, locks, places)
            locks.give(places)
            return _on_its_way(ahead, made, ledger, event)
        locks.give(places)


def _on_its_way(ahead: Ahead, made: Made, ledger: Ledger, event: str) -> Claim[Made]:
    """Nothing is waited for between the decision and here, so that what it read is what will be."""
    grounds = ahead.grounds(event, ledger.read)
    step = Step(event, ledger.written, Ground())
    entered = bool(ledger.written) and ahead.enter(step)
    return Claim(made, ledger.written, ahead, None, (), step if entered else None, grounds)
