"""Every seam of the hub as a Protocol: the page a plug-in author reads.

The store has a page of its own, `hub/store.py`. Nothing here is inherited from: a class that has these methods fits;
entry points name it: `atamo.agents` the class of an agent, `atamo.stores`, `atamo.auditors`, `atamo.vaults`,
`atamo.event_providers` and `atamo.configuration_providers` what makes one, `make(place, folder)`. `hub/plugins.py`
finds them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ClassVar, Protocol

from atamo_rules.hub.generation import Generation
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json
from atamo_rules.source.diagnostic import Diagnostic


class Reply(Protocol):
    """Hands answers to whoever asked, as often as there are any. It comes back when the answer is kept: an agent that
    waits for it cannot run ahead of the hub."""

    async def __call__(self, answer: Json, *, key: str = "") -> None:
        """One answer, or one piece of it. `key` names what it is the value of: who reads late needs its last value
        alone. Raises AnswerRefused, and the attempt has failed, where it is not what the action declares
        to answer."""
        ...

    async def loaded(self) -> None:
        """That was all there is by now; what comes after it are updates. Who wanted it once is served, and the agent
        is then stopped."""
        ...

    async def progress(self, news: Json) -> None:
        """How far it is: told to whoever reads, and no answer."""
        ...

    async def credential(self, host: str = "") -> Secret | None:
        """What the user in whose name this is done has for this agent, and for that host; None when there is nothing.
        Asked at the moment of the call, never kept, never put into an answer, an error or a log."""
        ...


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


class Checked(Protocol):
    """What an agent may have beside: whether it could do its work now, for `atamo doctor --agents`."""

    async def health(self) -> str:
        """Empty when all is well, else a sentence that says what is not. Changes nothing anywhere; what it raises
        counts as not well."""
        ...


class Vault(Protocol):
    """Keeps what users have for agents."""

    async def credential(self, user: str, agent: str, host: str) -> Secret | None:
        """What a user, named `user NAME` or `group NAME`, has for an agent at a host. Raises NotAllowed when there is
        something, but not for this."""
        ...


class Auditor(Protocol):
    """Is told every step, in order, after it was committed. One that is slow to come, or raises, delays nobody and
    misses nothing: it is told again from where it was.

    An auditor that outlives the process may have a `position`, that of the last record it took: with a durable store
    it is then told what follows. Without one it is told what happens from its start on.
    """

    def tell(self, record: AuditRecord) -> None:
        """Take one record. Must not block for long; what it raises is said on standard error, and it is told the same
        record again later."""
        ...

    def close(self) -> None:
        """Flush and give back what it holds."""
        ...


class ConfigurationProvider(Protocol):
    """Says which rules hold: the first state at once, then one more for every accepted change."""

    def states(self) -> AsyncIterator[Generation | Rejected]:
        """Whole generations, or why a change was not taken. Never ends by itself."""
        ...


class TakesRules(Protocol):
    """A configuration provider that takes rule files beside its own, submitted while the hub runs."""

    def tried(self, files: Mapping[str, str]) -> Generation | Rejected:
        """The state with these submitted files in place of all that were taken before; nothing changes by it. Called in
        a thread."""
        ...

    def take(self, files: Mapping[str, str], state: Generation) -> None:
        """From here on these are the submitted files, and `state`, which `tried` gave, is what holds."""
        ...

    def overtaken(self, state: Generation) -> bool:
        """Whether something was taken after `state` was made: it must not be put in force any more."""
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
