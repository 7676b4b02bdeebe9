"""The path of one event: accept, decide, record, perform, settle, reply."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atamo_rules.hub.agents.retry import RetryPolicy, wait
from atamo_rules.hub.audience import Audience
from atamo_rules.hub.consequences import HOPS
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.people import Directory, User
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, stage, state, submit
from tests.waiting import until

TWO = """
event thing.happened
  n: whole

agent one
  send go
    n: whole
agent two
  send go
    n: whole

rule both
  on thing.happened
  when n > 0
  do
    send one.go
      n: n
    send two.go
      n: n
"""


def test_every_step_is_told_in_order() -> None:
    one, two = ScriptedAgent(), ScriptedAgent()

    async def story() -> tuple[Hub, Heard]:
        hub, heard = stage(TWO, {"one": one, "two": two})
        await submit(hub, "thing.happened", n=7)
        return hub, heard

    hub, heard = asyncio.run(story())
    assert heard.kinds("e1") == [
        "event.accepted", "event.decided", "rule.evaluated", "action.created", "action.created",
        "action.started", "action.started", "action.done", "action.done", "event.finished",
    ]  # fmt: skip
    assert [record.position for record in heard.records] == list(range(1, 11))
    decided = heard.what("event.decided")[0]
    assert decided["digest"] == hub.current.digest
    assert decided["matched"] == ["both"]
    assert [a.body for a in (*one.asked, *two.asked)] == [{"n": 7}, {"n": 7}]
    assert heard.what("action.done")[0]["because"].startswith("a.atamo:")


def test_a_failing_agent_is_tried_again_with_the_same_key_and_its_neighbour_goes_on() -> None:
    one = ScriptedAgent(Again("busy"), RuntimeError("broken"), Done({"ok": True}))
    two = ScriptedAgent(Failed("never"))

    async def story() -> tuple[Hub, Heard]:
        hub, heard = stage(TWO, {"one": one, "two": two})
        await submit(hub, "thing.happened", n=1)
        return hub, heard

    hub, heard = asyncio.run(story())
    assert len({a.id for a in one.asked}) == 1
    assert len(one.asked) == 3
    assert len(two.asked) == 1
    assert [w["why"] for w in heard.what("action.retry")] == ["busy", "RuntimeError: broken"]
    assert [w["why"] for w in heard.what("action.failed")] == ["never"]
    told = asyncio.run(hub.store.told("e1"))
    assert told is not None
    ends = {a["target"]: (a["state"], a["attempts"], a["why"]) for a in told["actions"]}  # type: ignore[union-attr, index, call-overload]
    assert ends == {"one.go": ("done", 3, ""), "two.go": ("failed", 1, "never")}


def test_attempts_are_exactly_as_many_as_the_policy_says() -> None:
    one = ScriptedAgent(Again("down"))

    async def story() -> Heard:
        hub, heard = stage(TWO, {"one": one, "two": ScriptedAgent()})
        await submit(hub, "thing.happened", n=1)
        return heard

    heard = asyncio.run(story())
    assert len(one.asked) == 3
    assert heard.what("action.failed")[0]["attempt"] == 3


def test_a_silent_agent_is_cut_off_and_an_unknown_one_is_a_reason() -> None:
    async def story() -> Heard:
        hub, heard = stage(TWO, {"one": ScriptedAgent(30.0, timeout=0.02)})
        await submit(hub, "thing.happened", n=1)
        return heard

    heard = asyncio.run(story())
    whys = sorted(str(w["why"]) for w in heard.what("action.failed"))
    assert whys == ["no agent is called `two`", "no answer within 0.02 seconds"]


def test_an_agent_has_no_more_attempts_at_once_than_it_says() -> None:
    slow = ScriptedAgent(0.01, concurrency=2)
    quick = ScriptedAgent()

    async def story() -> None:
        hub, _ = stage(TWO, {"one": slow, "two": quick})
        for number in range(8):
            await hub.submit_json({"type": "thing.happened", "id": f"e{number}", "data": {"n": 1}})
        assert await hub.drain(60) == 0

    asyncio.run(story())
    assert (slow.most_running, len(slow.asked), len(quick.asked)) == (2, 8, 8)


ASK = """
request price.quote
  sku: text
  answer
    price: whole

agent pricing
  ask quote
    sku: text
    answer
      amount: whole
agent desk
  send note
    line: text

rule quote
  on request price.quote
  when sku is present
  do
    ask pricing.quote within 30 seconds as q
      sku: sku
      on timeout
        reply error "busy"
    reply
      price: q.amount
    send desk.note
      line: "{{ sku }} costs {{ q.amount }}"
