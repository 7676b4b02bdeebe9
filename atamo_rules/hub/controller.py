"""One hub with its rules: starts it, puts every accepted change in force, and drains it at the end.

async with Controller(FolderProvider(Path("rules"))) as controller:
    await controller.hub.submit(b'{"type": "order.placed", "data": {"total": 120}}')
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from types import TracebackType
from typing import Any

from atamo_rules.errors import RulesetRejected, StoreUnavailable, UnknownName
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.hub.agents.lacking import lacking
from atamo_rules.hub.alerts import Alarm, Alert
from atamo_rules.hub.audit.notary import Notary, Sign
from atamo_rules.hub.audit.witness import Witness
from atamo_rules.hub.evaluators.following import Providers, activated
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import (
    Agent,
    Auditor,
    ConfigurationProvider,
    Evaluator,
    EvaluatorProvider,
    EventProvider,
    Rejected,
    Vault,
)
from atamo_rules.hub.proposals.proposals import Proposals
from atamo_rules.hub.store import Store
from atamo_rules.hub.telemetry.monitor import Monitor
from atamo_rules.hub.telemetry.thresholds import Threshold
from atamo_rules.hub.ways import Way, Ways, named
from atamo_rules.model.contribution import RULES
from atamo_rules.model.rule import AgentUse
from atamo_rules.model.work import Put
from atamo_rules.source.diagnostic import Severity

DRAIN = 10.0
"""Seconds that what is under way is given at the end."""
FAREWELL = 10.0
"""Seconds that the last record is given, where the store does not answer."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds until changes of the rules that could not be followed are followed anew, the first time and at most."""

Hear = Callable[["Generation | Rejected"], None]


