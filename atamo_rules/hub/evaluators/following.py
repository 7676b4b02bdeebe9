"""Which state of each provider beside the rules is in force, from a controller's start to its end.

A state is taken whole or not at all, and the last good one stays. A provider that is slow to tell its first, or breaks
off, keeps nobody waiting: the hub begins without it, and goes on without it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from atamo_rules.hub.alerts import Alert
from atamo_rules.model.audit import Kind
from atamo_rules.model.contribution import LINKS, RULES, TABLE, NotTaken
from atamo_rules.source.diagnostic import Severity

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.ports import Evaluator, EvaluatorProvider

PATIENCE = 10.0
"""Seconds that the start of a hub waits for the first states."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds until a provider that broke off is called again, the first time and at most."""
REASONS = 20
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION = re.compile(r"[^\s\x00-\x1f]{1,40}")
Change = Callable[[], Awaitable[None]]


class Providers:
    """The providers beside the rules of one controller. Raises ValueError, a sentence, for what is none, and for two of
    one name."""

    def __init__(self, given: Sequence[Evaluator | EvaluatorProvider]) -> None:
        self.states: dict[str, Evaluator | None] = {}
        """By name, in the order given; None where there is no state yet."""
        self.following: list[EvaluatorProvider] = []
        for one in given:
            name = _name(one)
            if name in self.states:
                raise ValueError(f"two providers are called `{name}`")
            fixed: Any = one if hasattr(one, "evaluate") else None
            if fixed is None:
                self.following.append(one)  # type: ignore[arg-type]
            elif (why := unfit(fixed, name)) is not None:
                raise ValueError(f"the provider `{name}` cannot be used: {why}")
            self.states[name] = fixed
        self.tasks: list[asyncio.Task[None]] = []
        self.said = {name: asyncio.Event() for name in self.states}
        self._hub: Hub | None = None
        self._change: Change | None = None
        self.untold: list[tuple[Kind, str, dict[str, Any]]] = []

    @property
    def now(self) -> tuple[Evaluator, ...]:
        """The evaluators in force."""
        return tuple(one for one in self.states.values() if one is not None)

    async def begin(self) -> None:
        """Follow their states; comes back when each has told something, or has been waited for long enough."""
        for fixed in self.now:
            await self._activated(fixed.name, fixed)
        self.tasks = [asyncio.create_task(self._follow(one)) for one in self.following]
        waits = [asyncio.create_task(self.said[one.name].wait()) for one in self.following]
        if waits:
            await asyncio.wait(waits, timeout=PATIENCE)
        for one, wait in zip(self.following, waits, strict=True):
            if not wait.done():
                wait.cancel()
                why = f"it told no state within {PATIENCE:g} seconds; events are decided without it until it does"
                await self._broken(one.name, why)

    async def serve(self, hub: Hub, change: Change) -> None:
        """From here on news is told to a hub, and a `change` puts what is in force now into its generation."""
        self._hub, self._change = hub, change
        untold, self.untold = self.untold, []
        for kind, alert, what in untold:
            await self._tell(kind, alert, **what)

    async def stop(self) -> None:
        """Follow nothing more. Evaluators are closed with the generation that holds them."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _follow(self, provider: EvaluatorProvider) -> None:
        """Take the states of one provider, for as long as it tells any; one that breaks off is called again."""
        pause, name = FIRST, provider.name
        while True:
            try:
                async for state in provider.states():
                    pause = FIRST
                    await self._take(name, state)
                return
            except (Exception, SystemExit) as error:  # somebody's plug-in
                await self._broken(name, f"{type(error).__name__}: {error}"[:500])
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST)

    async def _take(self, name: str, state: Any) -> None:
        if not hasattr(state, "evaluate"):
            await self._rejected(name, _reasons(state))
        elif (why := unfit(state, name)) is not None:
            await self._rejected(name, [why])
        else:
            before, self.states[name] = self.states[name], state
            if self._change is not None:
                await self._change()
            if before is None or before.digest != state.digest:
                await self._activated(name, state)
        self.said[name].set()

    async def _activated(self, name: str, state: Evaluator) -> None:
        await self._tell("provider.activated", "", provider=name, version=state.version, state=state.digest)

    async def _rejected(self, name: str, reasons: list[str]) -> None:
        alert = f"the provider `{name}` told a state that is not taken: {'; '.join(reasons)}"[:500]
        await self._tell("provider.rejected", alert, provider=name, reasons=reasons)

    async def _broken(self, name: str, why: str) -> None:
        await self._tell("provider.broken", f"the provider `{name}` broke off: {why}", provider=name, why=why)
        self.said[name].set()

    async def _tell(self, kind: Kind, alert: str, **what: Any) -> None:
        if self._hub is None:
            self.untold.append((kind, alert, what))
            return
        if alert:
            self._hub.alarm(Alert("provider", alert))
        await self._hub.note(kind, **what)


async def activated(hub: Hub, state: Generation, before: Generation | None = None) -> None:
    """Tell which providers a state of the rules brought itself, that were not in the one before it."""
    known = {(one.name, one.digest) for one in before.evaluators} if before is not None else set()
    for one in state.evaluators:
        if (one.name, one.digest) not in known:
            what = {"provider": one.name, "version": one.version, "state": one.digest}
            await hub.note("provider.activated", **what)


def unfit(evaluator: Any, name: str) -> str | None:
    """Why something cannot be asked as the evaluator of that name; None when it can."""
    if getattr(evaluator, "name", None) != name:
        return f"its state is called {getattr(evaluator, 'name', None)!r}"
    version, digest = getattr(evaluator, "version", None), getattr(evaluator, "digest", None)
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        return "its `version` is a text of at most 40 characters, without blanks"
    if not isinstance(digest, str) or not 0 < len(digest) <= 200:
        return "its `digest` is a text that names its state"
    timeout = getattr(evaluator, "timeout", None)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        return "its `timeout` is a number of seconds above 0"
    return None if hasattr(evaluator, "close") else "it has no `close`"


def _name(provider: Any) -> str:
    name = getattr(provider, "name", None)
    if not hasattr(provider, "evaluate") and not (name and hasattr(provider, "states")):
        kind = type(provider).__name__
        raise ValueError(
            f"`{kind}` cannot be asked beside the rules: it has neither `evaluate` nor a name and states"
        )
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a provider: small letters, digits and `-`")
    if name in (RULES, LINKS, TABLE):
        raise ValueError(f"`{name}` is a provider of the project's own folder; call this one otherwise")
    return name


def _reasons(state: Any) -> list[str]:
    if isinstance(state, NotTaken):
        return [str(one) for one in state.reasons[:REASONS]]
    found = [one for one in getattr(state, "diagnostics", ()) if one.severity is Severity.ERROR]
    if not found:
        return [f"a {type(state).__name__} is no state that can be asked"]
    return [f"{one.span}: {one.code.id} {one.message}" for one in found[:REASONS]]
