"""Hubs whose folders differ: each message is decided once, under the rules of the hub that took it, and what follows
from it goes on under those, wherever it is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.hub import archive
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.retire import MOST_BORROWED
from atamo_rules.model.outcome import Done
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state
from tests.nats.test_hubs import until
from tests.nats.test_joining import LONG, RULES, ask, bodies, read, records
from tests.places import write

OTHER = RULES.replace("pieces: shelf.pieces", "pieces: 99")
COUNT = 100
NOTE = """
event order.placed
  order: text
agent stock
  send note
    text: text
rule told
  on order.placed
  do
    send stock.note
      text: "TEXT"
"""


async def begun(place: Place, folder: Path, *each: tuple[str, ScriptedAgent]) -> list[Hub]:
    hubs = [Hub(state(rules, {"stock": agent}), NatsStore(place, folder), [Heard()]) for rules, agent in each]
    for hub in hubs:
        await hub.start()
    return hubs


async def ended(hubs: list[Hub]) -> None:
    for hub in hubs:
        await hub.drain(0.1, park=True)
        await hub.end()


def test_each_message_is_decided_once_while_two_bundles_of_rules_are_there(
    place: Place, tmp_path: Path
) -> None:
    async def story() -> None:
        agents = ScriptedAgent(concurrency=8), ScriptedAgent(concurrency=8)
        texts = NOTE.replace("TEXT", "old"), NOTE.replace("TEXT", "new")
        hubs = await begun(place, tmp_path, *zip(texts, agents, strict=True))
        digests = {hub.current.digest: text for hub, text in zip(hubs, ("old", "new"), strict=True)}
        assert len(digests) == 2

        async def both(number: int) -> None:
            await asyncio.gather(
                *(hub.submit_json({"order": "1"}, type_name="order.placed", key=f"e{number}") for hub in hubs)
            )

        await asyncio.gather(*map(both, range(COUNT)))
        while len(await records(hubs[0], "event.finished")) < COUNT:
            await asyncio.sleep(0.01)
        decided = {one.event: one for one in await records(hubs[0], "event.decided")}
        assert len(decided) == len(await records(hubs[0], "event.decided")) == COUNT
        assert len(await records(hubs[0], "event.duplicate")) == COUNT
        done = [action for agent in agents for action in agent.asked]
        assert len(done) == COUNT
        for one in await records(hubs[0], "action.done"):
            assert one.rules == decided[one.event].rules
        said = {action.id: action.body["text"] for action in done}  # type: ignore[index,call-overload]
        for one in await records(hubs[0], "action.created"):
            assert said[str(one.what["action"])] == digests[decided[one.event].rules]
        await ended(hubs)

    asyncio.run(story())


@contextlib.asynccontextmanager
async def running(place: Place, folder: Path, rules: str, agent: ScriptedAgent) -> AsyncIterator[Controller]:
    """A hub with a folder of its own."""
    write(folder, {"rules/shop.atamo": rules})
    controller = Controller(
        FolderProvider(folder / "rules"), NatsStore(place, folder / "view"), agents={"stock": agent}
    )
    await controller.start()
    try:
        yield controller
    finally:
        await controller.stop(0.1)


def test_what_was_asked_goes_on_under_the_rules_it_was_asked_under(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        slow, quick = ScriptedAgent(LONG, concurrency=1), ScriptedAgent(Done({"pieces": 3}))
        async with (
            running(place, tmp_path / "one", RULES, slow) as first,
            running(place, tmp_path / "two", OTHER, quick) as second,
        ):
            one, two = first.hub, second.hub
            assert two.current.digest != one.current.digest
            await ask(one, "e1")
            await until(lambda: slow.asked)
            keys = [await ask(one, f"e{number}") for number in range(2, 6)]
            for key in keys:
                async with asyncio.timeout(20):
                    assert bodies(await read(one, key)) == [{"pieces": 3}, {"state": "complete"}]
            assert len(quick.asked) == len(keys)
            assert one.current.digest in {one.digest for one in two.retiring.all}
            slow.script = [Done({"pieces": 0})]

    asyncio.run(story())


def test_generations_of_other_hubs_make_room_for_each_other(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        slow, quick = ScriptedAgent(LONG, concurrency=1), ScriptedAgent(Done({"pieces": 3}))
        async with (
            running(place, tmp_path / "one", RULES, slow) as first,
            running(place, tmp_path / "two", OTHER, quick) as second,
        ):
            one, two = first.hub, second.hub
            await ask(one, "e1")
            await until(lambda: slow.asked)
            for number in range(MOST_BORROWED + 3):
                text = RULES.replace("pieces: shelf.pieces", f"pieces: {number}")
                before = one.current
                write(tmp_path / "one", {"rules/shop.atamo": text})
                await until(lambda was=before: one.current is not was)  # type: ignore[misc]
                key = await ask(one, f"of{number}")
                async with asyncio.timeout(20):
                    assert bodies(await read(one, key))[0] == {"pieces": number}
            assert len(two.retiring.all) <= 1 + MOST_BORROWED

    asyncio.run(story())


def test_the_text_of_rules_that_are_in_force_anywhere_stays(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        agent = ScriptedAgent(Done({"pieces": 3}))
        async with (
            running(place, tmp_path / "one", RULES, agent) as first,
            running(place, tmp_path / "two", OTHER, agent) as second,
        ):
            one, two = first.hub, second.hub
            assert await archive.tidy(one) == 1  # nothing was decided under the other's
            async with asyncio.timeout(20):
                while await archive.fetch(one.store, two.current.digest) is None:
                    await asyncio.sleep(0.01)

    asyncio.run(story())
