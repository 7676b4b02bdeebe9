"""Every seam of the hub as a Protocol: the page a plug-in author reads.

The store has a page of its own, `hub/store.py`. Nothing here is inherited from: a class that has these methods fits;
entry points name it: `atamo.agents` the class of an agent, `atamo.stores`, `atamo.auditors`, `atamo.vaults`,
`atamo.event_providers` and `atamo.configuration_providers` what makes one, `make(place, folder)`. An event provider
that has `settings_schema` is made as an agent is, `plugin(name, settings, folder)`, from its entry in `sources.yaml`;
with `declares(settings)` it says which event types it brings, as rule text, and with `messages(settings)` what it
makes: the template of the data by event type, as the declaration of one event that the rules' own type of that name is
held to; an empty text where the data is its sender's own. `hub/plugins.py` finds them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from atamo_rules.hub.generation import Declared, Generation
from atamo_rules.hub.receiving import Received
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.contribution import ActionMessage, NotTaken
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.secret import Need, Secret
from atamo_rules.model.types import Json
from atamo_rules.people.tokens import Binding, Rotation, Token, TokenKind
from atamo_rules.source.diagnostic import Diagnostic

if TYPE_CHECKING:
    from atamo_rules.hub.clock import Clock
    from atamo_rules.hub.store import Store


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

    def declared(self) -> Declared | None:
        """What the action declares to answer; None where it declares nothing. For agents whose work it is to find an
        answer of that kind: what they answer is held to it in any case."""
        ...

    async def credential(self, host: str = "", *, need: Need = "optional") -> Secret | None:
        """What the user in whose name this is done has for this agent, and for that host; None when there is nothing.
        Asked at the moment of the call, never kept, never put into an answer, an error or a log. Raises NotAllowed
        where there is something that may not be used, and NoCredential, audited, where there is nothing and it is
        needed: nobody is to be called then."""
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
    """Attempts that may run at once, unless the rules say otherwise (`limits`)."""
    # `answers = False` may be set by a plug-in whose work has no answer: asking it is then warned of.
    # `most_at_once` may be set by one that can do no more, whatever rules say; `more_at_once` says what to do about it.
    # `need`, a `Need`, may be set by one that asks for credentials: what is known to be missing is said at the start.

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        """One attempt. `action.id` is the idempotency key, the same on every attempt; `action.acting_as` is as whom,
        None for nobody, and of a call that is shared. What it raises counts as an attempt that may work later."""
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
    """Keeps what users have for agents. Whether a rule may use it is asked before (`people/consent.py`)."""

    async def credential(self, user: str, agent: str, host: str, *, organisation: str = "") -> Secret | None:
        """What a user of an organisation, named `user NAME` or `group NAME`, has for an agent at a host. Raises
        NotAllowed when there is something, but not for this."""
        ...


@runtime_checkable
class KeepingVault(Vault, Protocol):
    """A vault that is filled while the hub runs, and keeps what it is given in the hub's store."""

    async def begin(self, store: Store, clock: Clock) -> None:
        """Take what is kept; called once, before anything is asked of it."""
        ...

    def tokens(self) -> tuple[Token, ...]:
        """All there are, sealed."""
        ...

    def holds(self, user: str, agent: str, organisation: str) -> bool:
        """Whether somebody has anything for an agent, at whatever host."""
        ...

    async def keep(
        self, binding: Binding, kind: TokenKind, text: str, *, by: str = "", about: str = ""
    ) -> Token:
        """Keep a token, in place of the one of this binding. Raises ValueError, a sentence that does not hold it."""
        ...

    async def remove(self, id: str, by: str = "") -> Token | None:
        """Forget a token; None when there is none of that id."""
        ...

    async def rotate(self, by: str = "") -> Rotation:
        """Read the keys anew, and seal under the first whatever is sealed under another. Raises ValueError."""
        ...


class Auditor(Protocol):
    """Is told every step, in order, after it was committed. One that is slow to come, or raises, delays nobody and
    misses nothing: it is told again from where it was.

    An auditor that outlives the process may have a `position`, that of the last record it took: with a durable store
    it is then told what follows. Without one it is told what happens from its start on.

    One that keeps what it is told and, when it is told `event.erased`, lets go of what those records said whose
    positions that names, may say so by `erases = True`. Of any other, `atamo erase` says that it was told.
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


class Evaluator(Protocol):
    """One state of a configuration provider beside the rules: asked about every event before its decision is kept.

    It never changes: other code or other settings are another evaluator, with another digest. It may have an `owner`, a
    `Who`, where it is somebody's own and not the project's: it is asked about that somebody's events alone, and whose
    tokens its actions may use follows from that.
    """

    name: str
    """Small letters, digits and `-`. Decisions, actions and records name it, with the version."""
    version: str
    """Of its code or its rules, as people would name it; without blanks."""
    digest: str
    """Names this state: what has one digest answers the same."""
    timeout: float
    """Seconds one evaluation may take; its event waits for it."""

    async def evaluate(self, event: Event) -> Sequence[ActionMessage]:
        """What is to be done about an event; nothing, mostly. The event is the caller's own copy. What it raises, an
        answer that comes too late and one that is no sequence of action messages concern it alone: the event
        is decided without it, and that is told."""
        ...

    async def close(self) -> None:
        """Give back what it holds. Called once no event needs it any more."""
        ...


class EvaluatorProvider(Protocol):
    """A configuration provider beside the rules that changes while the hub runs."""

    name: str

    def states(self) -> AsyncIterator[Evaluator | NotTaken | Rejected]:
        """The first state at once, then one more for every change, or why a change was not taken: then the last one
        stays. All have the provider's name. Never ends by itself; what it raises is told, and it is called again."""
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
    """Brings events in by some way of its own until it is cancelled. What it raises is said, and it is run again after
    a while; coming back means that nothing more will come. It may be `Remembering` and `Responding`."""

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Hand every message to `submit`, in order, and see to what it says of it."""
        ...


class Remembering(Protocol):
    """What an event provider may have beside: a place in the hub's store for how far it has come."""

    def remember(self, memory: Place) -> None:
        """Called once, before `run`."""
        ...


class Place(Protocol):
    """One value that outlives the process, where the hub's store does."""

    async def get(self) -> Json: ...
    async def put(self, value: Json) -> None: ...


class Responding(Protocol):
    """What an event provider may have beside: a way to hand answers back to clients that do not wait for them."""

    async def respond(self, id: str, answers: Answers) -> None:
        """All that came of a request it brought, by the id of the message, once it is over. Called again after what
        it raises, and by the next process where this one ended before: at least once, as long as the answers are kept.
        Raises `receiving.NotYet` where somebody says when to come again, and `receiving.Undeliverable` where whoever
        asked will never be answered: then it is not called again."""
        ...


class Receiver(Protocol):
    """An event provider that others post to, in place of `run`: the HTTP door hands it what comes to its path."""

    path: str
    """Begins with `/hooks/`."""

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Received:
        """What a post says, once it is known to be genuine. `headers` are found in any case of letters; the body is as
        it came. Raises `receiving.Unsigned` and `receiving.Refused`."""
        ...
