"""Answers that are owed: tried again in time, given up with their retention, handed back on standard output."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.events.stdin import StandardOutput
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.owing import FIRST, LONGEST, OWED
from atamo_rules.hub.receiving import NotYet, Undeliverable
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.hub.ways import Way, Ways
from tests.cli.dispatcher import atamo
from tests.hub.stage import Heard, state
from tests.places import write
from tests.simulation.time import VirtualClock, VirtualLoop

RULES = """
request ask
  n: whole
  complete when all within 5 seconds kept 10 minutes
  answer
    n: whole

rule answer
  on request ask
  do
    reply
      n: n + 1
"""


class Desk:
    """A provider that does with each call of `respond` what it is told, and remembers when each came."""

    def __init__(self, clock: VirtualClock, *script: Exception | None) -> None:
        self.clock, self.script = clock, list(script)
        self.at: list[float] = []
        self.got: list[Answers] = []

    async def respond(self, id: str, answers: Answers) -> None:
        self.at.append(self.clock.passed())
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if step is not None:
            raise step
        self.got.append(answers)


class Place:
    """A hub under virtual time with one provider."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        self.store = MemoryStore(clock=self.clock)
        self.heard, self.alerts = Heard(), list[Alert]()

    def run(self, desk: Desk, *, ask: bool = True, stay: float = 3600.0) -> Way:
        async def story() -> Way:
            hub = Hub(state(RULES, {}), self.store, [self.heard], clock=self.clock, alarm=self.alerts.append)
            await hub.start()
            way = Way("desk", desk)
            hub.ways = ways = Ways(hub, [way])
            await ways.start()
            if ask:
                await ways.submit(way, json.dumps({"type": "ask", "id": "a1", "data": {"n": 1}}).encode())
            await asyncio.sleep(stay)
            await ways.stop()
            await hub.drain(1)
            await hub.end()
            return way

        return self.done(story())

    def done(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def owed(self) -> list[str]:
        return [entry.key for entry in self.done(self.store.entries(OWED)) if entry.value is not None]


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.loop.kill()


def gaps(at: list[float]) -> list[float]:
    return [round(after - before, 3) for before, after in pairwise(at)]


def test_it_is_tried_ever_more_seldom_until_it_is_taken(place: Place) -> None:
    desk = Desk(place.clock, *[OSError("away")] * 8, None)
    way = place.run(desk)
    assert gaps(desk.at) == [FIRST * 2**n for n in range(6)] + [LONGEST, LONGEST]
    (got,) = desk.got
    assert (got.all, got.event and got.event.body) == (({"n": 2},), {"n": 1})
    assert (way.state, way.why) == ("open", "")
    assert [one["source"] for one in place.heard.what("reply.delivered")] == ["desk"]
    assert place.heard.what("reply.undelivered") == place.owed() == []
    assert len(place.alerts) == 1, "what goes on being broken is said once"


def test_somebody_who_says_when_is_left_alone_so_long(place: Place) -> None:
    desk = Desk(place.clock, NotYet("busy", 42.0), NotYet("busy"), None)
    place.run(desk)
    assert gaps(desk.at) == [42.0, 2 * FIRST]


def test_what_nobody_takes_is_given_up_when_it_is_kept_no_longer(place: Place) -> None:
    desk = Desk(place.clock, OSError("away"))
    place.run(desk)
    assert 540 < desk.at[-1] - desk.at[0] < 600
    (told,) = place.heard.what("reply.undelivered")
    assert told["why"] == "tried for as long as they are kept: away"
    assert place.owed() == []
    assert place.alerts[-1].message.startswith("the source `desk` did not get the answers of `a1`: ")


@pytest.mark.parametrize("by", [86_400.0, -86_400.0])
def test_they_are_kept_for_as_long_as_passes_however_the_clock_is_set(place: Place, by: float) -> None:
    desk = Desk(place.clock, OSError("away"))

    async def respond(id: str, answers: Answers) -> None:
        if len(desk.at) == 3:
            place.clock.step(by)
        await Desk.respond(desk, id, answers)

    desk.respond = respond  # type: ignore[method-assign]
    place.run(desk)
    assert 540 < desk.at[-1] - desk.at[0] < 600
    assert place.owed() == []


def test_what_never_can_be_taken_is_not_tried_again(place: Place) -> None:
    desk = Desk(place.clock, Undeliverable("it came from a machine"))
    place.run(desk)
    assert len(desk.at) == 1
    assert [one["why"] for one in place.heard.what("reply.undelivered")] == ["it came from a machine"]
    assert (place.owed(), place.alerts) == ([], [])


def test_the_next_process_goes_on_while_it_is_kept_and_no_longer(place: Place) -> None:
    place.run(Desk(place.clock, OSError("away")), stay=10.0)
    assert place.owed() == ["a1"]
    back = Desk(place.clock, None)
    place.run(back, ask=False)
    assert [one.all for one in back.got] == [({"n": 2},)]


def test_the_next_process_finds_it_too_late(place: Place) -> None:
    place.run(Desk(place.clock, OSError("away")), stay=10.0)
    place.done(asyncio.sleep(3600))
    never = Desk(place.clock, None)
    place.run(never, ask=False)
    assert never.at == []
    assert [one["why"] for one in place.heard.what("reply.undelivered")] == ["its answers are no longer kept"]
    assert place.owed() == []


# --- standard input -----------------------------------------------------------------------------------------


def test_answers_are_lines_of_standard_output(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": RULES})
    asked = "".join(json.dumps({"type": "ask", "id": f"a{n}", "data": {"n": n}}) + "\n" for n in range(3))
    done = atamo("run", ".", "--stdin", "--quiet", cwd=tmp_path, stdin=asked)
    assert (done.returncode, done.stderr) == (0, "")
    got = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda one: one["id"])
    assert got == [
        {"id": f"a{n}", "state": "complete", "answers": [{"n": n + 1}], "errors": []} for n in range(3)
    ]


def test_nobody_reads_standard_output(place: Place) -> None:
    desk = Desk(place.clock, None)
    place.run(desk)
    reads, writes = os.pipe()
    os.close(reads)
    try:
        with pytest.raises(Undeliverable, match="standard output is closed"):
            asyncio.run(StandardOutput(writes).respond("a1", desk.got[0]))
    finally:
        os.close(writes)
