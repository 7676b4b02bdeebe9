"""A token bucket: how often an agent may be called, whoever calls it.

After Turner (New directions in communications, IEEE Communications Magazine, 1986): it holds so many tokens, a call
takes one, and they come back at an even rate. Kept as one moment, that at which it is full again, as the virtual
scheduling of ITU-T I.371 has it: nothing is added up, and so nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass

_NEARLY = 1e-9
"""The part of a token that may be lacking: what adding and taking away of seconds leaves."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds, evenly; up to `burst` of them at once after some quiet. `written` is how its
    author said it."""

    count: int
    seconds: int
    burst: int = 1
    written: str = ""

    @property
    def each(self) -> float:
        """Seconds in which one token comes back."""
        return self.seconds / self.count


class Bucket:
    """Of one agent at one hub. Moments are seconds of one clock that only rises."""

    def __init__(self, rate: Rate, now: float, tokens: float = 1.0) -> None:
        """It begins with one token, not full: a process that is started again and again calls no more often for it."""
        self.rate = rate
        self.full = now + (rate.burst - tokens) * rate.each
        """When it has all its tokens, if nobody takes one."""

    def changed(self, rate: Rate, now: float) -> Bucket:
        """The bucket of another rate, with what is in this one, as far as it holds as much."""
        return Bucket(rate, now, min(self.tokens(now), float(rate.burst)))

    def tokens(self, now: float) -> float:
        """How many are in it; the last of them may be a part of one."""
        return self.rate.burst - max(0.0, self.full - now) / self.rate.each

    def lacks(self, now: float, count: int) -> float:
        """Seconds until so many have come, those before the last taken as they come; 0 where there are so many."""
        each = self.rate.each
        seconds = max(0.0, self.full - now) + (count - self.rate.burst) * each
        return seconds if seconds > _NEARLY * each else 0.0

    def within(self, now: float, seconds: float) -> int:
        """How many there are, and will have come in so many seconds if each is taken as it comes."""
        each = self.rate.each
        return max(0, int(self.rate.burst + (seconds - max(0.0, self.full - now)) / each + _NEARLY))

    def take(self, now: float) -> None:
        """One is taken, also where there is none: what comes back next is owed then."""
        self.full = max(self.full, now) + self.rate.each
