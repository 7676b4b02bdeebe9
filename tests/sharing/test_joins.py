"""Whoever joins, at whatever moment and however slowly they read, misses nothing and has nothing twice."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.hub.sharing.compacted import Compacted
from atamo_rules.hub.sharing.flight import Said, Say
from atamo_rules.hub.sharing.flights import Flights
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.types import Sharing

JOINS = 10_000
KEYS = "abcdefgh"


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("live", [False, True], ids=["load", "feed"])
def test_ten_thousand_random_joins(live: bool) -> None:
    """100 rounds of 100 readers who come and read at random turns of the loop."""
    chance = random.Random(7)
    readers: list[tuple[list[Said], list[int]]] = []

    async def round() -> None:
        flights = Flights(lambda: 0.0, lambda failures: 0.0, grace=0.0)
        said: list[Said] = []
        calls = 0

        async def work(say: Say) -> Outcome:
            nonlocal calls
            calls += 1
            for number in range(30):
                await say(Said(number, chance.choice(KEYS) if live else ""))
                await _turns(chance.randrange(3))
            if live:
                await say(Said(kind="loaded"))
                for number in range(30, 60):
                    await say(Said(number, chance.choice(KEYS)))
                    await _turns(chance.randrange(3))
            return Done("over")

        async def one() -> None:
            got: list[Said] = []
            await _turns(chance.randrange(60))
            slow = chance.randrange(4)

            async def deliver(piece: Said, cache: str, age: float | None) -> None:
                await _turns(chance.randrange(1 + slow))
                got.append(piece)

            outcome = await flights.call(
                b"k", "who", Sharing(fresh=9.0), work, deliver, lambda *_: None, live=live
            )
            assert outcome == Done("over")
            said.extend(got if len(got) > len(said) else ())
            readers.append((got, [piece.body for piece in got if piece.kind != "loaded"]))  # type: ignore[misc]

        await asyncio.gather(*(one() for _ in range(JOINS // 100)))
        assert live or calls == 1

    for _ in range(100):
        asyncio.run(round())
    assert len(readers) == JOINS
    for got, numbers in readers:
        if not live:
            assert numbers == list(range(30))
            continue
        # The state of the feed first, in its order and each key once; from there on every update, without a gap.
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == 59
        state = [piece for piece in got if piece.kind == "snapshot"]
        assert len({piece.key for piece in state}) == len(state)
        updates = [piece.body for piece in got if piece.kind == "update"]
        assert updates == list(range(60 - len(updates), 60))
        if state:
            assert numbers[len(state) :] == list(range(state[-1].body + 1, 60))  # type: ignore[operator]
    joined_early = sum(not any(piece.kind == "snapshot" for piece in got) for got, _ in readers)
    assert not live or 0 < joined_early < JOINS


@given(
    st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=60), st.integers(1, 8), st.integers(0, 60)
)  # fmt: skip
def test_a_compacted_log_keeps_what_it_says(slots: list[Any], window: int, cursor: int) -> None:
    log: Compacted[int] = Compacted(window)
    numbers = [log.add(slot, number) for number, slot in enumerate(slots, 1)]
    assert numbers == list(range(1, len(slots) + 1))
    newest = dict(zip(slots, numbers, strict=True))
    kept = [
        number
        for number, slot in zip(numbers, slots, strict=True)
        if slot is None or newest[slot] == number or number > len(slots) - window
    ]
    assert log.after(cursor) == [(number, number) for number in kept if number > cursor]
    assert log.state() == [
        n for n, slot in zip(numbers, slots, strict=True) if slot is None or newest[slot] == n
    ]
    assert log.whole(cursor) == (cursor >= len(slots) - window)
    assert len(log) == len(kept)
