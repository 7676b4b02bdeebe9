"""The tree of a rule file, part seven: tests."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.syntax.tree import (
    Literal,
    Name,
    Node,
    ObjectValue,
    Quantity,
    Step,
    Value,
)


@dataclass(frozen=True, slots=True)
class Actor(Node):
    """`by alice in support, partners of acme`: the acting user, its groups and organisation."""

    user: Name
    groups: tuple[Name, ...] = ()
    organisation: Name | None = None


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    """`5 times every 1 minute` after a given event."""

    times: int
    every: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Given(Node):
    """`given ticket.created { subject: "x" } by alice in support`; missing required fields are filled in."""

    event: Name
    fields: ObjectValue
    by: Actor | None = None
    repeat: Repeat | None = None
    at: Literal | None = None


@dataclass(frozen=True, slots=True)
class Matcher(Node):
    """`to: "l2"` or `message contains: "DB down"` in an expectation: path, operator, value."""

    keys: tuple[Step, ...]
    operator: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Expected(Node):
    """`oncall.page { … }`, `reply { … }`, `reply error`, `ticket.escalated`, `rule page_oncall`.

    `kind` is "action" (an agent's action or an emitted event; which, is resolved later), "reply", "error" or
    "rule"; `times` is None for at least one; 0 is written `not oncall.page`.
    """

    kind: str
    target: Name | None
    matchers: tuple[Matcher, ...] = ()
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """`expect nothing`, or what must be among the actions; `at` is a virtual time such as 00:04."""

    expected: tuple[Expected, ...] = ()
    nothing: bool = False
    at: Literal | None = None


@dataclass(frozen=True, slots=True)
class Mock(Node):
    """`mock crm.summary -> { text: "10 seats" }`, `-> timeout`, `-> error "busy"`."""

    target: Name
    answer: ObjectValue | None = None
    error: Literal | None = None
    timeout: bool = False


@dataclass(frozen=True, slots=True)
class Test(Node):
    """Given events, expected actions. Inside a rule it runs that rule alone; at top level, the ruleset."""

    name: Name
    mocks: tuple[Mock, ...] = ()
    steps: tuple[Given | Expect, ...] = ()
