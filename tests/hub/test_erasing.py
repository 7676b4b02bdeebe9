"""Erasing: of what a message said nothing is left in any file of the store, and the audit is proved as before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.blobs import LARGE, folder_of
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.cli.stopped import records_of
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.audit.erased import leaf_of, leaf_of_bytes
from atamo_rules.hub.audit.evidence import Evidence, Hashes
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.verify import verify
from atamo_rules.hub.erasing import erase, erasure_of, sent_by
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.people import Directory, User
from atamo_rules.model.work import Hold, Put
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.scene import Play, Scene
from tests.hub.stage import state

CANARY = "quokka-Wollongong-7719"
RULES = """
event order.placed
  id: text
  street: text
  more: text?

event parcel.due
  street: text

request where
  street: text
  answer
    street: text

agent desk
  send note
    street: text

agent broken
  send note
    street: text

rule deliver
  on order.placed
  do
    send desk.note
      street: street
    send broken.note
      street: "to {{ street }}"
    emit parcel.due
      street: street

rule parcel
  on parcel.due
  do
    send desk.note
      street: street

rule often
  on order.placed 3 times within 1 hour by street
  do
    send desk.note
      street: "three times"

rule answer
  on request where
  do
    reply
      street: street
"""


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "hub.db" if request.param == "sqlite" else None


def run(place: Path | None, story: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        people = Directory({"ann": User("ann", organisation="acme"), "bob": User("bob", organisation="acme")})
        store = SqliteStore(place) if place is not None else MemoryStore()
        agents = {
            "desk": ScriptedAgent(lambda action: Done({"found": action.body})),
            "broken": ScriptedAgent(lambda action: Failed(f"no such street: {action.body}", "gone")),
        }
        hub = Hub(state(RULES, agents, people), store)
        hub.policy = RetryPolicy(attempts=2, base=0.0)
        await hub.start()
        try:
            await story(hub)
        finally:
            await hub.drain(5)
            await hub.end()

    asyncio.run(whole())


async def order(hub: Hub, id: str, street: str, user: str = "ann", **more: str) -> None:
    value = {"type": "order.placed", "id": id, "user": user, "data": {"id": id, "street": street, **more}}
    await hub.submit_json(value)
    await hub.wait(id, 60)


def holds(place: Path) -> list[str]:
    """The files of a store that hold the canary anywhere in their bytes."""
    files = [*place.parent.glob("hub.db*"), *folder_of(place).glob("*")]
    return [path.name for path in files if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_no_byte_of_it_is_left_and_the_audit_is_as_written(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    evidence: list[Evidence] = []

    async def story(hub: Hub) -> None:
        for number in range(40):
            await order(hub, f"before{number}", f"{number} Long Lane")
        await order(hub, "e1", CANARY, more=CANARY * (LARGE // len(CANARY) + 1))
        await hub.ask("where", {"street": CANARY}, id="r1", user=User("ann", organisation="acme"))
        for number in range(40):
            await order(hub, f"after{number}", f"{number} Long Lane")
        assert holds(place)
        leaves = list(await hub.store.leaves(0, 10_000))
        before = Evidence((), Hashes(b"".join(leaves)))
        for key in ("e1", "r1"):
            found = await erase(hub, key, "dpo", "asked for")
            assert found.left == []
        assert [path for path in holds(place) if path != "hub.db-wal"] == []
        await hub.store.rewrite()
        assert holds(place) == []
        assert list(await hub.store.leaves(0, len(leaves))) == leaves
        log = list(map(record_bytes, await hub.store.audit(0, 10_000)))
        late = "made to say nothing, by an erasure that no checkpoint vouches for yet"
        said = list(verify(log, before).sentences())
        assert said
        assert all(late in sentence for sentence in said)
        evidence.append(Evidence((), Hashes(b"".join(map(leaf_of_bytes, log)))))
        assert (await hub.store.told("before3"))["state"] == "finished"  # type: ignore[index]

    run(place, story)
    assert holds(place) == []
    _, log = records_of(place)
    report = verify(log, evidence[0])
    assert report.intact, list(report.sentences())


def test_what_followed_goes_with_it_and_what_others_sent_stays(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        await order(hub, "e1", CANARY)
        await order(hub, "e2", "2 Short Street", "bob")
        told = await hub.store.told("e1")
        assert told is not None
        (emitted,) = [one["id"] for one in told["actions"] if one["verb"] == "emit"]  # type: ignore[index,union-attr,call-overload]
        await hub.wait(str(emitted), 10)
        found = await erase(hub, "e1", "dpo", "asked for")
        assert set(found.events) == {"e1", await hub.store.find(str(emitted))}
        for key in found.events:
            left = await hub.store.told(key)
            assert left is not None
            assert (left["state"], left["user"]) == ("erased", "ann")
            record = await erasure_of(hub, key)
            assert record is not None
            assert (record.what["by"], record.what["why"]) == ("dpo", "asked for")
        assert [letter.work.event for letter in await hub.store.dead()] == ["e2"]
        records = await hub.store.audit(0, 1000)
        assert CANARY not in repr(records)
        assert CANARY not in repr([await hub.followers.steps("e1"), hub.tally.document()])
        assert (await erase(hub, "e1")).events == []
        assert (await hub.store.told("e2"))["state"] == "finished"  # type: ignore[index]

    run(place, story)


def test_windows_begin_anew_under_its_keys(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        for id in ("e1", "e2"):
            await order(hub, id, CANARY)
        await erase(hub, "e1")
        assert CANARY not in repr(hub.windows.book.shelves)
        await order(hub, "e3", CANARY)
        told = await hub.store.told("e3")
        assert told is not None
        assert "often" not in told["matched"]  # type: ignore[operator]

    run(place, story)


JOINING = """
event order.placed
  order: text
  street: text
