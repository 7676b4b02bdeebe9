"""The http agent and servers that misbehave: every one ends in a typed outcome, in the time and memory it is given."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import action
from tests.agents.hostile import MODES, Mode, serving

FINAL = {"http 410", "http 301", "http 304", "http 401", "http 407"}
"""What will not work later either."""


def meets(mode: Mode, *, timeout: float = 5.0) -> Outcome:
    async def story() -> Outcome:
        async with serving(mode) as port:
            settings = {"url": f"http://127.0.0.1:{port}/x", "private": True, "timeout": timeout}
            agent = HttpAgent("desk", settings, ".")
            try:
                # However long it takes on a busy machine, it ends by itself: this limit is never met.
                return await asyncio.wait_for(agent.perform(action(), Replies()), timeout + 60)
            finally:
                await agent.close()

    return asyncio.run(story())


@pytest.mark.parametrize("name", MODES)
def test_a_hostile_server_is_an_outcome(name: str) -> None:
    mode, expected = MODES[name]
    outcome = meets(mode, timeout=0.3 if expected == "timeout" else 20)
    if expected == "done":
        assert isinstance(outcome, Done)
        assert isinstance(outcome.answer, dict)
        assert outcome.answer["status"] == 200
        assert len(str(outcome.answer["text"])) <= 10_000
        return
    assert isinstance(outcome, Failed if expected in FINAL else Again), outcome
    assert outcome.error == expected, outcome
    assert len(outcome.why) <= 500
    assert "\n" not in outcome.why


def test_there_are_as_many_as_we_say() -> None:
    assert len(MODES) >= 30


@pytest.mark.parametrize("name", ["a bomb", "a body without end", "a header of ten megabytes"])
def test_what_is_too_large_is_never_held(name: str) -> None:
    mode, _ = MODES[name]
    tracemalloc.start()
    try:
        meets(mode, timeout=30)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 48 << 20  # the server's own part of it included; the bomb holds 256 MiB


def test_how_long_it_wants_to_be_left_alone_is_heard() -> None:
    waits = {}
    for name in ("429 with seconds", "503 with a date", "503 with nonsense", "503 for ages"):
        outcome = meets(MODES[name][0])
        assert isinstance(outcome, Again)
        waits[name] = outcome.after
    assert waits == {
        "429 with seconds": 7.0,
        "503 with a date": 0.0,
        "503 with nonsense": None,
        "503 for ages": 999999999999.0,  # the hub waits no longer than an hour: hub/agents/retry.py
    }
