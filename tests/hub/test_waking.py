"""Windows that are woken where something is not as it was: the clock was set back, the store cannot be written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from atamo_rules.errors import StoreUnavailable
from tests.hub.scene import Scene, playing

NOBODY = """
agent soc
  send alert
    text: text
"""
TICKS = f"""{NOBODY}
rule ticks
  every 10 minutes
  do
    send soc.alert
      text: "ten minutes"
"""


def test_a_moment_that_comes_again_since_the_clock_was_set_back_is_one_moment(tmp_path: Path) -> None:
    """The rule was taken away and put back in between, so that nothing else knows of the first time."""

    async def story(scene: Scene) -> None:
        hub = await scene.start(TICKS)
        await asyncio.sleep(660)
        assert scene.texts == ["ten minutes"]
        scene.clock.step(-300)
        hub.swap(scene.state(NOBODY))
        await asyncio.sleep(1)
        hub.swap(scene.state(TICKS))
        wakes, woken = 0, hub.windows._wake

        async def counted(place: Any) -> None:
            nonlocal wakes
            wakes += 1
            assert wakes < 100, "it is woken again and again"
            await woken(place)

        hub.windows._wake = counted  # type: ignore[method-assign]
        await asyncio.sleep(300)
        assert (len(scene.texts), wakes) == (1, 1), "it was done at this moment already"
        await asyncio.sleep(600)
        assert (len(scene.texts), wakes) == (2, 2)
        await scene.end()

    with playing(tmp_path) as play:
        play(story)
        play(story, on_disk=True)


def test_nothing_is_woken_once_the_store_cannot_go_on(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        hub = await scene.start(TICKS)

        async def accept(arrivals: Any) -> Any:
            raise StoreUnavailable("the disk is gone")

        hub.store.accept = accept  # type: ignore[method-assign]
        await asyncio.wait_for(hub.broken.wait(), 3600)
        await asyncio.sleep(60)
        assert hub.windows._task is not None
        assert hub.windows._task.done()
        assert [alert.kind for alert in scene.alerts] == ["store"]
        await scene.end()

    with playing(tmp_path) as play:
        play(story)
