"""Actions that wait before they are begun, in a hub under virtual time: over kills, reloads, pauses and cancelling."""

from __future__ import annotations

import asyncio

from atamo_rules.model.outcome import Again, Done
from atamo_rules.model.work import Hold, Selector
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.scene import Play, Scene

REMINDED = """
event order.placed
  order: text
agent soc
  send alert
    text: text
rule remind
  on order.placed
  do
    send soc.alert
      text: "thanks for {{ order }}"
    track soc.alert after 30 minutes as job
      text: "how was {{ order }}?"
"""


def test_an_action_is_begun_when_its_time_is_over_and_its_event_is_open_until_then(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start(REMINDED)
        await scene.order("placed", "1")
        await asyncio.sleep(1799)
        assert scene.texts == ["thanks for 1"]
        told = await hub.store.told("placed1")
        assert told is not None
        assert told["state"] == "decided"
        assert [one["state"] for one in told["actions"]] == ["done", "later"]
        await asyncio.sleep(2)
        assert scene.texts == ["thanks for 1", "how was 1?"]
        (due,) = [what["due"] for what in scene.heard.what("action.created") if "due" in what]
        assert due == "2026-02-03T12:30:00Z"
        assert scene.heard.kinds()[-1] == "event.finished"
        await scene.end()

    play(story)


def test_what_waits_outlives_the_process_and_is_done_when_it_is_due_or_as_soon_as_it_can(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(REMINDED)
        await scene.order("placed", "1")
        await asyncio.sleep(600)
        await scene.kill()
        scene.clock.seconds += 600
        await scene.start(REMINDED)
        await scene.order("placed", "2")
        await asyncio.sleep(599)
        assert scene.texts == ["thanks for 1", "thanks for 2"]
        await asyncio.sleep(2)
        assert scene.texts[2:] == ["how was 1?"]
        await scene.kill()
        scene.clock.seconds += 7200
        await scene.start(REMINDED)
        await asyncio.sleep(1)
        assert scene.texts[3:] == ["how was 2?"]
        await scene.end()

    play(story, on_disk=True)


def test_what_waits_is_cancelled_and_paused_like_any_other_action(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start(REMINDED)
        await scene.order("placed", "1")
        await scene.order("placed", "2")
        await asyncio.sleep(60)
        assert await hub.cancel(Selector(event="placed1"), "olga") == 1
        await hub.pause(Hold("rule", "remind"))
        await asyncio.sleep(3600)
        assert scene.texts == ["thanks for 1", "thanks for 2"]
        await hub.resume(Hold("rule", "remind"))
        await asyncio.sleep(1)
        assert scene.texts[2:] == ["how was 2?"]
        await scene.end()

    play(story)


def test_it_is_done_by_the_agents_that_are_there_when_it_is_due(play: Play) -> None:
    rules = REMINDED.replace('    send soc.alert\n      text: "thanks for {{ order }}"\n', "")

    async def story(scene: Scene) -> None:
        hub = await scene.start(rules)
        await scene.order("placed", "1")
        before, scene.soc = scene.soc, ScriptedAgent()
        hub.swap(scene.state(rules.replace("how was", "was it")))
        await asyncio.sleep(0)
        assert len(hub.retiring.all) == 1, "a rule that only waits holds no generation"
        await asyncio.sleep(1801)
        assert before.asked == []
        assert scene.texts == ["how was 1?"], "what it says was decided with the event"
        await scene.end()

    play(story)


def test_its_limits_and_attempts_are_counted_from_when_it_is_due(play: Play) -> None:
    rules = REMINDED.replace(
        "track soc.alert after 30 minutes as job", "send soc.alert after 30 minutes within 1 minute"
    )

    async def story(scene: Scene) -> None:
        scene.soc = ScriptedAgent(Done(None), Again("busy", 5.0), Done(None))
        await scene.start(rules)
        await scene.order("placed", "1")
        await asyncio.sleep(1801)
        assert len(scene.texts) == 2
        await asyncio.sleep(10)
        assert scene.texts[1:] == ["how was 1?", "how was 1?"]
        assert "action.failed" not in scene.heard.kinds()
        await scene.end()

    play(story)


def test_a_clock_that_is_set_neither_hurries_nor_holds_what_waits(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(REMINDED)
        await scene.order("placed", "1")
        scene.clock.step(86_400)
        await asyncio.sleep(1700)
        assert len(scene.texts) == 1
        scene.clock.step(-2 * 86_400)
        await asyncio.sleep(101)
        assert len(scene.texts) == 2
        await scene.end()

    play(story)


def test_a_hub_that_stops_waits_for_nothing_that_is_not_due(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start(REMINDED)
        await scene.order("placed", "1")
        await asyncio.sleep(1)
        begun = asyncio.get_running_loop().time()
        assert await hub.drain(600) == 1
        assert asyncio.get_running_loop().time() - begun < 1
        await hub.end()

    play(story)


def test_a_request_is_answered_whatever_waits(play: Play) -> None:
    rules = """
    request price.quote
      n: whole
      answer
        price: whole
    agent soc
      send alert
        text: text
    rule quoted
      on request price.quote
      do
        send soc.alert after 1 hour
          text: "was {{ n }} fine?"
        reply
          price: n
    """

    async def story(scene: Scene) -> None:
        hub = await scene.start(rules)
        answers = await hub.ask("price.quote", {"n": 3}, id="q1")
        assert [frame.body for frame in answers.frames if frame.kind == "data"] == [{"price": 3}]
        assert asyncio.get_running_loop().time() < 1100, "at once"
        assert scene.texts == []
        await asyncio.sleep(3601)
        assert scene.texts == ["was 3 fine?"]
        await scene.end()

    play(story)
