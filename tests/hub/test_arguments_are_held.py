"""What a rule makes for an agent is what the agent declares to take; else it is told, and not handed on."""

from __future__ import annotations

import asyncio

from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import stage, submit

RULES = """
event thing.broke
  name: text
  level: whole
  raw: anything

action ticket.open
  title: text
  level: whole

agent desk
  send note
    level: whole 0..10

agent jira
  send create_issue
    summary: text 1..5
  does ticket.open with create_issue
    summary: title

agent github
  send open
    title: text
    level: whole 0..10
  does ticket.open with open

rule note
  on thing.broke
  do
    send desk.note
      level: level
    send desk.note
      level: raw

rule ticket
  on thing.broke
  do
    send ticket.open
      title: name
      level: level
"""


def test_arguments_that_do_not_fit_are_told_and_the_others_are_done() -> None:
    async def story() -> None:
        desk = ScriptedAgent()
        hub, heard = stage(RULES, {"desk": desk, "jira": ScriptedAgent(), "github": ScriptedAgent()})
        await hub.start()
        await submit(hub, "thing.broke", name="press", level=11, raw=3)
        assert [action.body for action in desk.asked] == [{"level": 3}]
        (decided,) = heard.what("event.decided")
        assert decided["problems"] == [
            "`desk.note` was not done: `level` is to be whole 0..10, and `level` is not (a.atamo:31:14)"
        ]
        await hub.drain(5)

    asyncio.run(story())


def test_a_message_made_for_an_agent_is_held_to_its_own_action() -> None:
    async def story(name: str, level: int) -> tuple[list[object], list[object], list[object]]:
        jira, github = ScriptedAgent(), ScriptedAgent()
        hub, heard = stage(RULES, {"desk": ScriptedAgent(), "jira": jira, "github": github})
        await hub.start()
        await submit(hub, "thing.broke", name=name, level=level, raw=3)
        await hub.drain(5)
        return (
            [action.body for action in jira.asked],
            [action.body for action in github.asked],
            [one["why"] for one in heard.what("action.failed")],
        )

    assert asyncio.run(story("press", 3)) == (
        [{"summary": "press"}],
        [{"title": "press", "level": 3}],
        [],
    )
    summaries, opened, failed = asyncio.run(story("presses", 11))
    assert summaries == opened == []
    assert sorted(str(one) for one in failed) == [
        "its message could not be made: `level` is to be whole 0..10, and is not",
        "its message could not be made: `summary` is to be text 1..5, and `title` is not (a.atamo:19:14)",
    ]
