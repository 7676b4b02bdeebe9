"""What fails: how often it is tried, when not at all, who is told, and what an operator does about it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.breaker import Breaker, BreakerPolicy
from atamo_rules.hub.agents.patience import breaker_of, ours, retry_of
from atamo_rules.hub.agents.retry import RetryPolicy, verdict
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.work import Hold, Selector, Work
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.clock import ManualClock
from tests.hub.stage import stage, state, submit

ONE = """
event thing.happened
  n: whole

agent desk
  send note
    n: whole

rule note
  on thing.happened
  when n >= 0
  do
    send desk.note
      n: n
"""


def hub_of(text: str, agent: ScriptedAgent, **more: Any) -> Hub:
    """A hub whose retries do not wait, and that remembers its alerts."""
    return Hub(state(text, {"desk": agent}), MemoryStore(), chance=lambda: 0.0, **more)


def test_a_rule_says_how_often_and_how_long_an_action_is_tried() -> None:
    text = ONE.replace("send desk.note\n", "send desk.note retry 2 times within 1 hour\n")
    agent = ScriptedAgent(Again("busy"))

    async def story() -> Any:
        hub = hub_of(text, agent)
        await submit(hub, "thing.happened", n=1)
        return await hub.store.told("e1")

    told = asyncio.run(story())
    (line,) = told["actions"]
    assert (line["state"], line["attempts"], len(agent.asked)) == ("failed", 3, 3)


def test_the_verdict_on_a_failure() -> None:
    policy = RetryPolicy(attempts=3, base=2.0, cap=60.0, within=100.0, never=frozenset({"http 404"}))
    half = 0.5
    assert verdict(Again("x"), 1, 0.0, policy, lambda: half) == Again("x", 1.0)
    assert verdict(Again("x", error="e"), 2, 0.0, policy, lambda: half) == Again("x", 2.0, "e")
    assert verdict(Again("x", error="e"), 3, 0.0, policy, lambda: half) == Failed("x", "e")
    assert verdict(Again("x", 50.0), 1, 51.0, policy, lambda: half) == Failed("x"), "that would be too late"
    assert verdict(Again("x", error="http 404"), 1, 0.0, policy, lambda: half) == Failed("x", "http 404")


def test_settings_say_how_patient_the_hub_is_with_an_agent() -> None:
    assert retry_of(None) == RetryPolicy()
    assert retry_of({"attempts": 8, "base": 1, "never": ["http 404"]}) == RetryPolicy(
        8, 1.0, never=frozenset({"http 404"})
    )
    assert breaker_of({"failures": 0}) == BreakerPolicy(0)
    assert ours("retry", {"attempts": 3, "cap": 1.5}) == []
    for wrong in ({"attempts": 0}, {"tries": 3}, 5, {"never": "x"}):
        assert ours("retry", wrong), wrong


def test_a_breaker_opens_lets_one_through_and_closes() -> None:
    breaker = Breaker(BreakerPolicy(failures=2, pause=10.0, cap=15.0))
    assert not breaker.troubled
    assert not breaker.failure(0.0)
    assert breaker.troubled, "one more failure opens it, and a success makes that two again"
    assert breaker.room(0.0, 5) is None
    assert breaker.failure(1.0)
    assert [breaker.room(now, 0) for now in (1.0, 10.9, 11.0)] == [0, 0, 1]
    assert breaker.room(11.0, 1) == 0, "the one that shows whether it may close is on its way"
    assert not breaker.failure(11.0)
    assert (breaker.room(20.0, 0), breaker.room(26.0, 0)) == (0, 1), "twice as long, up to the cap"
    assert breaker.troubled
    assert breaker.success()
    assert not breaker.troubled
    assert not breaker.success()
    assert breaker.room(26.0, 9) is None


def test_a_dead_agent_spends_no_attempts_of_those_in_line() -> None:
    alerts: list[Alert] = []
    agent = ScriptedAgent(*[Again("down")] * 4, Done({}), concurrency=1)

    async def story() -> Any:
        generation = state(ONE, {"desk": agent})
        generation.agents["desk"].breaker = BreakerPolicy(failures=3, pause=0.05)
        generation.agents["desk"].retry = RetryPolicy(attempts=5, base=0.0)
        hub = Hub(generation, MemoryStore(), alarm=alerts.append)
        for number in range(20):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": number}})
        assert await hub.drain(20) == 0
        told = [await hub.store.told(f"e{number}") for number in range(20)]
        records = await hub.store.audit(0, 1000)
        return [one["actions"][0] for one in told], [record.kind for record in records]  # type: ignore[index]

    lines, kinds = asyncio.run(story())
    assert {line["state"] for line in lines} == {"done"}
    assert sum(line["attempts"] for line in lines) == 24, "four failures, and each once more at the end"
    assert [alert.kind for alert in alerts] == ["breaker"]
    assert kinds.count("breaker.opened") == kinds.count("breaker.closed") == 1


def test_what_is_given_up_is_told_to_the_controller_and_to_the_client_that_asked() -> None:
    alerts: list[Alert] = []

    async def story() -> Any:
        hub = hub_of(ONE, ScriptedAgent(Failed("no such desk", "http 410")), alarm=alerts.append)
        for id, asked in (("e1", True), ("e2", False)):
            event = {"type": "thing.happened", "id": id, "data": {"n": 1}, "alerts": asked}
            await hub.submit_json(event)
            await hub.wait(id, 60)
        return await hub.store.told("e1"), await hub.store.told("e2"), await hub.store.dead()

    one, two, dead = asyncio.run(story())
    assert [alert["why"] for alert in one["alerts"]] == ["no such desk"]
    assert "alerts" not in two
    assert [alert.message for alert in alerts] == [
        f"`desk.note` of `{id}` was given up after 1 attempt: no such desk" for id in ("e1", "e2")
    ]
    assert [(letter.error, letter.attempts) for letter in dead] == [("http 410", 1)] * 2


ASKED = """
event thing.happened
  n: whole
