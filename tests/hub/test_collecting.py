"""Rules that collect, in a hub under virtual time: whole over kills, each event in one collection."""

from __future__ import annotations

import asyncio

from atamo_rules.hub.windows.keeping import BUCKET
from atamo_rules.model.outcome import Done
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.scene import Play, Scene

COLLECTED = """
event login.failed
  ip: text
  user: text = "x"
agent soc
  send alert
    text: text
rule digest
  on login.failed collect for 10 minutes or 3 by ip
  do
    send soc.alert
      text: "{{ ip }}: {% for one in events %}{{ one.user }} {% endfor %}"
"""
ASKED = """
event login.failed
  ip: text
  user: text = "x"
agent soc
  ask who
    ip: text
    answer
      name: text
  send alert
    text: text
rule digest
  on login.failed collect for 10 minutes by ip
  do
    ask soc.who within 5 seconds as who
      ip: ip
    send soc.alert
      text: "{{ who.name }}: {{ events | length }} by {{ user.name }}"
"""


async def failed(scene: Scene, user: str, ip: str = "1", of: str = "") -> None:
    await scene.sent("login.failed", f"{user}{ip}{of}", of, ip=ip, user=user)


def test_a_collection_outlives_the_process_and_ends_to_the_second(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(COLLECTED)
        await failed(scene, "a")
        await asyncio.sleep(300)
        await scene.kill()
        await scene.start(COLLECTED)
        await failed(scene, "b")
        await failed(scene, "c", "2")
        await asyncio.sleep(299)
        assert scene.texts == []
        await asyncio.sleep(2)
        assert scene.texts == ["1: a b "]
        await scene.kill()
        scene.clock.seconds += 3600
        await scene.start(COLLECTED)
        await failed(scene, "d", "2")  # after the time of the one that nobody looked at
        await asyncio.sleep(1)
        assert scene.texts[1:] == ["2: c "]
        await asyncio.sleep(600)
        assert scene.texts[2:] == ["2: d "]
        assert await scene.hub.store.entries(BUCKET) == ()
        await scene.end()

    play(story, on_disk=True)


def test_events_that_come_at_once_are_each_in_one_collection(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(COLLECTED)
        await asyncio.gather(*(failed(scene, f"u{n}") for n in range(10)))
        await asyncio.sleep(1)
        assert len(scene.texts) == 3
        await asyncio.sleep(600)
        names = [name for text in scene.texts for name in text.removeprefix("1: ").split()]
        assert sorted(names) == [f"u{n}" for n in range(10)]
        moved = [what["window"] for what in scene.heard.what("window.moved")]
        assert moved[:3] == [
            "1 collected, of 3 or for 10 minutes",
            "2 collected, of 3 or for 10 minutes",
            "3 collected",
        ]
        await scene.end()

    play(story)


def test_what_follows_an_ask_reads_all_that_was_collected_of_one_organisation(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.soc = ScriptedAgent(*(Done({"name": "ann"}) for _ in range(4)))
        await scene.start(ASKED)
        for user in ("a", "b", "c"):
            await failed(scene, user, of="acme")
        await failed(scene, "d", of="corp")
        await asyncio.sleep(601)
        told = [action.body for action in scene.soc.asked if action.action == "alert"]
        assert sorted(body["text"].partition(": ")[2] for body in told) == [  # type: ignore[call-overload, index, union-attr]
            "1 by somebody at corp",
            "3 by somebody at acme",
        ]
        await scene.end()

    play(story)
