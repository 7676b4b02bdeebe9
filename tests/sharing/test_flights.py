"""Equal calls become one: what a second caller gets, by what is known of the call when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from atamo_rules.hub.sharing.flight import Said, Say, Work
from atamo_rules.hub.sharing.flights import NEGATIVE, AgainTogether, Flights
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.types import Sharing
from tests.simulation.time import VirtualClock, VirtualLoop

ONCE = Sharing()
KEPT = Sharing(fresh=10.0, stale=20.0)


class Desk:
    """Callers of one key, the time, and an agent that counts how often it was called."""

    def __init__(self, *script: Outcome, gated: bool = False, **more: Any) -> None:
        self.time = 0.0
        self.calls = 0
        self.notes: list[str] = []
        self.script = list(script) or [Done({"n": 1})]
        self.gate = asyncio.Event()
        if not gated:
            self.gate.set()
        self.flights = Flights(lambda: self.time, lambda failures: 0.01 * failures, grace=0.01, **more)

    async def work(self, say: Say) -> Outcome:
        self.calls += 1
        call = self.calls
        await say(Said(f"first of {call}"))
        await self.gate.wait()
        await say(Said(f"last of {call}"))
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    async def call(self, who: str = "a", sharing: Sharing = ONCE, key: bytes = b"k", **more: Any) -> Any:
        """The outcome, what was said, and how it was come by."""
        said: list[Any] = []
        ways: list[Any] = []

        async def deliver(piece: Said, cache: str, age: float | None) -> None:
            said.append(piece.body)
            ways.append((cache, age))

        work = more.pop("work", self.work)
        outcome = await self.flights.call(
            key, who, sharing, work, deliver, lambda note, age: self.notes.append(note), **more
        )
        return outcome, said, (ways or [None])[0]


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Tell a story under virtual time: a grace of a hundredth of a second is over when the story says so."""
    loop = VirtualLoop(VirtualClock())
    try:
        loop.run_until_complete(story())
    finally:
        loop.kill()


