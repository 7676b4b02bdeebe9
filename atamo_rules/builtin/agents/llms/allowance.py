"""How many tokens an agent may spend in an hour: taken before a call, set right after it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

HOUR = 3600.0


@dataclass(slots=True)
class Spent:
    """What one call takes from the allowance, from when on."""

    at: float
    tokens: int


class Allowance:
    """At most so many tokens in any hour, calls under way included; None: no limit. What a call took beyond what was
    set aside for it is taken from the next. The allowance begins anew with the process. `clock` gives seconds that only
    grow."""

    def __init__(self, hourly: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.hourly, self._clock = hourly, clock
        self._spent: deque[Spent] = deque()
        self._sum = 0

    def take(self, tokens: int) -> Spent | float:
        """Tokens set aside for a call, or the seconds until there are as many."""
        now = self._clock()
        while self._spent and self._spent[0].at <= now - HOUR:
            self._sum -= self._spent.popleft().tokens
        if self.hourly is None:
            return Spent(now, tokens)
        missing = self._sum + tokens - self.hourly
        if missing > 0:
            for one in self._spent:
                missing -= one.tokens
                if missing <= 0:
                    return max(one.at + HOUR - now, 0.001)
            return HOUR
        spent = Spent(now, tokens)
        self._spent.append(spent)
        self._sum += tokens
        return spent

    def settle(self, spent: Spent, tokens: int) -> None:
        """What the call took in the end."""
        if self.hourly is not None and any(one is spent for one in self._spent):
            self._sum += tokens - spent.tokens
        spent.tokens = tokens
