"""The steps of windows against oracles that keep every event that ever came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.windows import absence, sequence
from atamo_rules.engine.windows.book import Book, fair
from atamo_rules.engine.windows.count import counted
from atamo_rules.engine.windows.state import Place, State, key_of, shelf_of, state_of
from atamo_rules.engine.windows.throttle import throttled
from atamo_rules.model.people import User
from atamo_rules.model.strict_json import decode, encode

numbers = st.integers(-2, 2) | st.sampled_from(
    [Decimal("1.0"), Decimal("0.5"), Decimal("5E-1"), Decimal("2E+0")]
)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.sampled_from(["", "1", "true", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
steps = st.lists(st.integers(-3, 12), max_size=40)
"""How much later each event comes than the one before; less than nothing where the clock was set back."""


def moments(of: list[int]) -> list[int]:
    found, now = [], 1000
    for step in of:
        now += step
        found.append(now)
    return found


def forward(times: list[int]) -> list[int]:
    """The same moments, where time stands still until a clock that was set back has caught up."""
    return [max(times[: at + 1]) for at in range(len(times))]


def kept(state: State | None) -> State | None:
    """A state as the store gives it back."""
    return None if state is None else state_of(decode(encode(state.document()).encode()))


@given(steps, st.integers(0, 20), st.integers(1, 5))
def test_a_count_fires_when_so_many_unused_events_lie_in_one_stretch(
    of: list[int], within: int, wanted: int
) -> None:
    state, unused, last = None, list[int](), 0
    for now in moments(of):
        # What was used up, or is out of every window to come, holds the clock back no more.
        last = max(now, last) if unused else now
        unused = [time for time in unused if last - time <= within] + [last]
        expected = len(unused) >= wanted
        found = counted(kept(state), now, within, wanted)
        assert found.fires is expected
        assert found.have == len(unused)
        if expected:
            unused = []
        state = found.state
        assert (state is None) is (not unused)


@given(steps, st.integers(1, 20), st.integers(1, 4))
def test_in_no_stretch_of_its_length_does_a_throttle_let_more_through(
    of: list[int], per: int, most: int
) -> None:
    state, through, held = None, list[int](), list[int]()
    for now in forward(moments(of)):
        found = throttled(kept(state), now, per, most)
        (through if found.may else held).append(now)
        state = found.state
    for begin in through:
        assert sum(begin <= time < begin + per for time in through) <= most
    for time in held:  # and none is held back without need
        assert sum(time - per < one <= time for one in through) >= most


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ab"), st.integers(0, 2)), max_size=30))
def test_a_sequence_tells_the_oldest_attempt_that_fits(events: list[tuple[int, str, int]]) -> None:
    within, now, state = 10, 0, None
    unused: list[tuple[int, int]] = []
    for later, kind, body in events:
        now += later
        if kind == "a":
            unused.append((now, body))
            state = sequence.begun(kept(state), now, within, "a", body).state
            continue
        fits = [one for one in unused if now - one[0] <= within and one[1] <= body]
        found = sequence.advanced(
            kept(state),
            now,
            within,
            1,
            True,
            "b",
            body,
            lambda bodies, body=body: bodies["a"] <= body,  # type: ignore[operator, misc]
        )
        assert found.bodies == ({"a": fits[0][1]} if fits else None)
        unused = [] if fits else unused
        state = found.state


def test_a_sequence_of_three_goes_through_every_step() -> None:
    one = sequence.begun(None, 0, 10, "a", 1)
    two = sequence.advanced(one.state, 4, 10, 1, False, "b", 2, lambda bodies: True)
    assert two.bodies is None
    assert sequence.advanced(one.state, 5, 10, 2, True, "c", 3, lambda bodies: True).bodies is None
    assert sequence.advanced(two.state, 10, 10, 2, True, "c", 3, lambda bodies: True).bodies == {
        "a": 1,
        "b": 2,
    }
    assert sequence.advanced(two.state, 11, 10, 2, True, "c", 3, lambda bodies: True).bodies is None


def test_the_oldest_attempts_of_a_key_make_room() -> None:
    state = None
    for number in range(sequence.MOST + 5):
        found = sequence.begun(state, number, 1000, "a", number)
        state = found.state
    assert (found.open, found.lost) == (sequence.MOST, 1)
    assert sequence.advanced(state, 900, 1000, 1, True, "b", 0, lambda bodies: True).bodies == {"a": 5}


@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["a", "b", "look"])), max_size=30))
def test_what_waits_fires_exactly_where_the_other_did_not_come(events: list[tuple[int, str]]) -> None:
    within, now, state, fired = 10, 0, None, list[int]()
    starts: list[tuple[int, int]] = []
    ends: list[int] = []
    for number, (later, kind) in enumerate(events):
        now += later
        if kind == "a":
            starts.append((now, number))
            state = absence.waits(kept(state), now, within, number).state
        elif kind == "b":
            ends.append(now)
            state = absence.came(kept(state), now, lambda event: True).state
        else:
            found = absence.over(kept(state), now)
            fired += [event for _, event in found.fired]
            state = found.state
    found = absence.over(state, now + within)
    fired += [event for _, event in found.fired]
    assert found.state is None
    # A `b` of the same moment ends the wait of an `a` that came before it in order.
    order = {number: at for at, (_, number) in enumerate(starts)}
    expected = []
    for time, number in starts:
        later_ends = [
            moment
            for position, moment in _ends(events)
            if position > number and time <= moment <= time + within
        ]
        if not later_ends:
            expected.append(number)
    assert fired == sorted(expected, key=order.__getitem__)


def _ends(events: list[tuple[int, str]]) -> list[tuple[int, int]]:
    now, found = 0, []
    for position, (later, kind) in enumerate(events):
        now += later
        if kind == "b":
            found.append((position, now))
    return found


@given(values, values)
def test_keys_are_equal_exactly_where_their_values_are(first: Any, second: Any) -> None:
    if first is None or second is None:
        assert key_of([None]) is None
        return
    assert (key_of([first]) == key_of([second])) is _equal(first, second)


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, int | Decimal) and isinstance(second, int | Decimal):
        return first == second
    if type(first) is not type(second):
        return False
    if isinstance(first, list):
        return len(first) == len(second) and all(map(_equal, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_equal(first[key], second[key]) for key in first)
    return bool(first == second)


def test_keys_of_numbers_truth_values_and_texts() -> None:
    assert key_of([1]) == key_of([Decimal("1.0")]) == key_of([Decimal("1E+0")])
    assert len({key_of([one]) for one in (1, True, "1", "true", [1], {"a": 1})}) == 6
    assert key_of([1, None]) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30), st.booleans()), max_size=60))
def test_a_book_wakes_every_state_once_its_time_has_come_and_none_before(
    deeds: list[tuple[int, int, bool]],
) -> None:
    book, model = Book(), dict[str, int]()
    for key, wake, gone in deeds:
        name = str(key)
        book.keep({Place("s", name): None if gone else State(wake, True, [])})
        if gone:
            model.pop(name, None)
        else:
            model[name] = wake
        assert book.next() == min(model.values(), default=None)
    for now in range(31):
        for place in book.take(now, 100):
            assert model.pop(place.key) == now
            book.keep({place: None})
    assert not model
    assert len(book) == 0


def test_what_a_book_has_too_much_of_is_what_was_touched_least_lately() -> None:
    woken: list[None] = []
    book = Book(most=2, woke=lambda: woken.append(None))
    for key in ("a", "b", "a", "c"):
        book.keep({Place("s", key): State(9, False, [])})
    assert list(book.excess()) == [Place("s", "b")]
    assert woken


@given(st.lists(st.tuples(st.sampled_from(["", "acme", 'a "b', "a b"]), st.integers(0, 9)), max_size=60))
def test_what_has_more_than_its_share_makes_room_and_nobody_else(touched: list[tuple[str, int]]) -> None:
    book = Book(most=8)
    for organisation, key in touched:
        shelf = shelf_of("rule window 0123456789abcdef", User("ann", organisation=organisation))
        book.keep({Place(shelf, str(key)): State(9, False, [])})
    before = {name: len(shelf) for name, shelf in book.shelves.items()}
    book.keep(dict.fromkeys([*book.excess()]))
    share = fair(before.values(), 8)
    assert {name: len(shelf) for name, shelf in book.shelves.items()} == {
        name: min(many, share) for name, many in before.items()
    }
    assert len(book) <= 8


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(8, 60))
def test_a_fair_share_leaves_no_room_that_somebody_wants(wanted: list[int], room: int) -> None:
    share = fair(wanted, room)
    used = sum(min(one, share) for one in wanted)
    assert used <= room
    # What is left would not give one more to each of those that want more.
    hungry = sum(one > share for one in wanted)
    assert not hungry or room - used < hungry
