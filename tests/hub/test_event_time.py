"""Rules that go by event time, in a hub under virtual time: what comes late is put in its place, also over kills."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from atamo_rules.functions.printing import moment_text
from atamo_rules.hub.windows.keeping import BUCKET
from tests.hub.scene import Play, Scene

ORDERS = """
event order.placed
  order: text
event order.paid
  order: text
agent soc
  send alert
    text: text
rule paid
  on order.placed as o then order.paid as p within 30 minutes by order in event time, up to 5 minutes late
  do
    send soc.alert
      text: "paid {{ o.order }}"
rule unpaid
  on order.placed as o without order.paid within 30 minutes by order in event time, up to 5 minutes late
  do
    send soc.alert
      text: "unpaid {{ o.order }}"
"""


async def order(scene: Scene, kind: str, id: str, ago: float = 0) -> None:
    """An event that says it happened so many seconds ago."""
    at = moment_text(scene.clock.now() - timedelta(seconds=ago))
    message = {"type": f"order.{kind}", "id": f"{kind}{id}", "time": at, "data": {"order": id}}
    await scene.hub.submit_json(message)


def test_a_payment_that_overtook_its_order_is_put_behind_it(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(ORDERS)
        await order(scene, "paid", "1")
        await asyncio.sleep(120)
        await order(scene, "placed", "1", ago=180)
        await scene.kill()
        await scene.start(ORDERS)
        await asyncio.sleep(178)
        assert scene.texts == []
        await asyncio.sleep(3)
        assert scene.texts == ["paid 1"]
        assert [what["window"] for what in scene.heard.what("window.moved")][
            -1
        ] == "step 2 of 2 within 30 minutes"
        await asyncio.sleep(3600)
        assert scene.texts == ["paid 1"]
        assert await scene.hub.store.entries(BUCKET) == ()
        await scene.end()

    play(story, on_disk=True)


def test_a_wait_is_over_when_nothing_that_is_late_can_come_any_more(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(ORDERS)
        for id in ("1", "2", "3"):
            await order(scene, "placed", id)
        await asyncio.sleep(30 * 60 + 299)
        await order(scene, "paid", "2", ago=299)  # it was paid in time
        await order(scene, "paid", "3", ago=290)  # nine seconds too late
        await asyncio.sleep(0.5)
        assert scene.texts == []
        await asyncio.sleep(1)
        assert sorted(scene.texts) == ["paid 2", "unpaid 1", "unpaid 3"]
        await asyncio.sleep(3600)
        assert len(scene.texts) == 3
        await scene.end()

    play(story)


def test_what_comes_too_late_is_told_and_changes_nothing(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(ORDERS)
        await order(scene, "placed", "1", ago=301)
        assert {what["window"] for what in scene.heard.what("window.moved")} == {"not counted: came too late"}
        assert len(scene.hub.windows.book) == 0
        await scene.end()

    play(story)


def test_a_hub_that_was_away_takes_what_waited_in_its_order(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(ORDERS)
        await order(scene, "placed", "1")
        await order(scene, "placed", "2")
        await order(scene, "paid", "1")
        await scene.kill()
        scene.clock.seconds += 86_400
        await scene.start(ORDERS)
        await asyncio.sleep(1)
        assert sorted(scene.texts) == ["paid 1", "unpaid 2"]
        await scene.end()

    play(story, on_disk=True)


def test_an_organisation_may_be_called_as_it_likes(play: Play) -> None:
    rules = ORDERS.replace("late\n  do", "late\n  at most 5 per 1 hour by order\n  do")

    async def story(scene: Scene) -> None:
        await scene.start(rules)
        for of in ("a throttle b", 'a " b', "a window b", "ä\\"):
            await scene.order("placed", "1", of=of)
        await scene.kill()
        await scene.start(rules)
        await asyncio.sleep(7200)
        assert scene.texts == ["unpaid 1"] * 4
        await asyncio.sleep(3600)
        assert await scene.hub.store.entries(BUCKET) == ()
        await scene.end()

    play(story, on_disk=True)
