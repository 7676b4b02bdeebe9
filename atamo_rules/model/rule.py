"""A rule as it is meant, and the ruleset that rules make together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from atamo_rules.model.case import Case
from atamo_rules.model.contribution import RULES
from atamo_rules.model.meaning import Condition, MakeRecord, Term
from atamo_rules.model.people import Scope, Who
from atamo_rules.model.table import Table
from atamo_rules.model.types import ActionType, EventType, Json, Record
from atamo_rules.model.window import Time
from atamo_rules.source.span import Span
from atamo_rules.source.swift import swift


@dataclass(frozen=True, slots=True)
class Held:
    """What arguments are held to when they are made, since the compiler could not prove that they fit: `parameters` of
    the action, and what of them is `open`."""

    parameters: Record
    open: tuple[Unproven, ...]


@dataclass(frozen=True, slots=True)
class Unproven:
    """An argument, or a part of one, that may not fit: its keys, its type in words, and where it is written; None
    where nothing was written for it alone."""

    keys: tuple[str, ...]
    wanted: str
    span: Span | None


@swift
@dataclass(frozen=True, slots=True)
class Plan:
    """One action a rule would take, still to be filled from the event.

    `verb` is send, track, ask, publish, emit or reply. `agent` and `action` name the action type; for emit,
    `action` is the event type and `agent` is empty; for reply both are empty. `within` is in seconds: for `ask` how
    long the answer is waited for, else how long it is tried. `retry` is how often it is tried again, None for what its
    agent says.
    What follows an `ask` waits for its answer, bound to `alias`; `on_timeout` is done instead if none comes.
    `after` is how many seconds it waits before it is begun. `error` is the text of `reply error`. `index` is the
    position in the rule's list, stable under reformatting. `held` is None where all arguments are proved to fit.
    """

    index: int
    verb: str
    agent: str
    action: str
    arguments: MakeRecord
    span: Span = field(compare=False, repr=False)
    acting_as: Who | None = None
    within: Decimal | None = None
    alias: str = ""
    error: Term | None = None
    on_timeout: tuple[Plan, ...] = ()
    retry: int | None = None
    after: Decimal | None = None
    held: Held | None = field(default=None, compare=False, repr=False)

    @property
    def target(self) -> str:
        return f"{self.agent}.{self.action}" if self.agent else self.action or "reply"


DRAFT, SHADOW, LIVE = "draft", "shadow", "live"


@swift
@dataclass(frozen=True, slots=True, weakref_slot=True)
class Rule:
    """`event` is the type it fires on. Drafts are checked and never evaluated, shadow rules never act.

    `time` are its clauses about time. Where several events make it fire, `event` is the type of the one whose bare
    names it reads, and an index holds one rule for each event, whose `step` says which it is.
    """

    id: str
    event: str
    condition: Condition
    plans: tuple[Plan, ...]
    span: Span = field(compare=False, repr=False)
    scope: Scope = field(default_factory=Scope)
    lets: tuple[tuple[str, Term], ...] = ()
    order: int = 100
    stop: bool = False
    status: str = LIVE
    pack: str = ""
    about: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict, hash=False)
    digest: str = ""
    time: Time | None = field(default=None, repr=False)
    step: int = field(default=0, repr=False)
    provider: str = field(default=RULES, compare=False, repr=False)
    """What it was written as: `rules`, `links` or `table`."""
    space: str = field(default="", compare=False, repr=False)
    """Whose name it has, where an organisation submitted it; its id is that, `/`, and the name that was written."""

    @property
    def place(self) -> tuple[int, str, str]:
        """Rules are tried in rising `order`, then by the name that was written: whose it is tells nothing of when."""
        return (self.order, self.id[len(self.space) + 1 :] if self.space else self.id, self.space)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Ruleset:
    """Everything that holds at one time: immutable, shared by all threads, replaced whole.

    `digest` names the generation: SHA-256 over the meaning of every declaration, in hex, so that reformatting
    does not change it and every change of meaning does.
    """

    digest: str
    rules: tuple[Rule, ...]
    events: Mapping[str, EventType]
    actions: Mapping[str, ActionType]
    agents: Mapping[str, AgentUse]
    tables: Mapping[str, Table]
    cases: tuple[Case, ...]
    params: Mapping[str, Json]
    messages: Mapping[str, Message] = field(default_factory=dict)
    """How agents are told of the types of actions that they do, by `agent.type`."""


@dataclass(frozen=True, slots=True)
class Message:
    """What an agent that does a type of action is handed for it: `action` is the name it knows it by, `body` is made
    of the arguments; None hands them on as they are. `held` is what the message is held to, as that of a plan."""

    action: str
    body: MakeRecord | None = None
    held: Held | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AgentUse:
    """Which plug-in does an agent's work: its name and its settings; an empty plug-in name means none is said."""

    name: str
    plugin: str = ""
    settings: Mapping[str, Json] = field(default_factory=dict, hash=False)
    about: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
