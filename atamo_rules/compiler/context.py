"""What a check knows: the declarations of all files, the names that hold here, and what is known to be present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeAlias

from atamo_rules.model.meaning import Condition, Get, Step, Term
from atamo_rules.model.rule import Message
from atamo_rules.model.table import Table
from atamo_rules.model.types import (
    ActionType,
    Anything,
    EventType,
    Json,
    ListOf,
    Member,
    Record,
    Text,
    Type,
)
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span
from atamo_rules.source.swift import swift
from atamo_rules.syntax import declarations as decl

Key: TypeAlias = "tuple[str, tuple[Step, ...]]"
Facts: TypeAlias = "frozenset[Key]"
"""The paths known to be present where a condition or template stands."""

NOTHING: Facts = frozenset()
GUARDED: Facts = frozenset({("", ())})
"""What is known after a condition that could not be read: whatever it guards is taken for guarded."""


def is_known(facts: Facts, root: str, steps: tuple[Step, ...]) -> bool:
    """Whether a path is known to be present."""
    return (root, steps) in facts or facts >= GUARDED


USER = Record({"name": Member(Text()), "groups": Member(ListOf(Text())), "organisation": Member(Text())})
"""What `user` offers to rules; see `model.people.User`."""


_KINDS = ("event", "agent", "param", "list", "define", "table", "action")


@dataclass(frozen=True, slots=True)
class Constant:
    """A parameter or list: its type and value, and where it was declared."""

    name: str
    type: Type
    value: Json = field(hash=False)
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything declared outside rules and tests, by name."""

    events: Mapping[str, EventType]
    actions: Mapping[str, ActionType]
    agents: Mapping[str, decl.AgentDecl]
    params: Mapping[str, Constant]
    lists: Mapping[str, Constant]
    defines: Mapping[str, decl.Define]
    tables: Mapping[str, Table]
    places: Mapping[tuple[str, str], Span]
    """Where things were declared, by (kind, name); a field is ("field", "event.path")."""
    types: Mapping[str, ActionType] = field(default_factory=dict)
    """Types of actions that no agent owns."""
    doers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The agents that do each type of action, in the order of their names."""
    messages: Mapping[str, Message] = field(default_factory=dict)
    broken: frozenset[tuple[str, str]] = frozenset()
    """Declarations that have errors of their own: what uses them is not blamed again."""
    around: Environment | None = None
    """What is declared for all, where some of this is one organisation's own."""

    def home(self, define: decl.Define) -> Environment:
        """Where a definition was written: the names in its body mean what they mean there, whoever uses it."""
        around = self.around
        return self if around is None or define is not around.defines.get(define.name.text) else around

    def is_lost(self, *names: str) -> bool:
        """Whether one of the names may be declared in something that could not be read."""
        return any((kind, name) in self.broken for name in names for kind in _KINDS)


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name bound by `let`, `as`, `for`, `any` or a definition's parameter stands for."""

    term: Term
    type: Type
    span: Span = field(compare=False, repr=False)
    optional: bool = False


@swift
@dataclass(frozen=True, slots=True)
class Context:
    """Where an expression stands. `report` collects diagnostics; everything else is fixed."""

    environment: Environment
    event: EventType | None
    report: list[Diagnostic]
    names: Mapping[str, Binding] = field(default_factory=dict)
    template: str = ""
    """The argument whose template is being checked, or empty outside templates."""
    used: set[tuple[str, str]] = field(default_factory=set)
    """Declarations that were used, by (kind, name), for the lint of the unused."""
    expanding: tuple[decl.Define, ...] = ()
    subject: str = ""
    """What the value that stands here is compared with or given to, in the author's words."""
    lenient: bool = False
    """Table cells: a comparison on a missing value is false instead of an error."""
    provider: str = "rules"
    """What the rule was written as, which says what its author can write."""

    def about(self, subject: str) -> Context:
        """The same place for a value that is compared with `subject`, or given to it."""
        return Context(
            self.environment,
            self.event,
            self.report,
            self.names,
            self.template,
            self.used,
            self.expanding,
            subject,
            self.lenient,
            self.provider,
        )

    def bind(self, name: str, binding: Binding) -> Context:
        """The same place with one more name."""
        return replace(self, names={**self.names, name: binding})


@swift
@dataclass(frozen=True, slots=True)
class Operand:
    """A value that was understood. `absent` is the part of it that may be missing here, None when all is there."""

    term: Term
    type: Type
    absent: Get | None = None


@swift
@dataclass(frozen=True, slots=True)
class Outcome:
    """A condition that was understood, with what is known to be present after it held, and after it did not."""

    condition: Condition
    when_true: Facts = NOTHING
    when_false: Facts = NOTHING


def near(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like a word, if any does."""
    return _near(word, tuple(candidates))


@lru_cache(maxsize=1024)
def _near(word: str, candidates: tuple[str, ...]) -> str | None:
    """Remembered, since correct words are looked up too (`region is west` may mean a state), the same few in thousands
    of rules."""
    same = [one for one in candidates if one.casefold() == word.casefold()]
    found = same or get_close_matches(word, candidates, n=1, cutoff=0.6)
    return found[0] if found else None


def is_open(type: Type) -> bool:
    """Whether nothing is known about values of this type."""
    return isinstance(type, Anything)


def presence(found: Operand) -> Facts:
    """What is known when this value is present: its own path, and everything on the way to it."""
    term = found.term
    if not isinstance(term, Get):
        return NOTHING
    return _way_to(term.root, term.steps)


@lru_cache(maxsize=4096)
def _way_to(root: str, steps: tuple[Step, ...]) -> Facts:
    return frozenset((root, steps[:length]) for length in range(len(steps) + 1))
