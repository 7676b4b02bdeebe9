"""Thresholds hold before they raise and before they clear; measures are those of the last minute."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.hub.telemetry.meter import Meter
from atamo_rules.hub.telemetry.numbers import SECONDS
from atamo_rules.hub.telemetry.tally import LAST, Tally, Took
from atamo_rules.hub.telemetry.thresholds import Standing, Threshold, judge, read_threshold
from atamo_rules.hub.telemetry.window import Window, reading
from atamo_rules.model.audit import Note

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
SLOW = Threshold("slow", "latency_p95", above=1.0, seconds=10)


def story(threshold: Threshold, values: list[float | None]) -> list[tuple[int, str]]:
    """A value a second; what is said when."""
    standing: dict[str, Standing] = {}
    said = []
    for second, value in enumerate(values):
        given = {} if value is None else {threshold.measure: value}
        standing, alerts = judge([threshold], given, standing, float(second))
        said += [(second, str(alert)) for alert in alerts]
    return said


def test_it_raises_after_its_time_and_clears_after_it() -> None:
    assert story(SLOW, [2.0] * 20 + [0.5] * 20) == [
        (10, "slow: latency_p95 is above 1 for 10 s, it is 2"),
        (30, "slow: latency_p95 is no longer above 1 for 10 s, it is 0.5"),
    ]


def test_a_break_begins_the_time_anew_and_silence_is_no_break() -> None:
    assert story(SLOW, [2.0] * 9 + [0.5] + [2.0] * 9) == []
    assert [at for at, _ in story(SLOW, [2.0] * 5 + [None] * 4 + [2.0] * 9)] == [10]


def test_below_and_at_once() -> None:
    idle = Threshold("idle", "throughput", below=1)
    assert [at for at, _ in story(idle, [5.0, 1.0, 0.9, 0.0, 1.0])] == [2, 4]


@given(st.lists(st.sampled_from([0.0, 2.0, None]), max_size=60), st.integers(0, 5))
def test_alerts_alternate_and_are_as_late_as_they_say(values: list[float | None], seconds: int) -> None:
    threshold = Threshold("x", "failures", above=1.0, seconds=seconds)
    standing: dict[str, Standing] = {}
    raised = False
    for second, value in enumerate(values):
        given = {} if value is None else {"failures": value}
        standing, alerts = judge([threshold], given, standing, float(second))
        for alert in alerts:
            assert alert.raised != raised
            raised = alert.raised
            last = [v for v in values[max(0, second - seconds) : second + 1] if v is not None]
            assert all((v > 1.0) == raised for v in last)
            assert second >= seconds


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Threshold("a", "speed", above=1), "`speed` is not measured: there are throughput"),  # type: ignore[arg-type]
        (lambda: Threshold("a", "dead"), "needs either `above` or `below`"),
        (lambda: Threshold("a", "dead", above=1, below=0), "needs either `above` or `below`"),
    ],
)
def test_a_threshold_that_says_nothing_is_refused(make: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()  # type: ignore[operator]


def test_a_threshold_is_read_as_it_is_written() -> None:
    for text in ("latency_p95 above 2 for 30", "dead above 0", "throughput below 0.5 for 60"):
        threshold = read_threshold(f" {text} ")
        assert threshold.name == text
        assert str(threshold) == text + " s" * ("for" in text)
    for text in ("", "dead", "dead > 3", "dead above", "dead above 1 for", "speed above 1", "dead above x"):
        with pytest.raises(ValueError, match=r"is not"):
            read_threshold(text)


def told(tally: Tally, kind: str, after: float, event: str = "e", **what: object) -> None:
    tally.hear(1, [Note(NOON + timedelta(seconds=after), kind, event, "", what)])  # type: ignore[arg-type]


def test_a_meter_counts_what_it_is_told_and_a_window_says_how_fast() -> None:
    tally, window = Tally(), Window()
    meter = Meter(tally)
    assert window.take(reading(meter, 0.0)) == {}
    for number in range(100):
        name = f"e{number}"
        told(tally, "event.accepted", 0, name, type="order.placed")
        told(tally, "action.started", 0.1, name, target="desk.note", action=name)
        if number % 4 == 0:
            told(tally, "action.retry", 0.2, name, target="desk.note", action=name)
            told(tally, "action.started", 0.3, name, target="desk.note", action=name)
        told(
            tally,
            "action.failed" if number < 10 else "action.done",
            0.4,
            name,
            target="desk.note",
            action=name,
        )
        told(tally, "event.finished", 0.7 if number < 90 else 4.0, name)
    values = window.take(reading(meter, 10.0))
    assert (values["throughput"], values["failures"], values["retries"]) == (10.0, 0.1, 2.5)
    assert 0.5 < values["latency_p50"] <= 1.0
    assert 2.5 < values["latency_p95"] <= 5.0
    assert meter.actions.values == {("desk", "failed"): 10, ("desk", "done"): 90}
    assert meter.attempt_seconds.values[("desk",)].total == pytest.approx(25 * (0.1 + 0.1) + 75 * 0.3)
    assert tally.types.total(type="order.placed") == 100
    for second in range(11, 200):
        values = window.take(reading(meter, float(second)))
    assert values == {"throughput": 0.0, "retries": 0.0}


def test_what_never_ends_makes_room_and_a_clock_set_back_makes_no_negative_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("atamo_rules.hub.telemetry.tally.MOST_OPEN", 10)
    tally = Tally()
    meter = Meter(tally)
    for number in range(50):
        told(tally, "event.accepted", 0, f"e{number}", type="t")
    told(tally, "event.finished", 1, "e0")
    told(tally, "event.finished", -5, "e49")
    assert sum(meter.event_seconds.counts()) == 1
    assert meter.event_seconds.values[()].total == 0.0


def a_life(number: int, ends: list[str]) -> Iterator[Note]:
    """The records of one event with one action, whose attempts end so."""
    event, at = f"e{number}", NOON + timedelta(seconds=number)
    what = {"target": ("desk.note", "desk.look", "post.send")[number % 3], "action": f"a{number}"}
    yield Note(at, "event.accepted", event, "", {"type": f"t{number % 2}"})
    yield Note(at, "event.decided", event, "", {"matched": ["one", "two"][: number % 3]})
    for end in ends:
        yield Note(at + timedelta(seconds=0.1), "action.started", event, "", what)
        yield Note(at + timedelta(seconds=0.1 + 0.01 * number), f"action.{end}", event, "", what)  # type: ignore[arg-type]
    yield Note(at + timedelta(seconds=0.5), "event.finished", event)


def counted(notes: list[Note], sizes: list[int]) -> object:
    """What a tally says that hears them in runs of such sizes, over and over, and how long what took."""
    tally, at = Tally(), 0
    for size in cycle(sizes):
        if at >= len(notes):
            break
        tally.hear(at + 1, notes[at : at + size])
        at += size
    took = {name: (sorted(one.took.latest), one.took.spread.counts) for name, one in tally.agents.items()}
    numbers = [family.values for family in (tally.types, tally.fired, tally.alerts)]
    return tally.document(), sorted(tally.took.latest), took, numbers, tally._events, tally._actions


@given(
    lives=st.integers(0, 40).map(lambda count: [["done"]] * count)
    | st.lists(
        st.lists(st.sampled_from(["retry", "lost"]), max_size=2).map(lambda before: [*before, "failed"]),
        max_size=20,
    ),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=5),
    mixed=st.randoms(use_true_random=False),
)
def test_it_counts_the_same_in_whatever_runs_records_come(
    lives: list[list[str]], sizes: list[int], mixed: Random
) -> None:
    left = [list(a_life(number, ends)) for number, ends in enumerate(lives)]
    notes: list[Note] = []
    while left := [one for one in left if one]:
        notes.append(mixed.choice(left).pop(0))
    assert counted(notes, sizes) == counted(notes, [1])


def test_lengths_of_time_are_spread_the_same_however_often_somebody_looks() -> None:
    lengths = [0.0005 * (number * 37 % 7919) for number in range(2 * LAST + 500)]
    seldom, often = Took(), Took()
    for seconds in lengths:
        seldom.add(timedelta(seconds=seconds))
        often.add(timedelta(seconds=seconds))
        assert often.latest[-1] == pytest.approx(seconds)
    counts = [0] * (len(SECONDS) + 1)
    for seconds in lengths:
        counts[bisect_left(SECONDS, seconds)] += 1
    for took in (seldom, often):
        assert list(took.latest) == pytest.approx(lengths[-LAST:])
        assert took.spread.counts == counts
        assert took.spread.total == pytest.approx(sum(lengths))