"""


def test_what_follows_an_ask_waits_for_its_answer() -> None:
    desk = ScriptedAgent()

    async def story() -> Any:
        hub, heard = stage(ASK, {"pricing": ScriptedAgent(Done({"amount": 12})), "desk": desk})
        await submit(hub, "price.quote", sku="a")
        return await hub.store.told("e1"), heard.kinds("e1")

    told, kinds = asyncio.run(story())
    assert told["replies"] == [{"answer": {"price": 12}}]
    assert desk.asked[0].body == {"line": "a costs 12"}
    assert kinds.count("event.finished") == 1
    assert told["state"] == "finished"


@pytest.mark.parametrize("answer", [{}, {"amount": "12"}, {"amount": 1.5}, [], None, "twelve"])
def test_an_answer_that_is_not_what_was_declared_is_none(answer: Any) -> None:
    """The rule was checked against the declaration: what follows the `ask` must never see anything else."""
    desk = ScriptedAgent()

    async def story() -> Any:
        hub, heard = stage(ASK, {"pricing": ScriptedAgent(Done(answer)), "desk": desk})
        await submit(hub, "price.quote", sku="a")
        return await hub.store.told("e1"), heard

    told, heard = asyncio.run(story())
    assert told["replies"] == [{"error": "busy"}]
    assert desk.asked == []
    (failed,) = heard.what("action.failed")
    assert "its answer is not what it was declared to be" in failed["why"]
    (resumed,) = heard.what("rule.resumed")
    assert (resumed["answered"], resumed["problems"]) == (False, [])


def test_what_an_answer_leaves_out_is_what_was_declared_for_it() -> None:
    desk = ScriptedAgent()
    text = ASK.replace("      amount: whole", "      amount: whole = 7")

    async def story() -> Any:
        hub, _ = stage(text, {"pricing": ScriptedAgent(Done({})), "desk": desk})
        await submit(hub, "price.quote", sku="a")
        return await hub.store.told("e1")

    assert asyncio.run(story())["replies"] == [{"answer": {"price": 7}}]
    assert desk.asked[0].body == {"line": "a costs 7"}


def test_what_stands_in_the_way_after_an_ask_is_told() -> None:
    """An answer of any shape may lack what a template reads: that is a problem of the action, and never silent."""
    text = """
    event thing of anything
    agent crm
      ask look of anything
      send note
        line: text
    rule look_up
      on thing
      do
        ask crm.look within 30 seconds as found
          n: 1
        send crm.note
          line: "{{ found.text }}"
    """
    crm = ScriptedAgent(Done({}))

    async def story() -> Any:
        hub, heard = stage(text, {"crm": crm})
        await submit(hub, "thing")
        return await hub.store.told("e1"), heard

    told, heard = asyncio.run(story())
    assert [action.action for action in crm.asked] == ["look"]
    (resumed,) = heard.what("rule.resumed")
    assert len(resumed["problems"]) == 1
    assert "`crm.note` was not done" in resumed["problems"][0]
    assert told["problems"] == resumed["problems"]


def test_without_an_answer_in_time_the_other_branch_is_taken() -> None:
    desk = ScriptedAgent()

    async def story() -> Any:
        hasty = ASK.replace("30 seconds", "0.05 seconds")
        hub, heard = stage(hasty, {"pricing": ScriptedAgent(60.0), "desk": desk})
        await submit(hub, "price.quote", sku="a")
        return await hub.store.told("e1"), heard

    told, heard = asyncio.run(story())
    assert told["replies"] == [{"error": "busy"}]
    assert desk.asked == []
    assert len(heard.what("action.timeout")) == 1


LOOP = """
event ping
  n: whole

rule again
  on ping
  when n >= 0
  do
    emit ping
      n: n
