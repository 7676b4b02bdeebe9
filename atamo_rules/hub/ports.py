"""Every seam of the hub as a Protocol: the page a plug-in author reads.

Nothing here is inherited from. A class that has these methods fits; entry points (`atamo.agents`, …) name it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol

from atamo_rules.hub.generation import Generation
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Action, Decision, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.types import Json
from atamo_rules.source.diagnostic import Diagnostic

Reply = Callable[[Json], Awaitable[None]]
"""Hands one answer to whoever asked; may be called more than once for a feed."""


Known = Literal["new", "same", "other"]
"""What a store says of an event's id."""


class Agent(Protocol):
    """Does the work outside: sends the mail, calls the page, writes the line.

    Made once for every `agent` that `uses` it, as `plugin(name, settings, folder)`: the agent's name, its settings
    as the rules give them (checked against `settings_schema`), and the project's folder as text. Being made calls
    nobody and writes nothing: `verify` makes agents too. Settings that cannot work raise ValueError, a sentence.
    """

    settings_schema: ClassVar[Mapping[str, Any]]
    """JSON Schema (2020-12) of the settings."""
    timeout: float
    """Seconds one attempt may take."""
    concurrency: int
    """Attempts that may run at once."""
    # `answers = False` may be set by a plug-in whose work has no answer: asking it is then warned of.

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        """One attempt. `action.id` is the idempotency key, the same on every attempt. What it raises counts as
        an attempt that may work later."""
        ...

    async def close(self) -> None:
        """Give back connections and files."""
        ...


class Store(Protocol):
    """The hub's memory. Each method is one transaction."""

    async def accept(self, event: Event, *, decided: bool, reasons: tuple[str, ...]) -> Known:
        """Keep an event that is `new`; one whose id is kept already is the `same` or an `other`, and is not kept
        again. From here on it is not lost."""
        ...

    async def record(self, decision: Decision) -> None:
        """Keep what was decided and the actions that follow. From here on nothing is decided twice."""
        ...

    async def resumed(self, event: str, fired: Fired) -> None:
        """Keep what a rule does now that its `ask` is over: the actions that follow, and what stands in their way."""
        ...

    async def started(self, event: str, action: Action, attempt: int) -> None:
        """Count an attempt, before it runs."""
        ...

    async def settle(self, event: str, action: Action, state: str, why: str, answer: Json) -> None:
        """Keep how an action ended, or that it waits to be tried again (`state` done, again, failed, timeout)."""
        ...

    async def reply(self, event: str, answer: Json, error: str | None) -> None:
        """Keep an answer for whoever asked."""
        ...

    async def finish(self, event: str) -> None:
        """Keep that nothing more will follow from an event."""
        ...

    async def told(self, event: str) -> Mapping[str, Json] | None:
        """All that is kept of an event, as JSON; None for an unknown id."""
        ...


class Auditor(Protocol):
    """Is told every step, in order."""

    def tell(self, record: AuditRecord) -> None:
        """Take one record. Must not block for long; what it raises is said on standard error."""
        ...

    def close(self) -> None:
        """Flush and give back what it holds."""
        ...


class ConfigurationProvider(Protocol):
    """Says which rules hold: the first state at once, then one more for every accepted change."""

    def states(self) -> AsyncIterator[Generation | Rejected]:
        """Whole generations, or why a change was not taken. Never ends by itself."""
        ...


class Rejected(Protocol):
    """A change that was not taken."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]: ...


class EventProvider(Protocol):
    """Brings events in by some way of its own until it is cancelled."""

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Hand every message to `submit`, in order, and see to what it says of it."""
        ...
