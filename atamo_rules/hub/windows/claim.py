"""A decision that rests on windows, and the hold on them until it is kept: meanwhile nobody else decides on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.state import Micros, Place
from atamo_rules.hub.whole import to_its_end
from atamo_rules.model.work import Kept

Made = TypeVar("Made")


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
    """What was made over a ledger. `kept` has a transaction commit it; the states in memory follow the transaction."""

    __slots__ = ("_locks", "book", "ledger", "made", "places")

    def __init__(
        self, made: Made, ledger: Ledger, book: Book, locks: Locks | None, places: Sequence[Place]
    ) -> None:
        self.made = made
        self.ledger = ledger
        self.book = book
        self._locks = locks
        self.places = places

    async def kept(self, commit: Coroutine[Any, Any, Sequence[Kept]]) -> Sequence[Kept]:
        """Commit. Only what is new changes the states; and whoever asked may go away meanwhile: what was begun is
        committed or not, and the states say the same. Who goes away is held back until then: what was kept must
        begin."""
        if self._locks is None:
            return await commit
        task = asyncio.get_running_loop().create_task(commit)
        task.add_done_callback(self._over)
        return await to_its_end(task)

    def let_go(self) -> None:
        """It came to nothing."""
        if self._locks is not None:
            self._locks.give(self.places)
            self._locks = None

    def _over(self, task: asyncio.Task[Sequence[Kept]]) -> None:
        if not task.cancelled() and task.exception() is None and task.result()[0].known == "new":
            self.book.keep(self.ledger.written)
        self.let_go()


def held_by_nobody(made: Made) -> Claim[Made]:
    """A claim of what rests on no windows."""
    return Claim(made, _NO_LEDGER, _NO_BOOK, None, ())


async def claim(
    book: Book, locks: Locks, now: Micros, make: Callable[[Ledger], Made], undo: Callable[[Made], None]
) -> Claim[Made]:
    """What `make` makes over a ledger that holds true until the claim is kept or let go. What has to be made again,
    because others were before, is undone first."""
    ledger = book.ledger(now)
    made = make(ledger)
    if not ledger.read:
        return Claim(made, ledger, book, None, ())
    while True:
        places = sorted(ledger.read)
        try:
            await locks.take(places)
        except BaseException:
            undo(made)
            raise
        if ledger.stands:
            return Claim(made, ledger, book, locks, places)
        undo(made)
        ledger = book.ledger(now)
        try:
            made = make(ledger)
        except BaseException:
            locks.give(places)
            raise
        if ledger.read.keys() <= set(places):
            return Claim(made, ledger, book, locks, places)
        locks.give(places)


_NO_LEDGER, _NO_BOOK = Ledger(0), Book()
