"""Collections and counts of different values against oracles that keep every event that ever came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.windows.collection import LARGEST, collected, over
from atamo_rules.engine.windows.distinct import distinct
from tests.properties.test_windows import kept, moments

came = st.lists(st.tuples(st.integers(-3, 12), st.sampled_from("abcd")), max_size=40)
"""How much later each event comes than the one before, and its value."""


@given(came, st.integers(0, 20), st.integers(1, 4))
def test_different_values_are_counted_once_each_in_any_stretch(
    of: list[tuple[int, str]], within: int, wanted: int
) -> None:
    state, unused, last = None, list[tuple[int, str]](), 0
    for now, (_, value) in zip(moments([later for later, _ in of]), of, strict=True):
        last = max(now, last) if unused else now
        unused = [one for one in unused if last - one[0] <= within] + [(last, value)]
        there = {one for _, one in unused}
        found = distinct(kept(state), now, within, wanted, value)
        assert found.have == len(there)
        assert found.fires is (len(there) >= wanted)
        if found.fires:
            unused = []
        state = found.state
        assert (state is None) is (not unused)


@given(came, st.integers(1, 20), st.integers(1, 5))
def test_every_event_is_in_one_collection_which_is_full_or_over_in_time(
    of: list[tuple[int, str]], length: int, most: int
) -> None:
    state, given_out, open, begun = None, list[list[str]](), list[str](), 0
    everything: list[str] = []
    now = 1000
    for number, (later, value) in enumerate(of):
        now = max(now, now + later)
        state, ended = over(kept(state), now - 1)  # what is over before this moment is noticed in time
        for one in ended:
            assert one.due == begun + length
            assert one.last["body"] == one.bodies[-1]
            given_out.append([str(body) for body in one.bodies])
            assert given_out[-1] == open
            open = []
        name = f"{value}{number}"
        everything.append(name)
        begun = begun if open else now
        open = [*open, name]
        found = collected(kept(state), now, length, most, {"key": name, "body": name})
        assert found.have == len(open)
        if len(open) >= most:
            assert found.bodies == open
            given_out.append(open)
            open = []
        else:
            assert found.bodies is None
        state = found.state
    state, ended = over(kept(state), now + length)
    given_out += [[str(body) for body in one.bodies] for one in ended]
    assert state is None
    assert [name for one in given_out for name in one] == everything


@given(came, st.integers(1, 20), st.integers(1, 5))
def test_a_collection_that_is_noticed_late_takes_nothing_more(
    of: list[tuple[int, str]], length: int, most: int
) -> None:
    state, now, begun = None, 1000, dict[str, int]()
    for number, (later, _) in enumerate(of):
        now += abs(later)
        name = str(number)
        begun[name] = now
        state = collected(kept(state), now, length, most, {"key": name, "body": name}).state
    state, ended = over(state, now + length)
    for one in ended:
        times = [begun[str(body)] for body in one.bodies]
        assert one.due == times[0] + length
        assert times[-1] <= one.due


def test_a_collection_is_full_when_it_is_large_however_few_it_has() -> None:
    large = "x" * (LARGEST // 2)
    first = collected(None, 1, 10, 1000, {"key": "1", "body": large})
    assert first.bodies is None
    second = collected(first.state, 2, 10, 1000, {"key": "2", "body": large})
    assert second.bodies == [large, large]
    assert second.state is None
