"""Windows of a rule of the whole hub: each organisation has its own, and none learns or pays for another's."""

from __future__ import annotations

import asyncio
from typing import Any

from atamo_rules.hub.windows.keeping import BUCKET
from atamo_rules.model.work import Put
from tests.hub.scene import Play, Scene

THROTTLED = """
event login.failed
  ip: text
agent soc
  send alert
    text: text
rule once
  on login.failed
  at most once per 1 hour by ip
  do
    send soc.alert
      text: "{{ user.organisation }}"
"""
FOLLOWED = """
event order.placed
  order: text
event order.paid
  order: text
agent soc
  send alert
    text: text
rule paid
  on order.placed as o then order.paid as p within 30 minutes by order
  do
    send soc.alert
      text: "{{ o.order }} of {{ user.organisation }}"
"""


def test_a_count_is_of_one_organisation(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for n in range(4):
            await scene.failed(f"a{n}", of="acme")
            await scene.failed(f"c{n}", of="corp")
            await scene.failed(f"n{n}")
        await asyncio.sleep(1)
        assert scene.texts == []
        await scene.failed("a4", of="acme")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        assert len(scene.hub.windows.book) == 2
        await scene.end()

    play(story)


def test_a_payment_of_another_organisation_ends_no_wait(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        await scene.order("placed", "1", of="acme")
        await scene.order("placed", "1", of="corp")
        await scene.order("paid", "1", of="corp")
        await scene.kill()
        await scene.start()
        await asyncio.sleep(3600)
        assert scene.texts == ["unpaid 1"]
        await scene.end()

    play(story, on_disk=True)


def test_a_sequence_is_not_made_of_events_of_two_organisations(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(FOLLOWED)
        await scene.order("placed", "1", of="acme")
        await scene.order("paid", "1", of="corp")
        await scene.order("paid", "1")
        await asyncio.sleep(1)
        assert scene.texts == []
        await scene.order("paid", "1", of="acme")
        await asyncio.sleep(1)
        assert scene.texts == ["1 of acme"]
        await scene.end()

    play(story)


def test_one_organisation_uses_up_no_throttle_of_another(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(THROTTLED)
        for n in range(3):
            await scene.failed(f"a{n}", of="acme")
            await scene.failed(f"c{n}", of="corp")
            await scene.failed(f"n{n}")
        await asyncio.sleep(1)
        assert sorted(scene.texts) == ["", "acme", "corp"]
        await scene.end()

    play(story)


def test_a_flood_of_keys_of_one_organisation_pushes_out_none_of_another(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start()
        hub.windows.book.most = 10
        for n in range(4):
            await scene.failed(f"c{n}", of="corp")
        for n in range(40):
            await scene.failed(f"a{n}", str(n), of="acme")
        await asyncio.sleep(60)
        assert len(hub.windows.book) == 10
        assert len(await hub.store.entries(BUCKET)) == 10
        await scene.failed("c4", of="corp")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]
        await scene.end()

    play(story)


def test_states_that_an_older_hub_kept_for_all_organisations_begin_anew_and_are_told(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start()
        await scene.failed("f0")
        (entry,) = await hub.store.entries(BUCKET)
        shelf, _, key = entry.key.partition("\n")
        old, _, _ = shelf.partition(' "')
        value: Any = entry.value
        await hub.store.put(Put(BUCKET, f"{old}\n{key}", value))
        await hub.store.put(Put(BUCKET, entry.key, None))
        await scene.kill()
        hub = await scene.start()
        await asyncio.sleep(1)
        assert scene.heard.what("window.reset") == [{"rule": "brute_force", "part": "window", "keys": 1}]
        assert await hub.store.entries(BUCKET) == ()
        await scene.end()

    play(story, on_disk=True)
