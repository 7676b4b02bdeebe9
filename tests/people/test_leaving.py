"""Who has left: their keys open nothing, what they asked ends, nothing is begun as them; also across a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.intake import Intake
from atamo_rules.hub.people.leaving import BUCKET, HERE, LEFT, LOCKED
from atamo_rules.hub.store import Store
from atamo_rules.model.people import Directory, User, Who
from atamo_rules.model.work import Hold, Selector
from atamo_rules.people.read import read_sources
from atamo_rules.source.span import Source
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state
from tests.people.scene import PEOPLE, RULES, Door, Refusing
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.waiting import until

TEXT = """
event tick
  word: text

request ask
  word: text
  answer
    word: text

agent desk
  send note
    word: text
  ask word
    word: text
    answer
      word: text

rule noted
  on tick
  do
    send desk.note
      word: word

rule answered
  on request ask
  do
    ask desk.word within 1 hour as found
      word: word
    reply
      word: found.word
"""
BOTH = "users: { ann: {}, bob: {} }\ngrants: [{ to: user ann, role: admin, over: everything }]\n"
ONE = "users: { ann: {} }\ngrants: [{ to: user ann, role: admin, over: everything }]\n"
BOB = Who("user", "bob")
WHY = "user bob, as whom it would be done, is here no more"


def people(text: str) -> Directory:
    found, wrong = read_sources([Source("people.yaml", text)])
    assert not wrong
    return found


class Stage:
    """A hub whose agent stands still until it is told to go on, and what its people hear."""

    def __init__(self, store: Store, who: str) -> None:
        self.heard, self.alerts, self.agent = Heard(), list[Alert](), ScriptedAgent()
        first = state(TEXT, {"desk": self.agent}, people(who))
        self.hub = Hub(first, store, [self.heard], alarm=self.alerts.append)

    def reload(self, who: str) -> None:
        now = self.hub.current
        self.hub.swap(replace(now, intake=Intake(now.ruleset, people(who))))

    async def work(self) -> None:
        """What both have sent, all of it waiting."""
        await self.hub.pause(Hold("agent", "desk"))
        for name in ("ann", "bob"):
            user = self.hub.current.intake.people.user(name)
            for type in ("tick", "ask"):
                value = {"type": type, "id": f"{name}-{type}", "data": {"word": "w"}}
                await self.hub.submit_json(value, user=user)

    async def settled(self) -> None:
        """The agent goes on, and all that is over by it."""
        await self.hub.resume(Hold("agent", "desk"))
        for key in ("ann-tick", "bob-tick"):
            await self.hub.wait(key, 60)

    def done(self) -> list[str]:
        return [str(action.acting_as) for action in self.agent.asked if action.action == "note"]


@asynccontextmanager
async def running(store: Store, who: str) -> AsyncIterator[Stage]:
    stage = Stage(store, who)
    await stage.hub.start()
    try:
        yield stage
    finally:
        await stage.hub.drain(0.1, park=True)
        await stage.hub.end()


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 30))  # type: ignore[arg-type]


def test_what_somebody_had_begun_who_has_left_ends_and_is_told() -> None:
    async def story() -> None:
        async with running(MemoryStore(), BOTH) as stage:
            hub, heard = stage.hub, stage.heard
            await stage.work()
            stage.reload(ONE)
            await until(lambda: "request.cancelled" in heard.kinds())
            assert hub.requests.open["bob-ask"].state == "cancelled"
            assert hub.requests.open["bob-ask"].why == "`bob` is here no more"
            assert not hub.requests.open["ann-ask"].over
            await stage.settled()
            assert stage.done() == ["user ann"]
            (letter,) = await hub.store.dead(Selector(), 0, 10)
            assert (letter.work.event, letter.error, letter.why) == ("bob-tick", "left", WHY)
            await until(lambda: "people.removed" in heard.kinds())
            assert heard.what("people.removed") == [{"kind": "users", "name": "bob", "kept": "files"}]
            assert not stage.alerts[1:], "the dead letter, and nothing else"
            stage.reload(BOTH)  # they are here again, and so is what was given up
            await hub.redrive(Selector(), letter.number)
            await hub.wait("bob-tick", 60)
            assert stage.done() == ["user ann", "user bob"]

    run(story)


def test_it_is_so_for_who_left_while_the_hub_was_down_and_is_told_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(SqliteStore(tmp_path / "a.db"), BOTH) as stage:
            await stage.work()
        async with running(SqliteStore(tmp_path / "a.db"), ONE) as stage:
            assert stage.hub.leaving.gone(BOB)
            await until(lambda: "request.cancelled" in stage.heard.kinds("bob-ask"))
            await stage.settled()
            assert stage.done() == ["user ann"]
            await until(lambda: "people.removed" in stage.heard.kinds())
            while await kept(stage.hub.store) != {"ann": HERE, "bob": LEFT}:
                await asyncio.sleep(0.005)
        async with running(SqliteStore(tmp_path / "a.db"), ONE) as stage:
            assert stage.hub.leaving.gone(BOB)
            assert "people.removed" not in stage.heard.kinds()

    run(story)


async def kept(store: Store) -> dict[str, Any]:
    """Who was here, as the store has it."""
    return {entry.key: entry.value for entry in await store.entries(BUCKET)}


def test_what_a_process_before_did_not_end_is_ended_by_the_next(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(SqliteStore(tmp_path / "a.db"), BOTH) as stage:
            await stage.work()
            asked = asyncio.Event()

            async def stands(key: str, why: str = "") -> None:
                asked.set()
                await asyncio.Event().wait()

            stage.hub.requests.cancel = stands  # type: ignore[assignment,method-assign]
            stage.reload(ONE)
            await asked.wait()
        async with running(SqliteStore(tmp_path / "a.db"), ONE) as stage:
            await until(lambda: "request.cancelled" in stage.heard.kinds("bob-ask"))

    run(story)


def test_whom_no_directory_ever_had_has_not_left() -> None:
    async def story() -> None:
        async with running(MemoryStore(), ONE) as stage:
            await stage.hub.submit_json({"type": "tick", "id": "e", "data": {"word": "w"}}, user=User("zoe"))
            await stage.hub.wait("e", 60)
            assert stage.done() == ["user zoe"]
            assert not stage.hub.leaving.gone(Who("group", "ann"))

    run(story)


def test_people_files_that_lock_everybody_out_are_told() -> None:
    async def story() -> None:
        async with running(MemoryStore(), BOTH) as stage:
            await stage.hub.keyring.make("ann")
            stage.reload(BOTH)
            await until(lambda: stage.hub.leaving.ruled)
            stage.reload("users: { ann: {} }\n")  # no grant any more
            await until(lambda: "hub.degraded" in stage.heard.kinds())
            assert [(one.kind, one.message) for one in stage.alerts] == [("people", LOCKED)]
            assert stage.heard.what("hub.degraded") == [{"why": LOCKED}]
            stage.reload(BOTH)
            await until(lambda: stage.hub.leaving.ruled)

    run(story)


# --- over HTTP ----------------------------------------------------------------------------------------------


@pytest.fixture
def door(serve: Callable[..., Serving], tmp_path: Path) -> Door:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Door(serve(RULES, desk=Refusing()))


def reload(door: Door, text: str) -> None:
    async def swap() -> None:
        hub = door.serving.controller.hub
        hub.swap(replace(hub.current, intake=Intake(hub.current.ruleset, people(text))))

    door.serving.run(swap())


def test_a_key_of_somebody_taken_out_of_the_people_files_opens_nothing_until_they_are_back(
    door: Door,
) -> None:
    assert door.ask("eve", "GET", "/v1/types").status_code == 200
    reload(door, PEOPLE.replace("  eve: { organisation: acme }\n", ""))
    assert door.ask("eve", "GET", "/v1/types").status_code == 401
    assert door.ask("ann", "GET", "/v1/types").status_code == 200
    made = door.ask("ann", "POST", "/v1/keys", json={"holder": "eve"})
    assert (made.status_code, made.json()["code"]) == (422, "order"), "it would open nothing"
    assert "here no more" in made.text
    reload(door, PEOPLE)
    assert door.ask("eve", "GET", "/v1/types").status_code == 200


def test_the_last_key_that_may_make_keys_is_not_revoked(door: Door) -> None:
    root, ann = door.keys["root"][1].id, door.keys["ann"][1].id
    assert door.ask("root", "DELETE", f"/v1/keys/{ann}").status_code == 200
    answer = door.ask("root", "DELETE", f"/v1/keys/{root}")
    assert (answer.status_code, answer.json()["code"]) == (409, "last-admin")
    order: dict[str, Any] = {"holder": "second", "role": "admin", "over": "everything"}
    other = door.ask("root", "POST", "/v1/keys", json=order).json()
    assert door.ask("root", "DELETE", f"/v1/keys/{root}").status_code == 200
    bearer = {"authorization": f"Bearer {other['key']}"}
    answer = door.serving.web.delete(f"/v1/keys/{other['id']}", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (409, "last-admin")


def test_the_last_who_may_make_keys_is_not_taken_away(serve: Callable[..., Serving], tmp_path: Path) -> None:  # noqa: F811
    files = "groups: { chiefs: {} }\ngrants: [{ to: group chiefs, role: admin, over: everything }]\n"
    write(tmp_path / "p0", {"people.yaml": files})
    serving = serve(RULES, desk=Refusing())
    assert serving.web.put("/v1/people/users/amy", json={"groups": ["chiefs"]}).status_code == 201
    text, _ = serving.run(serving.controller.hub.keyring.make("amy"))
    serving.web.headers["authorization"] = f"Bearer {text}"
    for method, more in (("PUT", {"json": {"groups": []}}), ("DELETE", {})):
        answer = serving.web.request(method, "/v1/people/users/amy", **more)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (409, "last-admin"), method
    assert serving.web.get("/v1/keys").status_code == 200
