"""One action until it is done or given up: a slot of its agent, a deadline for every attempt, waits between them."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from atamo_rules.hub.generation import Generation
from atamo_rules.hub.retry import RetryPolicy, wait
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.types import Json

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


class Performer:
    """Runs attempts. Each agent has its own slots, so that a slow one holds up nobody else."""

    def __init__(self, hub: Hub, policy: RetryPolicy | None = None) -> None:
        self.hub = hub
        self.policy = policy or RetryPolicy()
        self.slots: dict[int, asyncio.Semaphore] = {}

    async def perform(self, action: Action, event: Event, generation: Generation) -> tuple[bool, Json]:
        """Whether the action was done, and its answer. An `ask` gives up when its time is over."""
        if action.within is None:
            return await self._tries(action, event, generation)
        try:
            return await asyncio.wait_for(self._tries(action, event, generation), float(action.within))
        except TimeoutError:
            why = f"no answer within {action.within} seconds"
            await self.hub.store.settle(event.id, action, "timeout", why, None)
            self.hub.tell("action.timeout", event.id, event.who, **_facts(action, event), why=why)
            return False, None

    async def _tries(self, action: Action, event: Event, generation: Generation) -> tuple[bool, Json]:
        hub = self.hub
        bound = generation.agents.get(action.agent)
        for attempt in range(1, self.policy.attempts + 1):
            # The attempt is counted before it runs: one that takes the process down is counted too.
            await hub.store.started(event.id, action, attempt)
            hub.tell("action.started", event.id, event.who, **_facts(action, event), attempt=attempt)
            outcome = await self._attempt(bound, action, event)
            if isinstance(outcome, Done):
                answer, reasons = generation.answered(action, outcome.answer)
                if reasons:
                    outcome = Failed(
                        f"its answer is not what it was declared to be: {'; '.join(reasons)[:500]}"
                    )
            if isinstance(outcome, Done):
                await hub.store.settle(event.id, action, "done", "", answer)
                hub.tell("action.done", event.id, event.who, **_facts(action, event), attempt=attempt)
                return True, answer
            if isinstance(outcome, Failed) or attempt == self.policy.attempts:
                await hub.store.settle(event.id, action, "failed", outcome.why, None)
                hub.tell(
                    "action.failed",
                    event.id,
                    event.who,
                    **_facts(action, event),
                    attempt=attempt,
                    why=outcome.why,
                )
                return False, None
            seconds = wait(attempt, self.policy, outcome.after, random.random)
            await hub.store.settle(event.id, action, "again", outcome.why, None)
            hub.tell(
                "action.retry",
                event.id,
                event.who,
                **_facts(action, event),
                attempt=attempt,
                why=outcome.why,
                wait=str(round(seconds, 3)),
            )
            await asyncio.sleep(seconds)
        raise AssertionError("the last attempt always ends it")

    async def _attempt(self, bound: Any, action: Action, event: Event) -> Outcome:
        if bound is None:
            return Failed(f"no agent is called `{action.agent}`")
        agent = bound.agent
        slot = self.slots.setdefault(id(agent), asyncio.Semaphore(agent.concurrency))

        async def reply(answer: Json) -> None:
            await self.hub.store.reply(event.id, answer, None)
            self.hub.tell("reply.sent", event.id, event.who, **_facts(action, event))

        async with slot:
            try:
                outcome: Outcome = await asyncio.wait_for(agent.perform(action, reply), agent.timeout)
            except TimeoutError:
                return Again(f"no answer within {agent.timeout:g} seconds")
            except Exception as error:  # somebody's plug-in: its fault is a reason, and its neighbours go on
                return Again(f"{type(error).__name__}: {error}"[:500])
            return outcome


def _facts(action: Action, event: Event) -> dict[str, Any]:
    """What every record of an action says: also as whom it is done, the event's user where nobody else is named."""
    acting = str(action.acting_as) if action.acting_as else f"user {event.who}" if event.who else ""
    return {
        "action": action.id,
        "target": action.target,
        "rule": action.rule,
        "because": action.because,
        "as": acting,
    }