event order.paid
  order: text

agent desk
  send note
    street: text

rule both
  on order.placed as o then order.paid as p within 1 hour by order
  do
    send desk.note
      street: "{{ o.street }}"

rule unpaid
  on order.placed as o without order.paid within 1 hour by order
  do
    send desk.note
      street: "{{ o.street }}"

rule several
  on order.placed as last collect for 1 hour by street
  do
    send desk.note
      street: "{{ events | length }} {% for one in events %}{{ one.street }} {% endfor %}"
"""


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_waits_made_of_it_goes_and_what_was_joined_with_it_is_named(play: Play, on_disk: bool) -> None:
    async def story(scene: Scene) -> None:
        scene.soc = ScriptedAgent()
        hub = await scene.start(JOINING.replace("desk", "soc"))
        for id, order in (("e1", "1"), ("e2", "2"), ("e3", "3")):
            await scene.sent("order.placed", id, "acme", order=order, street=CANARY if id != "e3" else "Lane")
        await scene.sent("order.paid", "p1", "acme", order="1")
        await scene.sent("order.paid", "p3", "acme", order="3")
        await asyncio.sleep(2 * 3600)
        said = [str(action.body) for action in scene.soc.asked]
        assert sum(CANARY in one for one in said) == 3  # both, unpaid, several
        first = await erase(hub, "e1", "dpo")
        assert (first.left, "p1" in first.joined, "p3" in first.joined) == ([], True, False)
        (collected,) = [key for key in first.joined if key != "p1"]
        second = await erase(hub, "e2", "dpo")
        assert len(second.events) == 3, "and the ends of its waits"
        assert collected in second.events
        assert second.joined == []
        for key in first.joined:
            await erase(hub, key, "dpo")
        left = [one for one in await hub.store.audit(0, 1000) if CANARY in repr(one)]
        assert left == []
        if scene.place is not None:
            await hub.store.rewrite()
            assert holds(scene.place / "0" / "hub.db") == []
        await scene.end()

    play(story, on_disk=on_disk)


def test_what_is_open_is_cancelled_first(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        await hub.pause(Hold("agent", "desk"))
        await hub.submit_json({"type": "order.placed", "id": "e1", "data": {"id": "e1", "street": CANARY}})
        assert (await hub.store.told("e1"))["state"] == "decided"  # type: ignore[index]
        assert "e1" in (await erase(hub, "e1", "dpo")).events
        assert (await hub.store.depth()).held == 0
        kinds = [record.kind for record in await hub.store.audit(0, 1000, "e1")]
        assert kinds.index("action.cancelled") < kinds.index("event.erased")

    run(place, story)


def test_a_request_is_over_and_its_answers_are_for_nobody_else(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        ann = User("ann", organisation="acme")
        answers = await hub.ask("where", {"street": CANARY}, id="r1", user=ann)
        assert answers.frames[0].body == {"street": CANARY}
        await erase(hub, "r1")
        view = await hub.requests.look("r1")
        assert view is not None
        assert (view.frames, view.request.forgotten) == ((), True)
        again = await hub.ask("where", {"street": CANARY}, id="r2", user=ann, max_age=60.0)
        assert again.frames[0].cache == "miss"

    run(place, story)


def test_who_was_given_its_answers_before_is_named(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        ann = User("ann", organisation="acme")
        await hub.ask("where", {"street": CANARY}, id="r1", user=ann)
        again = await hub.ask("where", {"street": CANARY}, id="r2", user=ann, max_age=60.0)
        assert again.frames[0].cache == "hit"
        said = "r2: it asked the same as r1 and was given its answers: erase it too, if so"
        assert (await erase(hub, "r1")).kept == [said]
        assert (await erase(hub, "r2")).kept == []

    run(place, story)


def test_proposals_that_were_tried_on_it_forget_it(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        await order(hub, "e1", CANARY)
        examples = [{"event": key, "more": [{"line": CANARY}] if key == "e1" else []} for key in ("e1", "e2")]
        await hub.store.put(Put("proposals", "p", {"id": "p", "report": {"impact": {"examples": examples}}}))
        await erase(hub, "e1")
        kept = await hub.store.get("proposals", "p")
        assert kept is not None
        assert kept.value == {"id": "p", "report": {"impact": {"examples": [{"event": "e2", "more": []}]}}}

    run(place, story)


def test_all_that_somebody_sent(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        for number in range(5):
            await order(hub, f"a{number}", "1 Short Street", "ann")
            await order(hub, f"b{number}", "1 Short Street", "bob")
        found = [key async for key in sent_by(hub, "bob")]
        assert [key for key in found if not len(key) > 10] == [f"b{number}" for number in range(5)]
        assert [key async for key in sent_by(hub, "nobody")] == []

    run(place, story)


def test_a_record_that_is_hidden_without_an_erasure_is_named(place: Path | None) -> None:
    async def story(hub: Hub) -> None:
        await order(hub, "e1", CANARY)
        await order(hub, "e2", CANARY)
        await erase(hub, "e1", "dpo")
        records = list(await hub.store.audit(0, 1000))
        leaves = Evidence((), Hashes(b"".join(map(leaf_of, records))))
        assert verify(map(record_bytes, records), leaves).intact
        failed = (at for at, one in enumerate(records) if (one.event, one.kind) == ("e2", "action.failed"))
        at = next(failed)
        victim = records[at]
        hidden = [*records]
        hidden[at] = replace(victim, what={"erased": leaf_of(victim).hex()})
        assert list(verify(map(record_bytes, hidden), leaves).sentences()) == [
            f"record {at + 1} was made to say nothing, and no erasure speaks of it"
        ]
        at, hollow = next((at, one) for at, one in enumerate(records) if list(one.what) == ["erased"])
        altered = [*records]
        altered[at] = replace(hollow, who="mallory")
        assert list(verify(map(record_bytes, altered), leaves).sentences()) == [
            f"record {at + 1} was made to say nothing, and no erasure speaks of it"
        ]

    run(place, story)
