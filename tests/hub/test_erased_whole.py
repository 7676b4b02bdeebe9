"""Whoever promised that a message is erased hears of all that is not: whatever the audit's level is, whatever the rules
are by now, and when what it said is gone already."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import get_args

import pytest

from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
from atamo_rules.hub.archive import Script
from atamo_rules.hub.audit.erased import leaf_of
from atamo_rules.hub.audit.evidence import Evidence, Hashes
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.verify import verify
from atamo_rules.hub.erasing import Erased, erase
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.joined import GONE, LACKING
from atamo_rules.hub.leftovers import UNFOLLOWED
from atamo_rules.model.audit import Level
from atamo_rules.model.outcome import Failed
from atamo_rules.source.span import Source
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.scene import Play, Scene
from tests.hub.stage import Heard

CANARY = "quokka-Wollongong-7719"
TEXT = """
event order.placed
  order: text
  street: text
event order.paid
  order: text
event parcel.due
  street: text

agent soc
  send note
    street: text

rule both
  on order.placed as o then order.paid as p within 1 hour by order
  do
    send soc.note
      street: "{{ o.street }}"

rule unpaid
  on order.placed as o without order.paid within 40 days by order
  do
    send soc.note
      street: "{{ o.street }}"

rule parcel
  on order.placed
  do
    emit parcel.due
      street: street
"""
WITHOUT_BOTH = TEXT.replace("rule both", "rule other").replace(
    "within 1 hour by order", "within 2 hours by order"
)
DAY = 86_400.0


def rules(scene: Scene, text: str, *, kept: bool = True) -> Generation:
    """A generation whose text the store keeps."""
    return replace(scene.state(text), script=Script((Source("a.atamo", text),)) if kept else None)


async def begun(scene: Scene, level: Level = "full", *, kept: bool = True) -> Hub:
    hub = await scene.start(TEXT)
    hub.store.level = level
    await hub.activate(rules(scene, TEXT, kept=kept))
    return hub


async def paid_and_open(scene: Scene) -> None:
    """An order that was paid, and one of somebody else that was paid, too."""
    for number in ("1", "2"):
        await scene.sent("order.placed", f"e{number}", "acme", order=number, street=f"{CANARY} {number}")
        await scene.sent("order.paid", f"p{number}", "acme", order=number)


async def left_of(hub: Hub, number: str) -> list[str]:
    """The kinds of records that say something of an order still, and the answers and letters that do."""
    word = f"{CANARY} {number}"
    found = [one.kind for one in await hub.store.audit(0, 10_000) if word in repr(one)]
    return found + [one.error for one in await hub.store.dead() if word in repr(one)]


@pytest.mark.parametrize("level", get_args(Level))
def test_what_was_joined_is_named_at_every_level_of_the_audit(play: Play, level: Level) -> None:
    async def story(scene: Scene) -> None:
        hub = await begun(scene, level)
        await paid_and_open(scene)
        found = await erase(hub, "e1", "dpo")
        assert (found.left, found.joined, found.sent) == ([], ["p1"], [])
        (emitted,) = [key for key in found.events if key != "e1"]
        assert (await hub.store.told(emitted))["state"] == "erased"  # type: ignore[index]
        assert (await erase(hub, "p1", "dpo")).sent == ["soc.note"]
        assert await left_of(hub, "1") == []
        await scene.end()

    play(story)


def test_what_was_joined_is_named_though_the_rules_are_others_by_now(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await begun(scene)
        await paid_and_open(scene)
        await hub.activate(rules(scene, WITHOUT_BOTH))
        found = await erase(hub, "e1", "dpo")
        assert (found.joined, [*not_of(found, "Heard")]) == (["p1"], [])
        await scene.kill()
        hub = await scene.start(WITHOUT_BOTH)
        assert (await erase(hub, "e2", "dpo")).joined == ["p2"]
        await scene.end()

    play(story, on_disk=True)


def not_of(found: Erased, auditor: str) -> list[str]:
    """What is said to be kept, other than by an auditor."""
    return [one for one in found.kept if f"`{auditor}`" not in one]


def test_where_the_rules_of_then_are_kept_no_longer_it_is_said(play: Play) -> None:
    async def story(scene: Scene) -> None:
        hub = await begun(scene, kept=False)
        await paid_and_open(scene)
        await scene.kill()
        hub = await scene.start(WITHOUT_BOTH)
        found = await erase(hub, "e1", "dpo")
        assert f"e1: {LACKING}" in found.kept
        await scene.end()

    play(story, on_disk=True)


@pytest.mark.parametrize("level", get_args(Level))
def test_what_follows_goes_and_what_cannot_be_told_is_said_though_it_was_let_go_of_before(
    play: Play, level: Level
) -> None:
    async def story(scene: Scene) -> None:
        hub = await begun(scene, level)
        await scene.sent("order.placed", "e1", "acme", order="1", street=CANARY)
        told = await hub.store.told("e1")
        assert told is not None
        (emitted,) = [one["id"] for one in told["actions"] if one["verb"] == "emit"]  # type: ignore[index, union-attr, call-overload]
        parcel = await hub.store.find(str(emitted))
        for days in (35, 6):
            await scene.kill()
            scene.clock.seconds += days * DAY
            hub = await scene.start(TEXT)
            hub.store.level = level
            await asyncio.sleep(3700)
        assert (await hub.store.told("e1"))["state"] == "forgotten"  # type: ignore[index]
        assert CANARY in str([action.body for action in scene.soc.asked]), "the wait was over after it"
        found = await erase(hub, "e1", "dpo")
        ends = [key for key in found.events if key.startswith("rule:unpaid#")]
        assert (len(ends), found.left) == (1, [])
        assert f"e1: {GONE} (`both` joins `order.placed`)" in found.kept
        assert (parcel in found.events) == (level != "minimal")
        assert (f"e1: {UNFOLLOWED}" in found.kept) == (level == "minimal")
        assert await left_of(hub, "") == []
        assert found.sent == ["soc.note"]
        await scene.end()

    play(story, on_disk=True)


def test_the_lines_of_an_auditor_go_and_who_keeps_what_it_was_told_is_named(play: Play) -> None:
    async def story(scene: Scene) -> None:
        assert scene.place is not None
        file = scene.place / "audit.jsonl"
        scene.soc = ScriptedAgent(lambda action: Failed(f"no such street: {action.body}"))
        hub = await begun(scene)
        hub.audience.listeners[0].auditor = auditor = JsonLinesAuditor(file)
        hub.audience.listeners[0].at = 0
        await paid_and_open(scene)
        assert f"{CANARY} 1" in file.read_text("utf-8")
        found = [await erase(hub, key, "dpo") for key in ("e1", "p1")]
        assert [one.kept for one in found] == [[], []]
        text = file.read_text("utf-8")
        assert f"{CANARY} 1" not in text
        assert f"{CANARY} 2" in text
        records = await hub.store.audit(0, 1000)
        lines = [line.rstrip() for line in file.read_bytes().splitlines()]
        assert lines == list(map(record_bytes, records))
        assert verify(lines, Evidence((), Hashes(b"".join(map(leaf_of, records))))).intact
        hub.audience.listeners[0].auditor = Heard()
        (said,) = (await erase(hub, "p2", "dpo")).kept
        assert said.startswith("the auditor `Heard` was told 1 record that the hub has erased since")
        auditor.close()
        await scene.end()

    play(story, on_disk=True)
