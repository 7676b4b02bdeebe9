"""Tokens of one agent: put aside for attempts that are about to begin, taken as the agent is called, given back where
nobody was.

What is put aside is still in the bucket, and is nobody else's. So the calls themselves keep to the rate, however long
the way there took; and an answer that was shared, or an attempt that came too late, costs none.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from atamo_rules.hub.agents.bucket import Bucket, Rate

AHEAD = 0.05
"""Seconds before its token is there an action is leased: that takes a while, in which tokens would go to waste."""

LEAST = 1e-6
"""Seconds that are waited at least: a clock does not move by what is lost in rounding."""


class Tokens:
    """`now` gives seconds that only rise. Without a rate there is always one more."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.bucket: Bucket | None = None
        self.aside = 0
        """Put aside for attempts that have not called anybody yet; counted without a rate, too, for one may come."""
        self._line: deque[asyncio.Future[bool]] = deque()
        """Attempts that wait for theirs, the first in front."""
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, rate: Rate | None) -> None:
        """From here on this is the rate."""
        before = self.bucket
        if rate is (before.rate if before is not None else None):
            return
        if rate is None:
            self.bucket = None
        elif before is None:
            self.bucket = Bucket(rate, self.now())
        elif rate != before.rate:
            self.bucket = before.changed(rate, self.now())
        self._arm()

    def free(self) -> bool:
        """Whether one is there that nobody waits for."""
        bucket = self.bucket
        return bucket is None or (not self._line and bucket.lacks(self.now(), self.aside + 1) <= 0.0)

    def soon(self, others: int) -> int | None:
        """How many more attempts may be leased, beside `others` that will need one; None for any number."""
        if self.bucket is None:
            return None
        return self.bucket.within(self.now(), AHEAD) - self.aside - len(self._line) - others

    def until_soon(self, others: int) -> float:
        """Seconds until one more may be leased; 0 where one may, as `soon` says it too."""
        if self.bucket is None or (self.soon(others) or 0) >= 1:
            return 0.0
        count = self.aside + len(self._line) + others + 1
        return max(LEAST, self.bucket.lacks(self.now(), count) - AHEAD)

    def standing(self) -> tuple[float, float]:
        """How many are there that are nobody's, and seconds until there is one."""
        if self.bucket is None:
            return 0.0, 0.0
        now, others = self.now(), self.aside + len(self._line)
        return max(0.0, self.bucket.tokens(now) - others), self.bucket.lacks(now, others + 1)

    def put_aside(self) -> None:
        """One that is free is somebody's."""
        self.aside += 1

    def give_back(self) -> None:
        """Nobody was called with it."""
        self.aside -= 1
        self._arm()

    def spend(self, aside: bool) -> None:
        """The agent is called, with one that was put `aside` or with none."""
        self.aside -= aside
        if self.bucket is not None:
            self.bucket.take(self.now())
            self._arm()

    def stand(self) -> asyncio.Future[bool]:
        """A place in the line of those who wait for theirs: True when it is put aside, False when none will be."""
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        self._arm()
        return place

    def leave(self, place: asyncio.Future[bool]) -> None:
        """Nobody stands there any more."""
        if place in self._line:
            self._line.remove(place)
            self._arm()
        elif place.result():
            self.give_back()

    def end(self) -> None:
        """Nobody gets one any more."""
        for place in self._line:
            place.set_result(False)
        self._line.clear()
        self._arm()

    def _arm(self) -> None:
        """Look again when the next one is there, if anybody waits for it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._line:
            seconds = 0.0 if self.bucket is None else self.bucket.lacks(self.now(), self.aside + 1)
            seconds = max(LEAST, seconds) if seconds else 0.0
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        while self._line:
            if self.bucket is not None and self.bucket.lacks(self.now(), self.aside + 1) > 0.0:
                break
            self.put_aside()
            self._line.popleft().set_result(True)
        self._arm()
