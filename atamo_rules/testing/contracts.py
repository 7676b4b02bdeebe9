"""Suites that every plug-in passes, ours and a stranger's: one for each seam of `hub/ports.py`, and for stores.

class TestMyStore(StoreContract):
    def store(self, clock: ManualClock) -> MyStore:
        return MyStore(self.place, clock)
"""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

from atamo_rules.hub.ports import Agent, Auditor
from atamo_rules.model.audit import KINDS, AuditRecord
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.laws_of_accepting import AcceptLaws
from atamo_rules.testing.laws_of_auditing import AuditLaws
from atamo_rules.testing.laws_of_configuration import (
    ConfigurationProviderContract as ConfigurationProviderContract,
)
from atamo_rules.testing.laws_of_delays import DelayLaws
from atamo_rules.testing.laws_of_erasing import ErasingLaws
from atamo_rules.testing.laws_of_evaluating import EvaluatorContract as EvaluatorContract
from atamo_rules.testing.laws_of_keeping import AnswerLaws, DeadLaws, StateLaws
from atamo_rules.testing.laws_of_operating import OperatingLaws
from atamo_rules.testing.laws_of_providing import EventProviderContract as EventProviderContract
from atamo_rules.testing.laws_of_providing import ReceiverContract as ReceiverContract
from atamo_rules.testing.laws_of_vaults import VaultContract as VaultContract
from atamo_rules.testing.laws_of_work import WorkLaws
from atamo_rules.testing.store_stage import NOON, action


class StoreContract(
    AcceptLaws, WorkLaws, OperatingLaws, DelayLaws, AnswerLaws, DeadLaws, StateLaws, AuditLaws, ErasingLaws
):
    """What the hub relies on of a store."""


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
            auditor.tell(AuditRecord(position, NOON, kind, "e1", "alice", {"why": "ü\n{{ 7*7 }}"}))
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

    def test_it_says_how_it_is_if_it_can(self) -> None:
        async def story() -> None:
            agent = self.agent()
            ask = getattr(agent, "health", None)
            if ask is not None:
                assert isinstance(await asyncio.wait_for(ask(), agent.timeout + 1), str)
            await agent.close()

        asyncio.run(story())

    def test_what_it_is_handed_is_left_as_it_was(self) -> None:
        async def story() -> None:
            agent, given = self.agent(), self.action()
            before = deepcopy(given.body)
            await asyncio.wait_for(agent.perform(given, Replies()), agent.timeout + 1)
            assert given.body == before
            await agent.close()

        asyncio.run(story())

    def test_an_attempt_ends_in_an_outcome_and_it_can_be_closed_twice(self) -> None:
        async def story() -> None:
            agent = self.agent()

            outcome = await asyncio.wait_for(agent.perform(self.action(), Replies()), agent.timeout + 1)
            assert isinstance(outcome, Done | Again | Failed)
            await agent.close()
            await agent.close()

        asyncio.run(story())