request thing.wanted
  n: whole
  answer
    n: whole

agent desk
  ask note
    n: whole
    answer
      n: whole

rule silent
  on thing.happened
  when n is 1
  do
    ask desk.note within 0.05 seconds as found
      n: n
    emit thing.happened
      n: found.n + 10

rule careful
  on thing.happened
  when n is 2
  do
    ask desk.note within 5 seconds
      n: n
      on timeout
        emit thing.happened
          n: 12

rule wanted
  on request thing.wanted
  do
    ask desk.note within 5 seconds as found
      n: n
    reply
      n: found.n
"""


@pytest.mark.parametrize(
    ("answer", "why"),
    [(Failed("no such desk", "http 410"), "no such desk"), (5.0, "no answer within 0.05 seconds")],
)
def test_an_ask_in_vain_is_told_where_its_rule_does_not_say_what_then(answer: Any, why: str) -> None:
    alerts: list[Alert] = []

    async def story() -> Any:
        hub = hub_of(ASKED, ScriptedAgent(answer), alarm=alerts.append)
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}, "alerts": True})
        await hub.wait("e1", 60)
        return await hub.store.told("e1"), await hub.store.dead()

    told, dead = asyncio.run(story())
    said = f"`desk.note` of `e1` gave no answer, and `silent` says nothing `on timeout`: {why}"
    assert [(alert.kind, alert.message) for alert in alerts] == [("given-up", said)]
    assert [alert["why"] for alert in told["alerts"]] == [why]
    assert dead == (), "nothing to redrive: its rule is over"


def test_an_ask_in_vain_is_nobody_s_alert_where_its_rule_or_its_client_hears_of_it() -> None:
    alerts: list[Alert] = []

    async def story() -> Any:
        hub = hub_of(ASKED, ScriptedAgent(Failed("no such desk")), alarm=alerts.append)
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 2}, "alerts": True})
        await submit(hub, "thing.wanted", "r1", n=1)
        await hub.wait("e1", 60)
        return await hub.store.told("e1")

    assert "alerts" not in asyncio.run(story())
    assert alerts == []


def test_dead_letters_are_redriven_as_they_were_or_edited() -> None:
    agent = ScriptedAgent(Failed("no"), Failed("no"), Done({}))

    def edit(work: Work) -> Work:
        return replace(work, action=replace(work.action, body={"n": 99}))

    async def story() -> Any:
        hub = hub_of(ONE, agent)
        await submit(hub, "thing.happened", "e1", n=1)
        await submit(hub, "thing.happened", "e2", n=2)
        assert await hub.redrive(Selector(event="e1"), 99, who="ann") == 1
        await hub.wait("e1", 60)
        assert await hub.redrive(Selector(), 99, edit) == 1
        await hub.wait("e2", 60)
        return await hub.store.dead()

    assert asyncio.run(story()) == ()
    assert [action.body for action in agent.asked] == [{"n": 1}, {"n": 2}, {"n": 1}, {"n": 99}]
    first, second, again, edited = [action.id for action in agent.asked]
    assert (first, len({first, second, edited})) == (again, 3)


def test_cancelling_stops_what_runs_and_what_waits() -> None:
    agent = ScriptedAgent(30.0, concurrency=1)

    async def story() -> Any:
        hub = hub_of(ONE, agent)
        for number in range(3):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": 1}})
        await asyncio.sleep(0.01)
        assert await hub.cancel(Selector(agent="desk"), "ann") == 3
        assert await hub.drain(60) == 0
        return [(await hub.store.told(f"e{number}"))["actions"][0]["state"] for number in range(3)]  # type: ignore[index, call-overload]

    assert asyncio.run(story()) == ["cancelled"] * 3
    assert (len(agent.asked), agent.running) == (1, 0)


@pytest.mark.parametrize("hold", [Hold("agent", "desk"), Hold("rule", "note")])
def test_what_is_paused_begins_when_it_is_resumed(hold: Hold) -> None:
    agent = ScriptedAgent()

    async def story() -> None:
        hub = hub_of(ONE, agent)
        await submit(hub, "thing.happened", "before", n=1)
        await hub.pause(hold, "ann")
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 2}})
        await hub.wait("e1", 0.05)
        assert len(agent.asked) == 1
        await hub.resume(hold, "ann")
        await hub.wait("e1", 60)
        assert len(agent.asked) == 2

    asyncio.run(story())


def test_a_hub_that_is_handed_too_much_waits_until_there_is_room() -> None:
    agent = ScriptedAgent(0.001, concurrency=8)

    async def story() -> int:
        hub = Hub(state(ONE, {"desk": agent}), MemoryStore(most_open=20))
        for number in range(100):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": 1}})
            assert (await hub.store.depth()).waiting <= 20
        return await hub.drain(10)

    assert asyncio.run(story()) == 0
    assert len(agent.asked) == 100


def test_an_agent_that_ends_the_program_or_cancels_itself_ends_only_its_attempt() -> None:
    agent = ScriptedAgent(SystemExit(3), asyncio.CancelledError(), Done({}))

    async def story() -> Any:
        hub, heard = stage(ONE, {"desk": agent})
        await submit(hub, "thing.happened", n=1)
        return [what["why"] for what in heard.what("action.retry")], heard.kinds()[-1]

    whys, last = asyncio.run(story())
    assert (whys, last) == (["SystemExit: 3", "CancelledError: "], "event.finished")


def test_one_poisoned_message_in_a_hundred_holds_up_nobody_and_is_kept_with_every_error() -> None:
    def step(action: Any) -> Any:
        return Again(f"no {action.body['n']}", error="bad") if action.body["n"] % 100 == 7 else Done({})

    agent = ScriptedAgent(step, concurrency=8)

    async def story() -> Any:
        hub = hub_of(ONE, agent)
        hub.policy = RetryPolicy(attempts=3, base=0.0)
        for number in range(1000):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": number}})
        assert await hub.drain(60) == 0
        return await hub.store.dead(), await hub.store.dead_groups()

    dead, groups = asyncio.run(story())
    assert [letter.work.event for letter in dead] == [f"e{number}" for number in range(7, 1000, 100)]
    assert {(letter.attempts, len(set(letter.errors)), len(letter.errors)) for letter in dead} == {(3, 1, 3)}
    assert groups == {("desk", "bad"): 10}
    assert len(agent.asked) == 990 + 30


def test_an_agent_that_hangs_holds_up_no_other() -> None:
    text = ONE.replace("rule note", "agent other\n  send note\n    n: whole\n\nrule note").replace(
        "    send desk.note\n      n: n\n",
        "    send desk.note\n      n: n\n    send other.note\n      n: n\n",
    )
    hung, other = ScriptedAgent(30.0, timeout=30.0, concurrency=2), ScriptedAgent(concurrency=2)

    async def story() -> None:
        hub = Hub(state(text, {"desk": hung, "other": other}), MemoryStore())
        for number in range(50):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": number}})
        while len(other.asked) < 50:
            await asyncio.sleep(0.001)
        assert (len(hung.asked), hung.running) == (2, 2)
        await hub.cancel(Selector(agent="desk"))
        assert await hub.drain(60) == 0

    asyncio.run(asyncio.wait_for(story(), 20))
    assert hung.running == 0


def test_what_is_redriven_has_its_time_again() -> None:
    text = ONE.replace("send desk.note\n", "send desk.note retry 0 times within 1 hour\n")
    agent, clock = ScriptedAgent(Failed("closed"), Done({})), ManualClock()

    async def story() -> Any:
        hub = Hub(state(text, {"desk": agent}), MemoryStore(clock=clock), clock=clock)
        await submit(hub, "thing.happened", n=1)
        clock.move(86_400)
        assert await hub.redrive(Selector(), 99) == 1
        await hub.wait("e1", 60)
        return await hub.store.told("e1"), await hub.store.dead()

    told, dead = asyncio.run(story())
    assert ([line["state"] for line in told["actions"]], dead) == (["done"], ())
    assert agent.asked[0].id == agent.asked[1].id
