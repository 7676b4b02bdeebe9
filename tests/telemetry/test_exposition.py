"""What is scraped is read as it was meant by Prometheus' own parsers, in both formats."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from atamo_rules.hub.telemetry.exposition import exposition, wanted
from atamo_rules.hub.telemetry.numbers import MOST, Counter, Family, Gauge, Histogram, quantile


def samples(families: list[Family], *, plain: bool) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    read: Any = read_plain if plain else read_open
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in read(exposition(families, plain=plain))
        for sample in family.samples
    }


def test_the_text_is_this() -> None:
    seconds = Histogram("atamo_attempt_seconds", "How long.", ("agent",), (0.1, 1.0))
    for value in (0.1, 0.2, 5.0):
        seconds.observe(value, "desk")
    count = Counter("atamo_events", 'What "came" in\\out.', ("outcome",))
    count.add("accepted", by=2)
    gauge = Gauge("atamo_under_way", "Now.", (), lambda: [((), 3)])
    assert exposition([count, gauge, seconds]).splitlines() == [
        "# TYPE atamo_events counter",
        '# HELP atamo_events What \\"came\\" in\\\\out.',
        'atamo_events_total{outcome="accepted"} 2',
        "# TYPE atamo_under_way gauge",
        "# HELP atamo_under_way Now.",
        "atamo_under_way 3",
        "# TYPE atamo_attempt_seconds histogram",
        "# UNIT atamo_attempt_seconds seconds",
        "# HELP atamo_attempt_seconds How long.",
        'atamo_attempt_seconds_bucket{agent="desk",le="0.1"} 1',
        'atamo_attempt_seconds_bucket{agent="desk",le="1.0"} 2',
        'atamo_attempt_seconds_bucket{agent="desk",le="+Inf"} 3',
        'atamo_attempt_seconds_count{agent="desk"} 3',
        'atamo_attempt_seconds_sum{agent="desk"} 5.3',
        "# EOF",
    ]
    assert exposition([count], plain=True).splitlines()[0] == "# TYPE atamo_events_total counter"


@pytest.mark.parametrize("plain", [False, True])
@given(
    st.dictionaries(st.tuples(st.text(max_size=8), st.text(max_size=8)), st.integers(1, 9), max_size=5),
    st.lists(st.floats(0, 100, allow_nan=False), max_size=20),
    st.text(max_size=20),
)
def test_any_numbers_and_names_are_read_back(
    plain: bool, counts: dict[Any, int], observed: list[float], about: str
) -> None:
    about = "".join(char for char in about if char.isprintable())
    count = Counter("some_things", about, ("one", "two"))
    for labels, number in counts.items():
        count.add(*labels, by=number)
    spread = Histogram("some_seconds", about, ("who",))
    for value in observed:
        spread.observe(value, "x")
    got = samples([count, spread], plain=plain)
    for (one, two), number in counts.items():
        assert got[("some_things_total", (("one", one), ("two", two)))] == number
    if observed:
        assert got[("some_seconds_count", (("who", "x"),))] == len(observed)
        for bound in spread.bounds:
            key = ("some_seconds_bucket", (("le", repr(bound)), ("who", "x")))
            assert got[key] == sum(value <= bound for value in observed)


def test_labels_that_are_made_up_fill_no_memory() -> None:
    count = Counter("some_things", "", ("who",))
    for number in range(MOST + 500):
        count.add(str(number))
    assert len(count.values) == MOST + 1
    assert (count.total(), count.total(who="other"), count.total(who="7")) == (MOST + 500, 500, 1)


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ([0, 0, 0], 0.5, None),
        ([10, 0, 0], 0.5, 0.5),
        ([5, 5, 0], 0.5, 1.0),
        ([5, 5, 0], 0.75, 1.5),
        ([0, 0, 4], 0.9, 2.0),
    ],
)
def test_quantiles_are_linear_within_a_bucket(counts: list[int], share: float, value: float | None) -> None:
    assert quantile(share, counts, (1.0, 2.0)) == value


def test_the_newer_format_is_given_to_who_names_it() -> None:
    assert wanted("*/*")
    assert wanted("")
    assert not wanted("application/openmetrics-text;version=1.0.0,application/json;q=0.5")
