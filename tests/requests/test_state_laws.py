"""What holds of a request whatever happens to it, in whatever order and at whatever time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.hub.requests.completion import ALL, FIRST, Completion, any_of, by
from atamo_rules.hub.requests.happenings import (
    Answered,
    Append,
    Broke,
    Cancelled,
    Effect,
    Ended,
    Forget,
    Happened,
    Heard,
    Loaded,
    Routed,
    Tick,
    Turned,
)
from atamo_rules.hub.requests.request import OVER, Clocks, Part, Request, due
from atamo_rules.hub.requests.step import MOST_LATE, opened, step, takes

IDS = ("a", "b", "c")
MAY_FOLLOW = {
    "accepted": {"routed", "cancelled", "expired"},
    "routed": {"partial", "live"} | OVER,
    "partial": {"live"} | OVER,
    "live": OVER,
}

policies = st.sampled_from([ALL, FIRST, any_of(1), any_of(2), any_of(9), by(3), by(50)])


def _parts(ids: list[str]) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.tuples(*(st.booleans().map(lambda feed, id=id: Part(id, "r", "x", id, feed)) for id in ids))


parts = st.lists(st.sampled_from(IDS), unique=True).flatmap(_parts)
happenings = st.one_of(
    st.builds(Routed, parts),
    st.builds(Answered, st.sampled_from(IDS), st.booleans()),
    st.builds(Loaded, st.sampled_from(IDS)),
    st.builds(Ended, st.sampled_from(IDS)),
    st.builds(Broke, st.sampled_from(IDS), st.just("down")),
    st.sampled_from([Heard(), Tick(), Tick()]),
    st.builds(Cancelled),
)
stories = st.builds(
    lambda first, rest: [(Routed(first), 0.0), *rest],
    parts,
    st.lists(st.tuples(happenings, st.sampled_from([0.0, 0.0, 0.5, 2.0, 11.0])), max_size=40),
)
requests = st.builds(
    Request,
    st.just("q"),
    st.just("t"),
    st.just(100.0),
    st.sampled_from(["load", "feed"]),
    policies,
    st.builds(
        Clocks, st.sampled_from([4.0, 30.0]), st.sampled_from([3.0, 20.0]), st.sampled_from([1.0, 60.0])
    ),
)


def play(
    request: Request, story: Sequence[tuple[Happened, float]]
) -> tuple[Request, list[Effect], list[Request]]:
    request, first = opened(request)
    effects, steps, now = list(first), [request], request.opened
    for happened, later in story:
        now += later
        request, more = step(request, happened, now)
        effects += more
        steps.append(request)
    return request, effects, steps


@given(requests, stories)
def test_there_is_one_end_and_nothing_is_told_after_it(request: Request, story: Any) -> None:
    after, effects, steps = play(request, story)
    frames = [effect.frame for effect in effects if isinstance(effect, Append)]
    assert [frame.last for frame in frames] == [False] * (len(frames) - after.over) + [True] * after.over
    for part in IDS:
        mine = [frame.kind for frame in frames if frame.rule and part == _of(after, frame.action)]
        assert mine.count("error") <= 1
        assert mine.count("end") <= 1
    late = [step.late for step in steps]
    assert late == sorted(late)
    assert all(
        takes(step) == (not step.over or (step.late < MOST_LATE and not step.forgotten)) for step in steps
    )


def _of(request: Request, action: str) -> str:
    return next((part.id for part in request.parts if part.action == action), "")


@given(requests, stories)
def test_states_follow_one_another_as_the_design_says(request: Request, story: Any) -> None:
    after, effects, steps = play(request, story)
    states = [effect.state for effect in effects if isinstance(effect, Turned)]
    assert states[-1] == after.state
    for one, next in pairwise(states):
        assert next in MAY_FOLLOW.get(one, set()), states
    ends = {step.state for step in steps if step.over}
    assert len(ends) <= 1
    assert sum(isinstance(effect, Forget) for effect in effects) == after.forgotten


@given(requests, stories, st.lists(st.integers(0, 8).map(lambda eighths: eighths / 8), max_size=5))
def test_it_does_not_matter_who_looks_at_the_clock_or_when(
    request: Request, story: Any, looks: list[float]
) -> None:
    """A tick between two happenings changes neither what becomes of the request nor what is told."""
    busy: list[tuple[Happened, float]] = []
    for happened, later in story:
        spent = 0.0
        for share in sorted(looks):
            busy.append((Tick(), share * later - spent))
            spent = share * later
        busy.append((happened, later - spent))
    quiet, told, _ = play(request, story)
    looked, told_too, _ = play(request, busy)
    assert looked == quiet
    assert told_too == told


@given(requests, stories)
def test_the_next_moment_is_the_next_moment(request: Request, story: Any) -> None:
    """Nothing happens before `due`, something does at it, and a few of them end every request: none hangs."""
    after, _, _ = play(request, story)
    now = 100.0 + sum(later for _, later in story)
    for _ in range(5):
        at = due(after)
        if at is None:
            break
        if at - 0.01 > now:
            assert step(after, Tick(), at - 0.01) == (after, ())
        now = max(now, at)
        moved, effects = step(after, Tick(), now)
        assert effects
        after = moved
    assert after.forgotten


@given(policies, st.lists(st.sampled_from(["answer", "end", "fail", "nothing"]), max_size=3))
def test_a_plain_model_gives_the_same_end(policy: Completion, ways: list[str]) -> None:
    """A second opinion on how a load ends, from what its agents did alone."""
    request, _ = opened(Request("q", "t", 0.0, "load", policy, Clocks(deadline=10)))
    named = tuple(Part(id, "r") for id in IDS[: len(ways)])
    request, _ = step(request, Routed(named), 0.0)
    for part, way in zip(named, ways, strict=True):
        if way == "answer":
            request, _ = step(request, Answered(part.id), 1.0)
        if way in ("answer", "end"):
            request, _ = step(request, Ended(part.id), 1.0)
        if way == "fail":
            request, _ = step(request, Broke(part.id, "down"), 1.0)
    request, _ = step(request, Tick(), 10.0)
    good, done, failed = ways.count("answer"), len(ways) - ways.count("nothing"), ways.count("fail")
    enough = {"first": 1, "any": min(policy.count, len(ways))}.get(policy.kind)
    if not ways or (enough is not None and good >= enough and good):
        expected = "complete"
    elif done == len(ways) or (
        policy.kind == "deadline" and policy.seconds < 10 and good + ways.count("end")
    ):
        expected = "complete" if not failed else "failed" if failed == len(ways) else "degraded"
    elif good + ways.count("end"):
        expected = "degraded"
    else:
        expected = "expired"
    assert request.state == expected
