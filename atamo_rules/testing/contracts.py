"""Suites that every store, auditor and agent passes, ours and a stranger's.

class TestMyStore(StoreContract):
    def store(self) -> MyStore:
        return MyStore(...)
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from atamo_rules.hub.ports import Agent, Auditor, Store
from atamo_rules.model.audit import KINDS, AuditRecord
from atamo_rules.model.decision import Action, Decision, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.people import User

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def event(id: str = "e1", **body: Any) -> Event:
    """An event to keep."""
    return Event(id, "thing.happened", body or {"n": 1}, NOON, User("alice"), "/test")


def action(id: str = "a1", **more: Any) -> Action:
    """An action of the rule `r`."""
    return Action(id, "send", "desk", "note", {"line": "x"}, "r", "a.atamo:1:1", 0, **more)


class StoreContract:
    """What the hub relies on of a store."""

    def store(self) -> Store:
        """A new, empty store."""
        raise NotImplementedError

    def test_an_event_is_told_as_it_was_taken(self) -> None:
        async def story() -> None:
            store = self.store()
            assert await store.told("e1") is None
            assert await store.accept(event(), decided=True, reasons=()) == "new"
            told = await store.told("e1")
            assert told is not None
            facts = {name: told[name] for name in ("id", "type", "user", "state", "conforms", "replies")}
            assert facts == {
                "id": "e1",
                "type": "thing.happened",
                "user": "alice",
                "state": "accepted",
                "conforms": True,
                "replies": [],
            }

        asyncio.run(story())

    def test_an_id_is_kept_once(self) -> None:
        async def story() -> None:
            store = self.store()
            await store.accept(event(n=1), decided=True, reasons=())
            assert await store.accept(event(n=1), decided=True, reasons=()) == "same"
            assert await store.accept(event(n=2), decided=True, reasons=()) == "other"
            many = await asyncio.gather(
                *(store.accept(event("e2"), decided=True, reasons=()) for _ in range(20))
            )
            assert sorted(many) == ["new"] + ["same"] * 19

        asyncio.run(story())

    def test_quarantine_says_why(self) -> None:
        async def story() -> None:
            store = self.store()
            await store.accept(event(), decided=False, reasons=("/n: too small",))
            told = await store.told("e1")
            assert told is not None
            assert (told["state"], told["reasons"]) == ("quarantined", ["/n: too small"])

        asyncio.run(story())

    def test_a_decision_its_attempts_and_their_end(self) -> None:
        async def story() -> None:
            store = self.store()
            one = action()
            await store.accept(event(), decided=True, reasons=())
            fired = (Fired("r", (one,)), Fired("s", (action("a2"),), shadow=True))
            await store.record(Decision("e1", "thing.happened", "d1", fired))
            told = await store.told("e1")
            assert told is not None
            assert (told["state"], told["digest"], told["matched"], told["shadow"]) == (
                "decided",
                "d1",
                ["r"],
                ["s"],
            )
            assert [(a["id"], a["state"], a["attempts"]) for a in _actions(told)] == [("a1", "waiting", 0)]
            await store.resumed("e1", Fired("r", (action("a3"),), ("`crm.note` was not done",)))
            told = await store.told("e1")
            assert told is not None
            assert [a["id"] for a in _actions(told)] == ["a1", "a3"]
            assert told["problems"] == ["`crm.note` was not done"]
            await store.started("e1", one, 1)
            await store.settle("e1", one, "again", "busy", None)
            await store.started("e1", one, 2)
            await store.settle("e1", one, "done", "", {"ok": True})
            await store.reply("e1", {"price": 1}, None)
            await store.reply("e1", None, "call us")
            await store.finish("e1")
            told = await store.told("e1")
            assert told is not None
            last = _actions(told)[0]
            assert (last["state"], last["attempts"], last["answer"]) == ("done", 2, {"ok": True})
            assert told["replies"] == [{"answer": {"price": 1}}, {"error": "call us"}]
            assert told["state"] == "finished"

        asyncio.run(story())

    def test_steps_of_an_event_that_is_not_kept_raise_nothing(self) -> None:
        async def story() -> None:
            store = self.store()
            await store.record(Decision("no", "thing.happened", "d", ()))
            await store.started("no", action(), 1)
            await store.settle("no", action(), "done", "", None)
            await store.reply("no", 1, None)
            await store.finish("no")
            assert await store.told("no") is None

        asyncio.run(story())


class AuditorContract:
    """What the hub relies on of an auditor."""

    def auditor(self) -> Auditor:
        """A new auditor."""
        raise NotImplementedError

    def heard(self) -> list[dict[str, Any]]:
        """What it was told, as it kept it, oldest first; each with `position`, `kind` and `event` at least."""
        raise NotImplementedError

    def test_every_kind_is_taken_in_order(self) -> None:
        auditor = self.auditor()
        for position, kind in enumerate(KINDS, 1):
            auditor.tell(AuditRecord(position, NOON, kind, "e1", "alice", {"why": "ü\n{{ 7*7 }}"}))  # type: ignore[arg-type]
        auditor.close()
        kept = self.heard()
        assert [(one["position"], one["kind"]) for one in kept] == list(enumerate(KINDS, 1))
        assert {one["event"] for one in kept} == {"e1"}


class AgentContract:
    """What the hub relies on of an agent."""

    def agent(self) -> Agent:
        """A new agent that can do `action()`."""
        raise NotImplementedError

    def action(self) -> Action:
        """An action it can do."""
        return action()

    def test_it_states_its_limits(self) -> None:
        agent = self.agent()
        assert agent.timeout > 0
        assert agent.concurrency >= 1
        assert agent.settings_schema["type"] == "object"

    def test_an_attempt_ends_in_an_outcome_and_it_can_be_closed_twice(self) -> None:
        async def story() -> None:
            agent = self.agent()

            async def reply(answer: Any) -> None:
                return None

            outcome = await asyncio.wait_for(agent.perform(self.action(), reply), agent.timeout + 1)
            assert isinstance(outcome, Done | Again | Failed)
            await agent.close()
            await agent.close()

        asyncio.run(story())


def _actions(told: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told["actions"]
    return found
