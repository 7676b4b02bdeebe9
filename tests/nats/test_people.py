"""Hubs that share a store: who there is and who may what is the same at all of them, at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.hub.hub import Hub
from atamo_rules.people.tokens import Consent
from atamo_rules.testing.agents import ScriptedAgent
from tests.nats.test_hubs import together, until


def test_what_one_says_of_keys_and_people_holds_at_the_other(place: Place, tmp_path: Path) -> None:
    async def story(one: Hub, two: Hub) -> None:
        assert two.keyring.open, "nobody is asked yet"
        text, key = await one.keyring.make("amy")
        await until(lambda: not two.keyring.open)
        people = two.current.intake.people
        assert await two.keyring.principal(text, people) is not None
        await one.members.change("users", "amy", {"about": "first"}, "root")
        await until(lambda: "amy" in two.current.intake.people.users)
        consent = await one.consents.give(Consent("", "user amy", "desk", (), "project"), "amy")
        await until(lambda: consent.id in two.consents.given)
        await two.members.change("users", "amy", None, "root")
        await until(lambda: one.keyring.keys[key.id].revoked and consent.id not in one.consents.given)
        assert await one.keyring.principal(text, one.current.intake.people) is None
        assert "amy" not in one.current.intake.people.users
        await until(lambda: one.leaving.known.get("amy") == two.leaving.known.get("amy") == "left")
        await asyncio.sleep(0)
        removed = [r for r in await one.store.audit(0, 1000) if r.kind == "people.removed"]
        assert len(removed) == 1, "told once"

    together(place, tmp_path, (ScriptedAgent(), ScriptedAgent()), story)


def test_numbers_are_told_alike_by_all(place: Place, tmp_path: Path) -> None:
    async def story(one: Hub, two: Hub) -> None:
        told = [hub.numbering.blind("acme").out(number) for hub in (one, two) for number in (1, 2)]
        assert told[:2] == told[2:]

    together(place, tmp_path, (ScriptedAgent(), ScriptedAgent()), story)