"""


def test_events_that_follow_from_events_are_cut_after_so_many_hops() -> None:
    async def story() -> Heard:
        hub, heard = stage(LOOP)
        await hub.submit_json({"type": "ping", "id": "e", "data": {"n": 1}})
        assert await hub.drain(60) == 0
        return heard

    heard = asyncio.run(story())
    assert heard.kinds().count("event.decided") == HOPS + 1
    assert heard.what("event.hops") == [
        {"rule": "again", "type": "ping", "limit": HOPS},
    ]


def test_an_emitted_event_keeps_its_user_and_says_which_rule_made_it() -> None:
    text = """
    event first
      n: whole
    event second
      n: whole
    agent desk
      send note
        line: text
    rule chain
      on first
      when n > 0
      do
        emit second
          n: n
    rule end
      on second
      for group staff
      when n > 0
      do
        send desk.note
          line: "by {{ user.name }}"
    """
    desk = ScriptedAgent()
    people = Directory({"ann": User("ann", frozenset({"staff"}))})

    async def story() -> Heard:
        hub, heard = stage(text, {"desk": desk}, people=people)
        await hub.submit_json({"type": "first", "id": "e", "user": "ann", "data": {"n": 1}})
        await hub.drain(10)
        return heard

    heard = asyncio.run(story())
    assert [a.body for a in desk.asked] == [{"line": "by ann"}]
    accepted = heard.what("event.accepted")
    assert [a["source"] for a in accepted] == ["", "rule:chain"]
    assert {record.who for record in heard.records if not record.kind.endswith("finished")} == {"ann"}
    assert [done["as"] for done in heard.what("action.done")] == ["user ann"]


def test_an_event_in_flight_ends_under_the_rules_it_began_with_and_old_agents_are_closed_after() -> None:
    old, new = ScriptedAgent(), ScriptedAgent()
    pricing = ScriptedAgent(0.03)
    pricing.script = [lambda action: Done({"amount": 5})]
    gate = asyncio.Event()

    class Slow(ScriptedAgent):
        async def perform(self, action: Any, reply: Any) -> Any:
            await gate.wait()
            return Done({"amount": 5})

    async def story() -> tuple[Heard, list[int]]:
        hub, heard = stage(ASK, {"pricing": Slow(), "desk": old})
        await hub.submit_json({"type": "price.quote", "id": "e1", "data": {"sku": "a"}})
        hub.swap(state(ASK.replace("costs", "is"), {"pricing": pricing, "desk": new}))
        await asyncio.sleep(0.01)
        before = [old.closed]
        gate.set()
        await hub.wait("e1", 60)
        await until(lambda: old.closed)
        await submit(hub, "price.quote", "e2", sku="b")
        return heard, [*before, old.closed]

    heard, closed = asyncio.run(story())
    assert [a.body for a in old.asked] == [{"line": "a costs 5"}]
    assert [a.body for a in new.asked] == [{"line": "b is 5"}]
    assert closed == [0, 1]
    digests = [w["digest"] for w in heard.what("event.decided")]
    assert digests[0] != digests[1]
    assert heard.what("rules.activated")[0]["digest"] == digests[1]


def test_shadow_rules_are_told_and_never_act() -> None:
    one, two = ScriptedAgent(), ScriptedAgent()

    async def story() -> Heard:
        hub, heard = stage(TWO.replace("  on thing", "  status shadow\n  on thing"), {"one": one, "two": two})
        await submit(hub, "thing.happened", n=1)
        return heard

    heard = asyncio.run(story())
    assert (heard.what("event.decided")[0]["matched"], heard.what("event.decided")[0]["shadow"]) == (
        [],
        ["both"],
    )
    assert one.asked == two.asked == []


def test_an_auditor_that_raises_stops_nobody_and_misses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(Heard):
        def tell(self, record: Any) -> None:
            if not mended:
                raise OSError("no space left")
            super().tell(record)

    one, two = ScriptedAgent(), ScriptedAgent()

    mended: list[bool] = []

    async def story() -> tuple[Heard, Heard]:
        hub, heard = stage(TWO, {"one": one, "two": two})
        broken = Broken()
        hub.audience = Audience(hub.store, (broken, heard))
        await submit(hub, "thing.happened", n=1)
        assert heard.kinds("e1")[-1] == "event.finished"
        assert broken.records == []
        mended.append(True)
        await hub.drain(1)
        await hub.end()
        return broken, heard

    broken, heard = asyncio.run(story())
    assert "no space left" in capsys.readouterr().err
    assert broken.records == heard.records


def test_draining_gives_what_runs_its_time_and_says_what_was_left() -> None:
    async def story() -> tuple[int, int, Heard]:
        hub, _ = stage(TWO, {"one": ScriptedAgent(0.05), "two": ScriptedAgent(0.05)})
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        done = await hub.drain(10)
        late, heard = stage(TWO, {"one": ScriptedAgent(30.0), "two": ScriptedAgent()})
        await late.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        return done, await late.drain(0.1), heard

    done, left, heard = asyncio.run(story())
    assert (done, left) == (0, 1)
    assert "event.finished" not in heard.kinds()


def test_waits_double_have_jitter_and_respect_the_other_side() -> None:
    policy = RetryPolicy(base=1.0, cap=8.0)
    assert [wait(n, policy, None, lambda: 0.999) for n in (1, 2, 3, 4, 5)] == pytest.approx(
        [0.999, 1.998, 3.996, 7.992, 7.992]
    )
    assert wait(1, policy, None, lambda: 0.0) == 0.0
    assert wait(1, policy, 30.0, lambda: 0.5) == 30.0
    assert wait(1, policy, 1e9, lambda: 0.5) == 3600.0
    assert wait(5000, policy, None, lambda: 0.5) == 4.0