class Controller:
    """Registers the parts of a hub and runs it. `hear` is told every state of the rules, taken or refused; `alarm`
    what somebody should look at, such as actions that were given up. `agents` of the program itself do the work of
    agents that the rules declare, by their names; `events` bring messages in, those in a `Way` under its name.
    `thresholds` on the hub's numbers raise alerts too. The `vault` has what users have for agents. `providers` are
    asked about every event beside the rules; two of one name, and what is none, raise ValueError."""

    hub: Hub
    monitor: Monitor
    ruled: Generation
    """The generation as its rules say it, before agents of this program take their places in it."""

    def __init__(
        self,
        rules: ConfigurationProvider,
        store: Store,
        auditors: Sequence[Auditor] = (),
        hear: Hear | None = None,
        alarm: Alarm | None = None,
        witnesses: Sequence[Witness] = (),
        sign: Sign | None = None,
        *,
        agents: Mapping[str, Agent] | None = None,
        events: Sequence[EventProvider | Way] = (),
        thresholds: Sequence[Threshold] = (),
        vault: Vault | None = None,
        providers: Sequence[Evaluator | EvaluatorProvider] = (),
    ) -> None:
        self.rules = rules
        self.store = store
        self.auditors = tuple(auditors)
        self.events = tuple(events)
        self.thresholds = tuple(thresholds)
        self.hear = hear or (lambda state: None)
        self.alarm = alarm
        self.agents = {name: Bound(AgentUse(name), agent) for name, agent in (agents or {}).items()}
        self.vault = vault
        self.providers = Providers(providers)
        self.witnesses = tuple(witnesses)
        self.sign = sign
        self.following: asyncio.Task[None] | None = None
        self.sealing: asyncio.Task[None] | None = None
        self.begun = False
        """Whether there is something to stop."""

    async def start(self) -> None:
        """Take the first state of the rules, open the store, go on with what it holds, and follow the changes of the
        rules. Raises RulesetRejected when they have errors, UnknownName, StoreUnavailable, and what is wrong with the
        parts it was given; what had begun by then is stopped."""
        states = self.rules.states().__aiter__()
        first = await anext(states)
        if not isinstance(first, Generation):
            self.hear(first)
            raise RulesetRejected(first.diagnostics)
        for name in self.agents:
            if name not in first.agents:
                raise UnknownName("agent", name, get_close_matches(name, first.agents, n=1))
        await self.providers.begin()
        self.ruled = first
        first = self._manned(first)
        self.hub = Hub(first, self.store, self.auditors, alarm=self.alarm)
        self.monitor = Monitor(self.hub, self.thresholds)
        self.changing = asyncio.Lock()
        self.begun = True
        try:
            await self._begin(states)
        except BaseException:
            with suppress(Exception):  # what was wrong first is what is to be mended
                await self.stop(0, park=True)
            raise

    async def _begin(self, states: AsyncIterator[Any]) -> None:
        """Open the store, and begin with everything that stands around the hub."""
        first = self.hub.current
        rules: Any = self.rules
        if hasattr(rules, "tried"):
            self.hub.proposals = Proposals(self.hub, rules, self.changing, self._activate)
        self.hub.vault = self.vault
        await self.hub.start()
        await self._seal()
        await self.hub.note("hub.started", digest=first.digest, rules=len(first.ruleset.rules))
        await activated(self.hub, self.ruled)
        self._warn(first)
        await self.providers.serve(self.hub, self._change)
        self.hear(first)
        self.monitor.start()
        given = [one for one in self.events if isinstance(one, Way)]
        self.hub.ways = Ways(
            self.hub, (*given, *named(one for one in self.events if not isinstance(one, Way)))
        )
        await self.hub.ways.start()
        self.following = asyncio.create_task(self._follow(states))

    async def _activate(self, state: Generation) -> None:
        before, self.ruled = self.ruled, state
        await self.hub.activate(self._manned(state))
        await activated(self.hub, state, before)
        self._warn(self.hub.current)

    def _warn(self, state: Generation) -> None:
        """Say which credentials its agents will miss."""
        for sentence in lacking(state, self.vault):
            self.hub.alarm(Alert("credential", sentence))

    async def register(self, name: str, agent: Agent) -> None:
        """Have an agent of this program do what is asked of `name` from here on, in place of whoever did. What rules of
        now or later ask of it goes to it. What is under way ends with the agent it began with, which is closed then."""
        instead = name in self.agents
        self.agents[name] = Bound(AgentUse(name), agent)
        self.hub.retiring.swap(self.hub.members.joined(self._manned(self.ruled)))
        await self.hub.note("agent.registered", agent=name, plugin=type(agent).__qualname__, instead=instead)

    async def remove(self, name: str) -> None:
        """Take an agent of this program back: what the rules declare does the work of its name again. Raises
        UnknownName when this program has given none of the name."""
        if name not in self.agents:
            raise UnknownName("agent", name, get_close_matches(name, self.agents, n=1))
        del self.agents[name]
        self.hub.retiring.swap(self.hub.members.joined(self._manned(self.ruled)))
        await self.hub.note("agent.removed", agent=name)

    def _manned(self, generation: Generation) -> Generation:
        """A generation whose agents are those of this program, where it has one of the name, and whose evaluators are
        also those beside the rules."""
        beside = self.providers.now
        if not (self.agents or beside):
            return generation
        agents = {**generation.agents, **self.agents}
        return replace(generation, agents=agents, evaluators=(*generation.evaluators, *beside))

    async def _change(self) -> None:
        """Have the generation in force hold what providers beside the rules say now."""
        async with self.changing:
            self.hub.retiring.swap(self.hub.members.joined(self._manned(self.ruled)))

    async def _seal(self) -> None:
        """Have the audit's tree grown, and checkpoints put down with the witnesses."""
        hub = self.hub

        def alarm(sentence: str) -> None:
            hub.alarm(Alert("audit", sentence))

        kept = await self.store.get("audit", "level")
        if (kept.value if kept is not None else "full") != self.store.level:
            await self.store.put(Put("audit", "level", self.store.level))
            await hub.note("audit.level", level=self.store.level)
        notary = Notary(self.store, hub.clock, self.witnesses, sign=self.sign, alarm=alarm)
        await notary.begin()
        hub.notary = notary
        hub.audience.ears.append(notary.hear)
        self.sealing = asyncio.create_task(notary.run())

    async def _follow(self, states: AsyncIterator[Any]) -> None:
        """Take every change of the rules. What raises on the way, here or where the changes come from, is said; then
        the changes are followed anew, for as long as the hub stands."""
        pause, anew = FIRST, False
        while True:
            try:
                async for state in states:
                    if not (anew and state is self.ruled):  # what was taken before it broke
                        await self._taken(state)
                        pause = FIRST
                    anew = False
                return
            except StoreUnavailable:
                return  # said already, and nothing more can be kept
            except (Exception, SystemExit) as error:  # somebody's plug-in
                why = f"{type(error).__name__}: {error}"[:500]
                sentence = f"a change of the rules came to nothing; what holds stays in force: {why}"
                self.hub.alarm(Alert("provider", sentence))
                await self.hub.note("provider.broken", provider=RULES, why=why)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST)
            states, anew = self.rules.states().__aiter__(), True

    async def _taken(self, state: Generation | Rejected) -> None:
        if isinstance(state, Generation):
            async with self.changing:
                if self.hub.proposals is not None and self.hub.proposals.rules.overtaken(state):
                    return
                await self._activate(state)
        else:
            errors = [d for d in state.diagnostics if d.severity is Severity.ERROR]
            await self.hub.note(
                "rules.rejected",
                digest=self.hub.current.digest,
                reasons=[f"{d.span}: {d.code.id} {d.message}" for d in errors[:20]],
            )
        self.hear(state)

    async def stop(self, seconds: float = DRAIN, *, park: bool = False) -> int:
        """Take nothing more, wait for what is open, close all; gives how many actions were left unfinished. With `park`
        only attempts that run are waited for: see `Hub.drain`. One that was not started, or is stopped already, has
        nothing to stop."""
        if not self.begun:
            return 0
        self.begun = False
        if self.following is not None:
            self.following.cancel()
            await asyncio.gather(self.following, return_exceptions=True)
        await self.providers.stop()
        await self.hub.ways.stop()
        await self.monitor.stop()
        left = await self.hub.drain(seconds, park=park)
        await self.hub.retiring.end()
        if self.sealing is not None:
            self.sealing.cancel()
            await asyncio.gather(self.sealing, return_exceptions=True)
        if self.hub.running and not self.hub.broken.is_set():
            await self._farewell(left)
        await self.hub.end()
        for auditor in self.auditors:
            auditor.close()
        return left

    async def _farewell(self, left: int) -> None:
        """Record that the hub stops. A store that does not answer is not waited for: its servers may be away for days.
        What was handed to it cannot be taken back, and ends with the store."""
        last = asyncio.create_task(self._last(left))
        done, _ = await asyncio.wait({last}, timeout=FAREWELL)
        if done:
            last.result()
            return
        self.hub.broken.set()
        self.hub.alarm(Alert("store", "the store does not answer: this hub leaves without having told it"))
        last.cancel()
        last.add_done_callback(lambda ended: ended.cancelled() or ended.exception())

    async def _last(self, left: int) -> None:
        await self.hub.note("hub.stopped", unfinished=left)
        if self.hub.notary is not None and self.witnesses:
            await self.hub.notary.checkpoint()

    async def __aenter__(self) -> Controller:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
