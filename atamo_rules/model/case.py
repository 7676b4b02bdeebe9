"""A test from a rule file, checked against the types: given events, expected actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from atamo_rules.model.people import User
from atamo_rules.model.types import Json
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """An event to decide. `body` holds what the author gave; the engine fills the required rest."""

    type: str
    body: Json = field(hash=False)
    span: Span = field(compare=False, repr=False)
    user: User | None = None
    times: int = 1
    every: timedelta = timedelta(0)
    at: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One expectation on an action's body. `operator` is is, is not, contains, starts with, ends with, matches,
    is present, is absent, <, <=, > or >=."""

    path: tuple[str | int, ...]
    operator: str
    value: Json = field(hash=False)
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Expectation:
    """`kind` is action (`target` is agent.action), emit (event type), reply, error or rule (rule id).

    `times` None: at least once.
    """

    kind: str
    target: str
    span: Span = field(compare=False, repr=False)
    matches: tuple[Match, ...] = ()
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the actions since the last expectation must be; empty `all` means nothing at all."""

    all: tuple[Expectation, ...]
    span: Span = field(compare=False, repr=False)
    at: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mocked action answers: a body, an error text, or (both None) nothing within its time."""

    target: str
    body: Json = field(default=None, hash=False)
    error: str | None = None
    timeout: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A test. `rule` is the rule it runs alone, or empty: then the whole ruleset runs."""

    name: str
    rule: str
    steps: tuple[GivenEvent | Expected, ...]
    span: Span = field(compare=False, repr=False)
    answers: tuple[Answer, ...] = ()