def test_a_thousand_equal_calls_at_once_are_one() -> None:
    async def story() -> None:
        desk = Desk(gated=True)
        callers = [asyncio.create_task(desk.call(f"c{n}")) for n in range(1000)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        desk.gate.set()
        got = await asyncio.gather(*callers)
        assert desk.calls == 1
        assert {(str(outcome), tuple(said)) for outcome, said, _ in got} == {
            ("Done(answer={'n': 1})", ("first of 1", "last of 1"))
        }
        assert [way for _, _, way in got] == [("miss", None)] + [("joined", None)] * 999
        assert desk.notes == ["action.joined"] * 999
        assert len(desk.flights) == 0

    run(story)


def test_other_keys_are_other_calls() -> None:
    async def story() -> None:
        desk = Desk()
        await asyncio.gather(*(desk.call(key=bytes([n % 7])) for n in range(70)))
        assert desk.calls == 7

    run(story)


def test_what_is_not_fresh_for_any_time_is_called_again() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.call()
        await desk.call()
        assert desk.calls == 2

    run(story)


def test_fresh_then_stale_then_gone() -> None:
    async def story() -> None:
        desk = Desk(Done(1), Done(2), Done(3))
        assert await desk.call(sharing=KEPT) == (Done(1), ["first of 1", "last of 1"], ("miss", None))
        desk.time = 10.0
        assert await desk.call(sharing=KEPT) == (Done(1), ["first of 1", "last of 1"], ("hit", 10.0))
        desk.time = 10.1
        outcome, said, way = await desk.call(sharing=KEPT)
        assert (outcome, said, way) == (Done(1), ["first of 1", "last of 1"], ("stale", 10.1))
        await asyncio.sleep(0.01)
        assert desk.calls == 2
        assert await desk.call(sharing=KEPT) == (Done(2), ["first of 2", "last of 2"], ("hit", 0.0))
        desk.time = 10.1 + 30.1
        assert (await desk.call(sharing=KEPT))[0] == Done(3)
        assert desk.notes == ["cache.hit", "cache.stale", "cache.hit"]

    run(story)


def test_what_was_stale_is_followed_by_what_is_new_for_whoever_reads_on() -> None:
    async def story() -> None:
        desk = Desk(Done(1), Done(2))
        await desk.call(sharing=KEPT)
        desk.time = 11.0
        outcome, said, _ = await desk.call(sharing=KEPT, pieces_follow=True)
        assert (outcome, said) == (Done(2), ["first of 1", "last of 1", "first of 2", "last of 2"])

    run(story)


def test_what_is_stale_is_better_than_a_failure() -> None:
    async def story() -> None:
        desk = Desk(Done(1), Failed("gone"), Again("busy"))
        await desk.call(sharing=KEPT)
        desk.time = 11.0
        for _ in range(3):
            assert (await desk.call(sharing=KEPT, pieces_follow=True))[0] == Done(1)
        assert desk.calls == 4

    run(story)


def test_a_final_failure_answers_the_next_callers_for_a_moment() -> None:
    async def story() -> None:
        desk = Desk(Failed("no such thing"), Done(2))
        assert (await desk.call())[0] == Failed("no such thing")
        desk.time = NEGATIVE
        assert (await desk.call())[0] == Failed("no such thing")
        desk.time = NEGATIVE + 0.1
        assert (await desk.call())[0] == Done(2)
        assert (desk.calls, desk.notes) == (2, ["cache.negative"])

    run(story)


def test_who_shares_a_failed_attempt_shares_the_next_and_nobody_starts_a_second() -> None:
    async def story() -> None:
        desk = Desk(Again("busy", 5.0), Done(2), gated=True)
        callers = [asyncio.create_task(desk.call(f"c{n}")) for n in range(50)]
        await asyncio.sleep(0)
        desk.gate.set()
        for outcome, _, _ in await asyncio.gather(*callers):
            assert outcome == AgainTogether("busy", 5.0)
        desk.time = 4.0
        assert (await desk.call("new"))[0] == AgainTogether("busy", 1.0)
        desk.time = 5.0
        for number in range(
            50
        ):  # one after the other, as timers fire: the first call is over before the next comes
            assert (await desk.call(f"c{number}"))[0] == Done(2)
        assert (await desk.call("new"))[0] == Done(2)
        assert desk.calls == 2

    run(story)


def test_pauses_grow_with_failures_in_a_row() -> None:
    async def story() -> None:
        desk = Desk(Again("a"), Again("b"), Again("c", 7.0), Done(1), Again("d"))
        waits = []
        for _ in range(5):
            outcome, _, _ = await desk.call()
            waits.append(round(outcome.after, 6) if isinstance(outcome, Again) else None)
            desk.time += 100.0
        assert waits == [0.01, 0.02, 7.0, None, 0.01]

    run(story)


def test_a_call_goes_on_until_its_last_caller_has_left() -> None:
    async def story() -> None:
        desk = Desk(gated=True)
        first, second = (asyncio.create_task(desk.call(who)) for who in "ab")
        await asyncio.sleep(0.001)
        first.cancel()
        await asyncio.sleep(0.001)
        desk.gate.set()
        assert (await second)[0] == Done({"n": 1})
        assert desk.calls == 1
        desk.gate.clear()
        alone = asyncio.create_task(desk.call())
        await asyncio.sleep(0.001)
        alone.cancel()
        await asyncio.sleep(0.001)
        assert len(desk.flights) == 0
        desk.gate.set()
        assert (await desk.call())[1] == ["first of 3", "last of 3"]

    run(story)


def test_a_call_that_is_left_before_it_began_is_forgotten() -> None:
    async def story() -> None:
        desk = Desk()
        gone = asyncio.create_task(desk.call())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await asyncio.sleep(0.001)
        assert len(desk.flights) == 0
        assert (await desk.call())[0] == Done({"n": 1})

    run(story)


def test_a_fault_inside_is_an_outcome_for_everybody() -> None:
    async def broken(say: Say) -> Outcome:
        raise LookupError("never mind")

    async def story() -> None:
        desk = Desk()
        got = await asyncio.gather(*(desk.call(work=broken) for _ in range(3)))
        assert {outcome.why for outcome, _, _ in got} == {"a fault of the hub: LookupError: never mind"}

    run(story)


@pytest.mark.parametrize("bound", [{"most": 10}, {"most_bytes": 500}])
def test_memory_is_bounded_and_the_longest_unused_make_room(bound: dict[str, int]) -> None:
    async def story() -> None:
        desk = Desk(**bound)
        for number in range(100):
            await desk.call(sharing=KEPT, key=number.to_bytes(2, "big"))
        assert len(desk.flights) <= 16
        assert desk.flights.size <= 500
        calls = desk.calls
        await desk.call(sharing=KEPT, key=(99).to_bytes(2, "big"))
        assert desk.calls == calls

    run(story)


def feed(values: list[tuple[str, int]], turn: Callable[[], Awaitable[None]]) -> Work:
    async def work(say: Say) -> Outcome:
        await say(Said(0, "a"))
        await say(Said(kind="loaded"))
        for key, value in values:
            await say(Said(value, key))
            await turn()
        return Done()

    return work


def test_a_feed_is_joined_with_its_state_and_closed_after_its_last_reader() -> None:
    async def story() -> None:
        closed: list[bytes] = []
        desk = Desk(closed=closed.append)
        gate = asyncio.Event()

        async def ticker(say: Say) -> Outcome:
            desk.calls += 1
            await say(Said(1, "x"))
            await say(Said(2, "y"))
            await say(Said(kind="loaded"))
            await say(Said(3, "x"))
            await gate.wait()
            await say(Said(4, "y"))
            await asyncio.sleep(30)
            return Done()

        first = asyncio.create_task(desk.call("a", work=ticker, live=True))
        await asyncio.sleep(0.001)
        assert (await desk.call("b", work=ticker))[1] == [2, 3, None]
        got: list[Any] = []

        async def deliver(piece: Said, cache: str, age: float | None) -> None:
            got.append((piece.kind, piece.key, piece.body, cache))

        second = asyncio.create_task(
            desk.flights.call(b"k", "c", ONCE, ticker, deliver, lambda note, age: None, live=True)
        )
        await asyncio.sleep(0.001)
        gate.set()
        await asyncio.sleep(0.001)
        assert got == [
            ("snapshot", "y", 2, "joined"), ("snapshot", "x", 3, "joined"), ("loaded", "", None, "joined"),
            ("update", "y", 4, "joined"),
        ]  # fmt: skip
        assert (desk.calls, desk.notes) == (1, ["feed.joined"])
        first.cancel()
        second.cancel()
        await asyncio.sleep(0.005)
        assert closed == []
        await asyncio.sleep(0.02)
        assert closed == [b"k"]
        assert len(desk.flights) == 0

    run(story)


def test_within_its_grace_a_feed_is_taken_up_again() -> None:
    async def story() -> None:
        desk = Desk()
        values = [("a", n) for n in range(1000)]
        work = feed(values, lambda: asyncio.sleep(0.002))
        first = asyncio.create_task(desk.call(work=work, live=True))
        await asyncio.sleep(0.003)
        first.cancel()
        await asyncio.sleep(0.001)
        second = asyncio.create_task(desk.call(work=work, live=True))
        await asyncio.sleep(0.03)
        assert not second.done()
        assert desk.notes == ["feed.joined"]
        second.cancel()
        await desk.flights.end()

    run(story)
