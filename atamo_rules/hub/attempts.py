"""Attempts from slot to settlement: perform, settle, reply; and the ends of those that nobody answered in time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import structs

from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.agents.calls import Unspared
from atamo_rules.hub.agents.lanes import Lane
from atamo_rules.hub.agents.retry import RetryPolicy, verdict
from atamo_rules.hub.agents.slots import Slot
from atamo_rules.hub.alerts import Alert, given_up, unanswered
from atamo_rules.hub.requests.answering import last_word, settled
from atamo_rules.hub.resuming import resumed
from atamo_rules.hub.settling import Settling
from atamo_rules.hub.sharing.flights import AgainTogether
from atamo_rules.model.decision import Action
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.types import Json
from atamo_rules.model.work import NOTHING, Following, Kept, Lease, Work

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


class Attempts:
    """The attempts of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.settling = Settling(hub)
        self.limits: dict[str, Callable[[], None]] = {}
        """By its action, what has the end of the time of an `ask` never come: most are answered long before."""

    async def run(self, slot: Slot, lease: Lease, waited: bool = False) -> None:
        """One attempt from its slot to its settlement, begun by `Underway.begin`. A lease that had to wait for its slot
        may be lost by now; an attempt without one waits for another's call."""
        try:
            outcome = await self._tried(slot, lease, waited)
            if outcome is not None and not self._handed_over(lease, outcome):
                await self.settle(lease, outcome)
        except StoreUnavailable:
            pass  # that the store cannot go on was said when it was found out
        except Exception as error:
            self.hub.underway.fault(error)
        finally:
            self.hub.underway.ended(slot, lease.work.action.id)

    async def _tried(self, slot: Slot, lease: Lease, waited: bool) -> Outcome | None:
        """How an attempt ended; None for one that was not made, and is not to be settled."""
        hub, work, lane, slotless = self.hub, lease.work, slot.lane, not slot.held
        action, alone = work.action, hub.nodes.alone
        stopped = action.id in hub.underway.stopped
        if slotless and not stopped and not hub.calls.spared(action.id):
            lane.begin(lease, waited=True)
            return None
        try:
            if stopped or not (slotless or slot.token or await slot.turn(lease)):
                return None
            if work.due is not None:
                generation = hub.current
            elif alone:
                generation = hub.retiring.under(work.event, work.rules)
            else:
                generation = await hub.nodes.under(work.event, work.rules)
            bound = generation.agents.get(action.agent)
            policy = self._policy(action, bound)
            if waited and not await hub.store.extend(lease, lane.seconds):
                return None
            if lease.attempt > policy.attempts:
                # The last attempts took their process down with them, or were lost with it.
                outcome: Outcome = Failed("its attempts were lost with the process that ran them", "lost")
            elif hub.leaving.known and hub.leaving.gone(work.whose):
                outcome = Failed(f"{work.whose}, as whom it would be done, is here no more", "left")
            elif policy.within is not None and self._age(work) > policy.within:
                outcome = Failed(
                    f"its {policy.within:g} seconds were over before it could be tried", "too late"
                )
            else:
                simple = hub.calls.simply(slot, lease, bound, generation)
                if simple is not None:
                    outcome, called = await simple, True
                elif alone:  # and nothing is borrowed
                    outcome, called = await hub.calls.outcome(slot, lease, bound, generation)
                else:
                    with hub.retiring.held(generation):
                        outcome, called = await hub.calls.outcome(slot, lease, bound, generation)
                if called and (isinstance(outcome, Again) or lane.breaker.troubled):
                    await self.called(lane, outcome)
        except Unspared:
            lane.begin(lease, waited=True)
            return None
        finally:
            if hub.calls.keys:
                hub.calls.release(action.id)
            slot.free()
        if isinstance(outcome, Again):
            together = outcome.after if isinstance(outcome, AgainTogether) else None
            outcome = verdict(outcome, lease.attempt, self._age(work), policy, self.hub.chance)
            if isinstance(outcome, Again) and together is not None:
                outcome = replace(outcome, after=together)
        return outcome

    def _handed_over(self, lease: Lease, outcome: Outcome) -> bool:
        """Whether an attempt of which nothing follows is settled by whoever keeps this turn. What `settle` looks for
        is not there: a rule or a request that waits, an alert."""
        work, hub = lease.work, self.hub
        return (
            work.waiting is None
            and not isinstance(outcome, Failed)
            and work.event not in hub.requests.open
            and hub.nodes.alone
            and self.settling.join(lease, outcome)
        )

    def _age(self, work: Work) -> float:
        """For how many seconds it could have been done: no more than passed, wherever the wall clock was set to."""
        now = min(self.hub.clock.now().timestamp(), self.hub.requests.now())
        return now - work.since.timestamp()

    def _policy(self, action: Action, bound: Any) -> RetryPolicy:
        """What the rule says, else what its agent says."""
        policy = self.hub.policy or (bound.retry if bound is not None else RetryPolicy())
        if action.retry is not None:
            policy = replace(policy, attempts=action.retry + 1)
        if action.verb != "ask" and action.within is not None:
            policy = replace(policy, within=float(action.within))
        return policy

    async def called(self, lane: Lane, outcome: Outcome) -> None:
        """An agent was called: tell the lane's breaker, which may open or close with it."""
        if isinstance(outcome, Again):
            if lane.breaker.failure(self.hub.clock.passed()):
                self.hub.alarm(Alert("breaker", f"`{lane.name}` is left alone for a while: {outcome.why}"))
                await self.hub.note("breaker.opened", agent=lane.name, why=outcome.why)
        elif lane.breaker.success():
            await self.hub.note("breaker.closed", agent=lane.name)

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Keep how an attempt ended; what its rule does after an `ask` is kept in the same transaction."""
        work = lease.work
        following, unheard = NOTHING, False
        if work.waiting is not None and not isinstance(outcome, Again):
            answer = outcome.answer if isinstance(outcome, Done) else None
            following, unheard = await self._resume(work, answer, done=isinstance(outcome, Done))
        if isinstance(outcome, Failed) and work.alerts and (unheard or work.waiting is None):
            following = self._with_alert(following, work, outcome.why)
        following = await last_word(self.hub, work, outcome, following)
        if following is NOTHING and not unheard:
            await self.settling.settle(lease, outcome)
            return
        kept = await self._kept(following, lambda: self.hub.store.settle(lease, outcome, following))
        if kept is None:
            return
        if work.deadline is not None and not isinstance(outcome, Again):
            self.unlimit(work)
        self.hub.follow(kept, following)
        await settled(self.hub, work, outcome, following)
        if isinstance(outcome, Failed) and work.waiting is None:
            self.hub.alarm(given_up(work, lease.attempt, outcome.why))
        elif isinstance(outcome, Failed) and unheard:
            self.hub.alarm(unanswered(work, outcome.why))

    async def _kept(
        self, following: Following, act: Callable[[], Coroutine[Any, Any, Kept | None]]
    ) -> Kept | None:
        """What came of a transaction. Slots that were taken for what follows are given back when it is not kept, also
        of an attempt that is stopped while a full store is asked again."""
        kept: Kept | None = None
        try:
            kept = await self.hub.surely(act)
            return kept
        finally:
            if kept is None:
                self.hub.unreserve(following)

    def _with_alert(self, following: Following, work: Work, why: str) -> Following:
        """What follows, and what a client is told that asked to be."""
        action = work.action
        body: Json = {"action": action.id, "target": action.target, "rule": action.rule, "why": why}
        frame = Frame(
            work.event, "alert", body, action.agent, action.action, at=self.hub.clock.now(), rule=action.rule
        )
        return structs.replace(following, frames=(*following.frames, frame))

    async def _resume(self, work: Work, answer: Json, *, done: bool) -> tuple[Following, bool]:
        """What follows, and whether nobody hears otherwise that there is no answer."""
        event = await self.hub.store.event(work.event)
        if event is None:
            return NOTHING, False
        under, now = await self.hub.nodes.under(work.event, work.rules), self.hub.clock.now()
        made = resumed(
            work,
            event,
            under,
            self.hub.current,
            answer,
            done,
            now,
            lambda a: self.hub.reserve(a, event),
            late=self.hub.requests.late(work.event),
        )
        if made.stuck:
            self.hub.alarm(Alert("stuck", made.stuck, work))
        return made.following, made.unheard

    def limit(self, work: Work) -> None:
        """Have an `ask` given up when its time is over, however the wall clock is set meanwhile."""
        assert work.deadline is not None
        whole = (work.deadline - work.at).total_seconds()
        left = min(whole, max(0.0, (work.deadline - self.hub.clock.now()).total_seconds()))
        id = work.action.id

        def over() -> None:
            self.limits.pop(id, None)
            self.hub.spawn(self.expire(work, whole))

        self.limits[id] = self.hub.underway.later(left, over)

    def unlimit(self, work: Work) -> None:
        """It is over: what it says is not held until its time would have been."""
        never = self.limits.pop(work.action.id, None)
        if never is not None:
            never()

    async def expire(self, work: Work, whole: float) -> None:
        """Nobody answered in time: the rule goes on without."""
        why = f"no answer within {work.action.within if work.action.within is not None else whole} seconds"
        following, unheard = await self._resume(work, None, done=False)
        if unheard and work.alerts:
            following = self._with_alert(following, work, why)
        kept = await self._kept(
            following, lambda: self.hub.store.expire(work.event, work.action.id, why, following)
        )
        if kept is None:
            return
        self.hub.underway.cancel(work.action.id)
        self.hub.follow(kept, following)
        await settled(self.hub, work, None, following)
        if unheard:
            self.hub.alarm(unanswered(work, why))
