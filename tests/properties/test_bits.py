"""Bit vectors are taken apart and joined as sets of positions would be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.index.bits import Picker, Spans, mask, positions

SETS = st.sets(st.integers(0, 700), max_size=400)


@given(SETS)
def test_positions_are_those_that_were_set(found: set[int]) -> None:
    assert positions(mask(found, 701)) == sorted(found)


@given(SETS, st.integers(701, 20_000))
def test_items_are_picked_in_their_order(found: set[int], size: int) -> None:
    names = [f"r{number}" for number in range(size)]
    assert Picker(names)(mask(found, size)) == [names[at] for at in sorted(found)]


@given(st.lists(st.integers(1, 12), max_size=60), st.data())
def test_the_last_bit_of_a_span_tells_of_all(lengths: list[int], data: st.DataObject) -> None:
    size = sum(lengths)
    found = data.draw(st.sets(st.integers(0, size - 1))) if size else set()
    expected, begin = [], 0
    for length in lengths:
        if any(at in found for at in range(begin, begin + length)):
            expected.append(begin + length - 1)
        begin += length
    spans = Spans(lengths)
    assert positions(spans.any(mask(found, size))) == expected
    assert spans.any((1 << size) - 1) == spans.last
