"""Windows in a hub under virtual time: one event after the other, kept with the decision, over reloads and kills."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atamo_rules.errors import Busy
from atamo_rules.hub.windows.keeping import BUCKET
from atamo_rules.model.outcome import Done
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.scene import RULES, Play, Scene

HOURLY = """
agent soc
  send alert
    text: text
rule hourly
  every hour missed MISSED
  do
    send soc.alert
      text: "tick"
"""


@pytest.mark.parametrize("on_disk", [False, True])
def test_events_of_one_key_that_come_at_once_are_counted_one_by_one(play: Play, on_disk: bool) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        await asyncio.gather(*(scene.failed(f"f{n}", f"10.0.0.{n % 3}") for n in range(60)))
        await asyncio.sleep(1)
        assert sorted(scene.texts) == sorted(f"five by 10.0.0.{n % 3}" for n in range(12))
        assert len(scene.hub.windows.book) == 0
        assert not scene.hub.windows.locks.held(("x", "y"))  # type: ignore[arg-type]
        await scene.end()

    play(story, on_disk=on_disk)


def test_an_event_that_comes_again_counts_once(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for _ in range(9):
            await scene.failed("f1")
        await asyncio.gather(*(scene.failed("f2") for _ in range(9)))
        await asyncio.sleep(1)
        assert scene.texts == []
        await asyncio.gather(*(scene.failed(f"f{n}") for n in range(3, 6)))
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        await scene.end()

    play(story)


def test_what_could_not_be_kept_is_not_counted(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        store: Any = scene.hub.store
        commit = store.journal.commit

        async def full(change: Any) -> None:
            raise Busy("the disk is full")

        store.journal.commit = full
        for n in range(7):
            with pytest.raises(Busy):
                await scene.failed(f"f{n}")
        store.journal.commit = commit
        for n in range(4):
            await scene.failed(f"f{n}")
        await asyncio.sleep(1)
        assert scene.texts == []
        await scene.failed("f4")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        await scene.end()

    play(story)


def test_a_client_that_goes_away_leaves_its_event_counted_as_it_is_kept(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for n in range(4):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await scene.failed(f"f{n}")
            await asyncio.sleep(1)
        await scene.failed("f4")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        await scene.end()

    play(story, on_disk=True)


def test_windows_and_their_clocks_outlive_the_process(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for n in range(4):
            await scene.failed(f"f{n}")
        await scene.order("placed", "1")
        await scene.order("placed", "2")
        await scene.order("placed", "3")
        await asyncio.sleep(300)
        await scene.kill()
        await scene.start()
        await scene.failed("f4")
        await scene.order("paid", "2")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        await scene.kill()
        scene.clock.seconds += 7200
        await scene.start()
        await scene.order("paid", "3")  # too late, however late that is noticed
        await asyncio.sleep(1)
        assert sorted(scene.texts[1:]) == ["unpaid 1", "unpaid 3"]
        await scene.kill()
        await scene.start()
        await asyncio.sleep(7200)
        assert len(scene.texts) == 3
        await scene.end()

    play(story, on_disk=True)


def test_a_wait_is_over_to_the_second(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        await scene.order("placed", "1")
        await asyncio.sleep(1799.9)
        assert scene.texts == []
        await asyncio.sleep(0.2)
        assert scene.texts == ["unpaid 1"]
        told = [record for record in scene.heard.records if record.kind == "event.accepted"][-1]
        assert (told.what["type"], told.what["source"], told.cause) == (
            "time.over",
            "rule:unpaid",
            "rule unpaid",
        )
        await scene.end()

    play(story)


def test_a_reload_keeps_windows_that_mean_the_same_and_tells_of_the_others(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start()
        for n in range(4):
            await scene.failed(f"f{n}")
        await scene.order("placed", "1")
        hub.swap(scene.state(RULES.replace("five by", "5 by").replace("30 minutes", "20 minutes")))
        await asyncio.sleep(1)
        assert scene.heard.what("window.reset") == [{"rule": "unpaid", "part": "window", "keys": 1}]
        (alert,) = scene.alerts
        assert (alert.kind, alert.message) == (
            "windows",
            "`unpaid` was changed, or is gone: what it counted and waited for under 1 key is let go of",
        )
        await scene.failed("f4")
        await asyncio.sleep(3600)
        assert scene.texts == ["5 by 1.2.3.4"]
        assert await hub.store.entries(BUCKET) == ()
        await scene.end()

    play(story)


def test_more_keys_than_there_is_room_for_push_out_the_oldest_and_are_told(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start()
        hub.windows.book.most = 10
        for n in range(15):
            await scene.failed(f"f{n}", str(n))
        await asyncio.sleep(60)
        assert len(hub.windows.book) == 10
        assert len(await hub.store.entries(BUCKET)) == 10
        assert sum(what["keys"] for what in scene.heard.what("window.evicted")) == 5
        await scene.end()

    play(story)


def test_windows_that_hold_nothing_any_more_are_let_go_of(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start()
        await asyncio.gather(*(scene.failed(f"f{n}", str(n)) for n in range(300)))
        assert len(hub.windows.book) == 300
        await asyncio.sleep(601)
        assert len(hub.windows.book) == 0
        assert await hub.store.entries(BUCKET) == ()
        while await hub.store.housekeeping():
            pass
        assert await hub.store.get(BUCKET, "anything") is None
        await scene.end()

    play(story, on_disk=True)


@pytest.mark.parametrize("by", [-86_400.0, -1.0, 1.0])
def test_a_clock_that_is_set_makes_nothing_fire_twice(play: Play, by: float) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for n in range(4):
            await scene.failed(f"f{n}")
        scene.clock.step(by)
        await scene.failed("f4")
        await scene.order("placed", "1")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        scene.clock.step(-by)
        await asyncio.sleep(2 * 86_400)
        assert scene.texts[1:] == ["unpaid 1"]
        await scene.end()

    play(story)


@pytest.mark.parametrize(("missed", "many"), [("once", 1), ("all", 5), ("skip", 0)])
def test_moments_that_were_missed_are_made_up_for_as_the_schedule_says(
    play: Play, missed: str, many: int
) -> None:
    async def story(scene: Scene) -> None:
        text = HOURLY.replace("MISSED", missed)
        await scene.start(text)
        await asyncio.sleep(2 * 3600 + 600)
        assert len(scene.texts) == 2
        await scene.kill()
        scene.clock.seconds += 5 * 3600
        await scene.start(text)
        await asyncio.sleep(60)
        assert len(scene.texts) == 2 + many
        await asyncio.sleep(3600)
        assert len(scene.texts) == 3 + many
        await scene.end()

    play(story, on_disk=True)


def test_what_an_ask_after_a_sequence_answers_is_joined_with_all_its_events(play: Play) -> None:
    rules = """
    event a.came
      n: whole
    event b.came
      n: whole
    agent soc
      ask who
        n: whole
        answer
          name: text
      send alert
        text: text
    rule both
      on a.came as a then b.came as b within 1 minute
      do
        ask soc.who within 5 seconds as who
          n: a.n
        send soc.alert
          text: "{{ a.n }} {{ b.n }} {{ who.name }}"
    """

    async def story(scene: Scene) -> None:
        scene.soc = ScriptedAgent(Done({"name": "ann"}), Done({}))
        hub = await scene.start(rules)
        await hub.submit_json({"type": "a.came", "id": "a", "data": {"n": 1}})
        await hub.submit_json({"type": "b.came", "id": "b", "data": {"n": 2}})
        await asyncio.sleep(1)
        assert scene.soc.asked[-1].body == {"text": "1 2 ann"}
        await scene.end()

    play(story)
