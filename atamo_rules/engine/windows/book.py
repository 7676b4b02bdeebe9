"""The states of all windows in memory, and when each of them wakes: a dict of each shelf and one heap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from heapq import heappop, heappush

from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.state import Micros, Place, State, window_on

MOST = 1_000_000
"""Keys of one window, over all organisations; beyond, those that have more than their share make room."""


class Book:
    """Every place has one entry in the heap, or an earlier one that is put right when it comes up: so an event costs
    the same however many windows are open."""

    def __init__(self, most: int = MOST, woke: Callable[[], None] = lambda: None) -> None:
        """`woke` is called when something is to be seen to sooner than was known."""
        self.most = most
        self.woke = woke
        self.shelves: dict[str, dict[str, State]] = {}
        self._many: Counter[str] = Counter()
        self._wakes: list[tuple[Micros, str, str]] = []
        self._entered: dict[tuple[str, str], Micros] = {}

    def __len__(self) -> int:
        return sum(map(len, self.shelves.values()))

    def keys(self, window: str) -> int:
        """How many keys a window has, over all organisations."""
        return self._many[window]

    def get(self, place: Place) -> State | None:
        """The state at a place."""
        shelf = self.shelves.get(place.shelf)
        return shelf.get(place.key) if shelf is not None else None

    def ledger(self, now: Micros) -> Ledger:
        """A ledger over what is kept."""
        return Ledger(now, self.get)

    def keep(self, written: Mapping[Place, State | None]) -> None:
        """Keep what a decision wrote."""
        for place, state in written.items():
            shelf = self.shelves.get(place.shelf)
            window = window_on(place.shelf)
            if shelf is not None and shelf.pop(place.key, None) is not None:
                self._many[window] -= 1
            if state is None:
                if shelf is not None and not shelf:
                    del self.shelves[place.shelf]
                continue
            if shelf is None:
                shelf = self.shelves[place.shelf] = {}
            shelf[place.key] = state  # at the end: the first of a shelf is the one touched least lately
            self._many[window] += 1
            self._enter(place, state.wake)
            if self._many[window] > self.most:
                self.woke()

    def _enter(self, place: Place, wake: Micros) -> None:
        known = self._entered.get(place)
        if known is None or wake < known:
            self._entered[place] = wake
            if not self._wakes or wake < self._wakes[0][0]:
                self.woke()
            heappush(self._wakes, (wake, place.shelf, place.key))

    def enter(self, place: Place) -> None:
        """Have a place woken again that was taken, if there is still something."""
        state = self.get(place)
        if state is not None:
            self._enter(place, state.wake)

    def take(self, now: Micros, most: int, *, before: bool = False) -> list[Place]:
        """Places that wake up to `now` (with `before`, before it), the earliest first, at most so many. Whoever takes
        them sees to them, and enters them again."""
        found: list[Place] = []
        while len(found) < most and (wake := self.next()) is not None:
            if wake > now or (before and wake == now):
                break
            _, shelf, key = heappop(self._wakes)
            place = Place(shelf, key)
            del self._entered[place]
            found.append(place)
        return found

    def next(self) -> Micros | None:
        """When the next place wakes."""
        wakes = self._wakes
        while wakes:
            wake, shelf, key = wakes[0]
            place = Place(shelf, key)
            if self._entered.get(place) == wake:
                state = self.get(place)
                if state is not None and state.wake == wake:
                    return wake
                self._entered.pop(place, None)
                heappop(wakes)
                if state is not None:
                    self._enter(place, state.wake)
            else:
                heappop(wakes)
        return None

    def strangers(self, known: Collection[str]) -> list[str]:
        """The shelves of windows that no rule knows any more."""
        return [shelf for shelf in self.shelves if window_on(shelf) not in known]

    def drop(self, shelf: str) -> list[Place]:
        """Let go of a whole shelf; gives the places that were on it."""
        gone = [Place(shelf, key) for key in self.shelves.pop(shelf, {})]
        self._many[window_on(shelf)] -= len(gone)
        return gone

    def excess(self) -> Iterator[Place]:
        """The places that are too many, those touched least lately first. What one organisation has in excess makes no
        room in another: those that have no more than their share of a window keep all they have."""
        full = {window for window, many in self._many.items() if many > self.most}
        for window in full:
            mine = {name: shelf for name, shelf in self.shelves.items() if window_on(name) == window}
            share = fair(map(len, mine.values()), self.most)
            for name, shelf in mine.items():
                for key, _ in zip(shelf, range(len(shelf) - share), strict=False):
                    yield Place(name, key)


def fair(wanted: Iterable[int], room: int) -> int:
    """How much each may have at most, so that all have room and nobody has less than they want while another has more
    (max-min fairness)."""
    sizes = sorted(wanted)
    for at, size in enumerate(sizes):
        share = room // (len(sizes) - at)
        if size > share:
            return share
        room -= size
    return sizes[-1] if sizes else room
