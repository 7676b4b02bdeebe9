"""The bucket of an agent's rate against a naive one that counts in whole numbers, and against what it promises."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as some

from atamo_rules.hub.agents.bucket import Bucket, Rate
from atamo_rules.hub.agents.tokens import Tokens

RATES = some.builds(
    Rate, some.sampled_from([1, 3, 7, 10, 600]), some.sampled_from([1, 7, 60, 3600]), some.integers(1, 20)
)
STEPS = some.lists(some.integers(0, 20_000), min_size=1, max_size=80)
"""Thousandths of a second until somebody asks again."""
BEGIN = 1000


class Naive:
    """Adds tokens up, as fractions."""

    def __init__(self, rate: Rate) -> None:
        self.rate, self.tokens, self.at = rate, Fraction(1), Fraction(BEGIN)

    def take(self, now: Fraction) -> bool:
        came = (now - self.at) * self.rate.count / self.rate.seconds
        self.tokens, self.at = min(Fraction(self.rate.burst), self.tokens + came), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def most(calls: list[float], rate: Rate, burst: float) -> float:
    """By how many calls the fullest stretch of time is over what may come in it."""
    return max(
        (last - first + 1) - burst - (calls[last] - calls[first]) / rate.each
        for first in range(len(calls))
        for last in range(first, len(calls))
    )


@given(RATES, STEPS)
def test_whoever_asks_is_told_the_same_as_by_counting(rate: Rate, steps: list[int]) -> None:
    bucket, naive, now = Bucket(rate, BEGIN), Naive(rate), Fraction(BEGIN)
    calls: list[float] = []
    for step in steps:
        now += Fraction(step, 1000)
        may = bucket.lacks(float(now), 1) == 0.0
        assert may == (bucket.within(float(now), 0.0) >= 1) == naive.take(now)
        if may:
            bucket.take(float(now))
            calls.append(float(now))
        assert abs(bucket.tokens(float(now)) - float(naive.tokens)) < 1e-6
    assert not calls or most(calls, rate, rate.burst) < 1e-6


@given(RATES, some.integers(1, 60), some.lists(some.integers(0, 3000), max_size=20))
def test_who_waits_as_long_as_it_says_never_waits_twice_and_wastes_nothing(
    rate: Rate, count: int, pauses: list[int]
) -> None:
    bucket, now = Bucket(rate, float(BEGIN)), float(BEGIN)
    calls: list[float] = []
    for number in range(count):
        now += pauses[number] / 1000 if number < len(pauses) else 0.0
        wait = bucket.lacks(now, 1)
        now += wait
        assert bucket.lacks(now, 1) <= 1e-9
        bucket.take(now)
        calls.append(now)
    assert most(calls, rate, rate.burst) < 1e-6
    if not pauses:
        assert calls[-1] - calls[0] <= (count - 1) * rate.each + 1e-6


@given(RATES, RATES, some.integers(0, 5000))
def test_another_rate_begins_with_what_was_left(before: Rate, after: Rate, quiet: int) -> None:
    bucket, now = Bucket(before, float(BEGIN)), BEGIN + quiet / 1000
    left = bucket.tokens(now)
    changed = bucket.changed(after, now)
    assert changed.tokens(now) <= min(left, after.burst) + 1e-6
    assert changed.tokens(now) >= min(left, after.burst) - 1e-6


@given(RATES, some.integers(1, 30))
def test_several_are_there_when_each_would_have_been(rate: Rate, count: int) -> None:
    bucket, now = Bucket(rate, float(BEGIN)), float(BEGIN)
    seconds = bucket.lacks(now, count)
    assert bucket.within(now, seconds) == count
    for _ in range(count):
        now += bucket.lacks(now, 1)
        bucket.take(now)
    assert abs(now - BEGIN - seconds) < 1e-6


@given(RATES, some.floats(0.0, 1e6), some.lists(some.floats(0.0, 10.0), max_size=20), some.integers(0, 5))
def test_whoever_looks_again_after_a_wait_does_so_at_another_moment(
    rate: Rate, begin: float, pauses: list[float], others: int
) -> None:
    """Also where what is lacking is lost in rounding: else a line would look again and again at one moment."""
    now = begin
    tokens = Tokens(lambda: now)
    tokens.follow(rate)
    for pause in pauses:
        now += pause
        seconds = tokens.until_soon(others)
        assert (seconds == 0.0) == ((tokens.soon(others) or 0) >= 1)
        assert seconds == 0.0 or now + seconds > now
        now += seconds
        again = tokens.until_soon(others)
        assert again == 0.0 or now + again > now
        tokens.spend(aside=False)
