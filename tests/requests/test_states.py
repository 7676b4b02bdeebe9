"""The request's states, one story each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from atamo_rules.hub.requests.completion import ALL, FIRST, Completion, any_of, by, read_completion
from atamo_rules.hub.requests.happenings import (
    Answered,
    Append,
    Asked,
    Broke,
    Cancelled,
    Effect,
    Ended,
    Forget,
    Happened,
    Heard,
    Loaded,
    Routed,
    Stop,
    Tick,
    Turned,
)
from atamo_rules.hub.requests.request import Clocks, Options, Part, Request, Terms, due, terms
from atamo_rules.hub.requests.step import MOST_LATE, opened, step, takes
from atamo_rules.hub.requests.wire import frame_json, request_json
from atamo_rules.model.frame import Frame
from atamo_rules.model.types import Completing

A, B = Part("a", "first"), Part("b", "second", "market", "prices", feed=True)
AT = 1000.0


class Told:
    """A request that things happen to, and everything that followed."""

    def __init__(self, policy: Completion = ALL, mode: str = "load", clocks: Clocks | None = None) -> None:
        made = Request("q", "price.quote", AT, mode, policy, clocks or Clocks())  # type: ignore[arg-type]
        self.request, self.effects = opened(made)

    def __call__(self, *happened: Happened, at: float = AT) -> list[Effect]:
        before = len(self.effects)
        for one in happened:
            self.request, more = step(self.request, one, at)
            self.effects += more
        return list(self.effects[before:])

    @property
    def frames(self) -> list[Frame]:
        return [effect.frame for effect in self.effects if isinstance(effect, Append)]

    @property
    def states(self) -> list[str]:
        return [effect.state for effect in self.effects if isinstance(effect, Turned)]


def test_everybody_answers() -> None:
    told = Told()
    told(Routed((A, B)), Answered("a"), Ended("a"))
    assert (told.request.state, [p.name for p in told.request.missing]) == ("partial", ["market.prices"])
    told(Answered("b"), Ended("b"))
    assert told.states == ["accepted", "routed", "partial", "complete"]
    assert told.frames == [Frame("q", "end", {"state": "complete"})]
    assert told.frames[0].last


def test_nobody_is_expected_and_so_it_is_complete_at_once() -> None:
    told = Told()
    told(Routed(()))
    assert told.states == ["accepted", "routed", "complete"]
    assert request_json(told.request)["expected"] == []


def test_some_fail_and_all_fail() -> None:
    some, every = Told(), Told()
    some(Routed((A, B)), Broke("a", "down"), Answered("b"), Ended("b"))
    assert (some.request.state, some.request.why) == ("degraded", "rule first: down")
    assert [f.kind for f in some.frames] == ["error", "end"]
    every(Routed((A, B)), Broke("a", "down"), Broke("b", "up"))
    assert (every.request.state, every.request.why) == ("failed", "rule first: down; market.prices: up")


@pytest.mark.parametrize("policy", [FIRST, any_of(1)])
def test_one_answer_may_be_enough_and_later_ones_are_late(policy: Completion) -> None:
    told = Told(policy)
    told(Routed((A, B)), Broke("a", "down"), Answered("b"))
    assert told.states[-1] == "complete"
    assert told(Answered("a"), Ended("a")) == []
    assert told.request.late == 1


def test_any_of_more_than_there_are_is_all() -> None:
    told = Told(any_of(5))
    told(Routed((A, B)), Answered("a"))
    assert told.request.state == "partial"
    told(Answered("b"))
    assert told.request.state == "complete"


def test_a_deadline_policy_takes_what_is_there() -> None:
    told, empty = Told(by(2)), Told(by(2))
    told(Routed((A, B)), Answered("a"), Ended("a"))
    told(Tick(), at=AT + 1.999)
    assert told.request.state == "partial"
    told(Tick(), at=AT + 2)
    assert told.request.state == "complete"
    empty(Routed((A, B)))
    assert empty(Tick(), at=AT + 60)[-1] == Stop(("a", "b"))
    assert (empty.request.state, empty.request.ended) == ("expired", AT + 2)


def test_the_deadline_stops_who_is_missing() -> None:
    told = Told(clocks=Clocks(deadline=5))
    told(Routed((A, B)), Answered("a"), Ended("a"))
    effects = told(Answered("b"), at=AT + 7)
    assert effects[0] == Stop(("b",))
    assert (told.request.state, told.request.ended) == ("degraded", AT + 5)
    assert told.request.late == 1


def test_a_request_that_is_never_routed_expires() -> None:
    told = Told()
    told(Tick(), at=AT + 30)
    assert told.request.state == "expired"
    assert told(Routed((A,)), at=AT + 31) == [Stop(("a",))]


def test_a_feed_lives_after_its_loads_and_ends_with_its_last_agent() -> None:
    told = Told(mode="feed")
    told(Routed((A, B)), Answered("b"), Answered("a"), Ended("a"), Loaded("b"))
    assert told.request.state == "live"
    told(Answered("b"), Heard(), at=AT + 100)
    assert told.request.state == "live"
    told(Ended("b"), at=AT + 101)
    assert [(f.kind, f.agent) for f in told.frames[-2:]] == [("end", "market"), ("end", "")]
    assert told.request.state == "complete"


def test_a_feed_that_nobody_reads_is_stopped() -> None:
    told = Told(mode="feed", clocks=Clocks(keep_alive=10))
    told(Routed((B,)), Loaded("b"))
    told(Heard(), at=AT + 9)
    assert due(told.request) == AT + 19
    assert told(Tick(), at=AT + 19)[-1] == Stop(("b",))
    assert (told.request.state, told.request.why) == ("expired", "nobody read for 10 seconds")


def test_who_loads_once_needs_no_updates() -> None:
    told = Told()
    effects = told(Routed((B,)), Answered("b"), Loaded("b"))
    assert Stop(("b",)) in effects
    assert told.request.state == "complete"


def test_cancelling_stops_everybody_and_happens_once() -> None:
    told = Told()
    told(Routed((A, B)), Answered("a"), Ended("a"))
    assert told(Cancelled())[-1] == Stop(("b",))
    assert told.request.state == "cancelled"
    assert told(Cancelled(), Ended("b"), Broke("b", "x")) == []


def test_after_its_time_only_a_tombstone_is_left() -> None:
    told = Told(clocks=Clocks(retain=60))
    told(Routed(()))
    assert due(told.request) == AT + 60
    assert told(Tick(), at=AT + 60) == [Forget()]
    assert (told.request.forgotten, due(told.request)) == (True, None)
    assert not takes(told.request)


def test_an_agent_that_goes_on_after_the_end_fills_nothing() -> None:
    told = Told()
    told(Routed((B,)), Cancelled())
    for number in range(MOST_LATE + 50):
        assert takes(told.request) == (number < MOST_LATE)
        told(Answered("b"))


def test_a_rule_that_waits_names_whom_it_waits_for() -> None:
    told = Told()
    told(Routed((A,)), Asked("a", "stock", "count"))
    assert request_json(told.request)["missing"] == ["stock.count"]


@pytest.mark.parametrize(
    ("text", "policy"),
    [("all", ALL), ("first", FIRST), (" any(2) ", any_of(2)), ("deadline(1.5)", by(1.5))],
)
def test_policies_are_read_as_they_are_written(text: str, policy: Completion) -> None:
    assert read_completion(text) == policy
    assert read_completion(str(policy)) == policy


@pytest.mark.parametrize(
    "text", ["", "most", "any", "any(0)", "any(-1)", "deadline(0)", "deadline(x)", "any(2"]
)
def test_other_policies_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"policy|from 1 up|above 0"):
        read_completion(text)


def test_a_frame_says_what_it_is_and_leaves_out_what_it_is_not() -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    full = Frame("q", "update", {"x": [1]}, "a", "b", "k", at, 3, "r", "stale", 1.23456, True)
    assert frame_json(full) == {
        "req": "q", "seq": 3, "kind": "update", "agent": "a", "action": "b", "rule": "r", "key": "k",
        "body": {"x": [1]}, "at": "2026-02-03T04:05:06Z", "cache": "stale", "age_s": 1.235, "late": True,
    }  # fmt: skip
    assert frame_json(Frame("q", "end")) == {
        "req": "q",
        "seq": 0,
        "kind": "end",
        "body": None,
        "cache": "miss",
    }


def test_what_a_client_says_goes_before_what_the_type_says_and_that_before_what_is_usual() -> None:
    declared = Completing("any", 2, within=5.0)
    assert terms(Options(), declared) == Terms("load", any_of(2), Clocks(5.0, 120.0, 3600.0))
    assert terms(Options(policy=FIRST, deadline=1.0), declared).clocks.deadline == 1.0
    assert str(terms(Options(policy=FIRST), declared).policy) == "first"
    assert terms(Options(), None) == Terms()


def test_what_is_there_after_a_long_time_is_the_answer_though_the_usual_deadline_is_shorter() -> None:
    how = terms(Options(), Completing("after", after=60.0))
    assert how.clocks.deadline == 60.0
    told = Told(policy=how.policy, clocks=how.clocks)
    told(Routed((A, B)))
    told(Answered("a"))
    told(Tick(), at=AT + 60)
    assert told.request.state == "complete"
