"""A numbered log that keeps its newest entries and the last one of every slot, and nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from itertools import islice
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Compacted(Generic[Item]):
    """Entries are numbered from 1 without gaps as they are added. The newest `window` are all kept; an older one only
    while no newer one has its slot, or for good when its slot is None. Memory is bounded by window and slots."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.newest = 0
        self.dropped: deque[Item] = deque(maxlen=window)
        self._entries: dict[int, tuple[Hashable | None, Item]] = {}
        self._last: dict[Hashable, int] = {}
        self._recent: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, slot: Hashable | None, item: Item) -> int:
        """Keep an entry; gives its number. `dropped` grows by the items that gave way to it."""
        self.newest = number = self.newest + 1
        self._entries[number] = (slot, item)
        self._recent.append(number)
        if slot is not None:
            before = self._last.get(slot)
            self._last[slot] = number
            if before is not None and before < self._recent[0]:
                self.dropped.append(self._entries.pop(before)[1])
        if len(self._recent) > self.window:
            left = self._recent.popleft()
            its_slot = self._entries[left][0]
            if its_slot is not None and self._last[its_slot] != left:
                self.dropped.append(self._entries.pop(left)[1])
        return number

    def after(self, number: int) -> list[tuple[int, Item]]:
        """What is kept of the entries after a number, in order."""
        if not self._recent or number >= self.newest:
            return []
        first = self._recent[0]
        if number >= first - 1:
            recent = islice(self._recent, number - first + 1, None)
            return [(n, self._entries[n][1]) for n in recent]
        return [(n, item) for n, (_, item) in self._entries.items() if n > number]

    def state(self) -> list[Item]:
        """The last entry of every slot, and those without one, in order."""
        last = self._last
        return [item for n, (slot, item) in self._entries.items() if slot is None or last[slot] == n]

    def whole(self, number: int) -> bool:
        """Whether every entry after a number is still there."""
        return not self._recent or number >= self._recent[0] - 1
