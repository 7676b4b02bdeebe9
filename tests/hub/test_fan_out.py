"""One event for twenty agents, of which one fails: the others do their work, and the event says exactly which."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.work import Selector
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, stage, submit

NAMES = [f"desk{number:02}" for number in range(20)]
BAD = NAMES[7]
TEXT = "\n".join(
    [
        "event thing.happened\n  n: whole\n",
        *(f"agent {name}\n  send note\n    n: whole\n" for name in NAMES),
        "rule all\n  on thing.happened\n  do",
        *(f"    send {name}.note\n      n: n" for name in NAMES),
    ]
)


@pytest.mark.parametrize(
    ("step", "attempts", "why"),
    [
        (Failed("no such desk", "http 410"), 1, "no such desk"),
        (Again("busy"), 3, "busy"),
        (ZeroDivisionError("desk"), 3, "ZeroDivisionError"),
        (30.0, 3, "no answer within 0.05 seconds"),
    ],
    ids=["refused", "busy", "broken", "silent"],
)
def test_the_event_says_which_of_twenty_failed_and_the_others_are_done(
    step: Any, attempts: int, why: str
) -> None:
    agents = {name: ScriptedAgent() for name in NAMES}
    agents[BAD] = ScriptedAgent(step, timeout=0.05)

    async def story() -> tuple[Any, Any, Heard]:
        hub, heard = stage(TEXT, agents)
        await submit(hub, "thing.happened", n=1)
        return await hub.store.told("e1"), await hub.store.dead(), heard

    told, dead, heard = asyncio.run(story())
    assert told["state"] == "finished"
    stands = {one["target"].removesuffix(".note"): (one["state"], one["attempts"]) for one in told["actions"]}
    assert stands.pop(BAD) == ("failed", attempts)
    assert stands == dict.fromkeys(set(NAMES) - {BAD}, ("done", 1))
    (letter,) = dead
    assert (letter.work.action.agent, letter.attempts) == (BAD, attempts)
    assert [why in str(one["why"]) for one in told["actions"]] == [name == BAD for name in NAMES]
    assert {name: len(agent.asked) for name, agent in agents.items() if name != BAD} == dict.fromkeys(
        stands, 1
    )
    assert heard.kinds("e1").count("action.done") == 19
    assert heard.kinds("e1")[-1] == "event.finished"


def test_when_it_is_redriven_it_alone_is_done_again() -> None:
    agents = {name: ScriptedAgent() for name in NAMES}
    agents[BAD] = ScriptedAgent(Failed("down"), Done({}))

    async def story() -> None:
        hub, _ = stage(TEXT, agents)
        await submit(hub, "thing.happened", n=1)
        assert await hub.redrive(Selector(event="e1"), 99, who="ann") == 1
        assert await hub.drain(60) == 0

    asyncio.run(story())
    assert {name: len(agent.asked) for name, agent in agents.items()} == {
        **dict.fromkeys(NAMES, 1), BAD: 2
    }  # fmt: skip
    assert len({action.id for action in agents[BAD].asked}) == 1
