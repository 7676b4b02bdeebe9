"""How often one key may ask: a token bucket for each, and what is said of it.

The bucket after Turner (New directions in communications, IEEE Communications Magazine, 1986): it holds so many tokens,
a request takes one, and they come back at an even rate. The headers are those of the IETF's
draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil

_WRITTEN = re.compile(r"([1-9][0-9]{0,8}) per (?:([1-9][0-9]{0,4}) )?(second|minute|hour)s?")
_UNITS = {"second": 1, "minute": 60, "hour": 3600}
REMEMBERED = 10_000
"""Keys whose buckets are remembered; the one that asked longest ago makes room, and begins anew."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds; as many may come at once."""

    count: int
    seconds: int

    @property
    def policy(self) -> str:
        """The value of `RateLimit-Policy`."""
        return f'"key";q={self.count};w={self.seconds}'


def read_rate(text: str) -> Rate:
    """`600 per minute`, `20 per 10 seconds`. Raises ValueError."""
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"`{text}` is not a rate: write `600 per minute`, or `20 per 10 seconds`")
    return Rate(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])


@dataclass(frozen=True, slots=True)
class Standing:
    """How a key stands after it asked: whether it may, what is left, and seconds until its bucket is full, or, where it
    may not, until it may again."""

    may: bool
    left: int
    seconds: int

    @property
    def header(self) -> str:
        """The value of `RateLimit`."""
        return f'"key";r={self.left};t={self.seconds}'


@dataclass(slots=True)
class Buckets:
    """The buckets of all keys, under one rate."""

    rate: Rate
    of: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    """By key: tokens, and the moment they were counted."""

    def take(self, key: str, now: float) -> Standing:
        """Take a token at a moment, in seconds of a clock that only rises."""
        full = float(self.rate.count)
        each = self.rate.seconds / full
        tokens, at = self.of.pop(key, (full, now))
        tokens = min(full, tokens + max(0.0, now - at) / each)
        may = tokens >= 1.0 - 1e-9
        tokens -= 1.0 if may else 0.0
        self.of[key] = (tokens, now)
        if len(self.of) > REMEMBERED:
            self.of.popitem(last=False)
        seconds = (full - tokens) * each if may else (1.0 - tokens) * each
        return Standing(may, int(tokens + 1e-9), max(1, ceil(seconds - 1e-9)))
