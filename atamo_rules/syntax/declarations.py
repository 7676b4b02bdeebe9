"""The tree of a rule file, part two: declarations and rules. Expressions are in `tree`.

The other parts stand in files of their own and can be named from here, as `decl.On`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from atamo_rules.source.span import Source
from atamo_rules.source.swift import swift
from atamo_rules.syntax.agent_tree import ActionDecl as ActionDecl
from atamo_rules.syntax.agent_tree import ActionTypeDecl as ActionTypeDecl
from atamo_rules.syntax.agent_tree import AgentDecl as AgentDecl
from atamo_rules.syntax.agent_tree import Does as Does
from atamo_rules.syntax.agent_tree import Safe as Safe
from atamo_rules.syntax.agent_tree import Uses as Uses
from atamo_rules.syntax.table_tree import MODES as MODES
from atamo_rules.syntax.table_tree import Cell as Cell
from atamo_rules.syntax.table_tree import Row as Row
from atamo_rules.syntax.table_tree import Table as Table
from atamo_rules.syntax.test_tree import Actor as Actor
from atamo_rules.syntax.test_tree import Expect as Expect
from atamo_rules.syntax.test_tree import Expected as Expected
from atamo_rules.syntax.test_tree import Given as Given
from atamo_rules.syntax.test_tree import Matcher as Matcher
from atamo_rules.syntax.test_tree import Mock as Mock
from atamo_rules.syntax.test_tree import Repeat as Repeat
from atamo_rules.syntax.test_tree import Test as Test
from atamo_rules.syntax.tree import (
    Argument,
    Expr,
    Literal,
    Name,
    Node,
    Path,
    Quantity,
    Value,
)
from atamo_rules.syntax.trigger_tree import Collect as Collect
from atamo_rules.syntax.trigger_tree import Different as Different
from atamo_rules.syntax.trigger_tree import On as On
from atamo_rules.syntax.trigger_tree import Schedule as Schedule
from atamo_rules.syntax.trigger_tree import Then as Then
from atamo_rules.syntax.trigger_tree import Times as Times
from atamo_rules.syntax.trigger_tree import Trigger as Trigger
from atamo_rules.syntax.trigger_tree import Without as Without
from atamo_rules.syntax.type_tree import Field, TypeExpr


@dataclass(frozen=True, slots=True)
class Pack(Node):
    """`pack support.triage version "1.2.0"` with `owner`, `about` and further metadata lines below."""

    name: Name
    version: Literal | None = None
    metadata: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use support.triage version "1.x"`: this pack needs that one."""

    pack: Name
    version: Literal | None = None


@dataclass(frozen=True, slots=True)
class Param(Node):
    """`param big_amount: money = 500 "about"`; without a default the host must give a value."""

    name: Name
    type: TypeExpr
    default: Expr | None = None
    about: Literal | None = None


@dataclass(frozen=True, slots=True)
class ListDecl(Node):
    """`list vip_domains = "acme.com", "corp.eu"`."""

    name: Name
    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`t: ticket.created` of a definition: the name of an event type, or a plain type."""

    name: Name
    event: Name | None = None
    type: TypeExpr | None = None


@dataclass(frozen=True, slots=True)
class Define(Node):
    """`define is_vip(t: ticket.created): condition`, one line or indented continuation lines."""

    name: Name
    parameters: tuple[Parameter, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class From(Node):
    """`from "schemas/x.json"`, with an optional JSON pointer after `#`."""

    path: Literal


@dataclass(frozen=True, slots=True)
class Completing(Node):
    """`complete when any 2 within 5 seconds kept 1 hour` below a request, or `complete after 5 seconds`, which is
    `after`. `policy` is all, first, any or after; `count` is of `any`."""

    policy: str = "all"
    count: int = 0
    after: Quantity | None = None
    within: Quantity | None = None
    kept: Quantity | None = None


@dataclass(frozen=True, slots=True)
class EventDecl(Node):
    """`event NAME "about"` or `request NAME`: fields below, `from "x.json"`, or `of anything`.

    Exactly one of `fields`, `schema`, `anything` is used; `through_lists` and `as_text` are what may stand behind
    `of anything`. `invalid` is the word after `when invalid`, `closed` is `other fields refused`. `answer` is for
    requests, as is `completing`: when there are answers enough.
    """

    name: Name
    about: Literal | None = None
    request: bool = False
    fields: tuple[Field, ...] = ()
    schema: From | None = None
    anything: bool = False
    invalid: Name | None = None
    closed: bool = False
    answer: tuple[Field, ...] | None = None
    through_lists: bool = False
    as_text: bool = False
    completing: Completing | None = None


# --- rules ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Principal(Node):
    """`user alice`, `group support`, `organisation acme`; `kind` is the first word."""

    kind: str
    name: Name


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let r = routing(event)`."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class AtMost(Node):
    """`at most once per 1 hour by source_ip`, `at most 3 per 1 day by customer.id`."""

    count: int
    per: Quantity
    by: tuple[Path, ...] = ()


VERBS = ("send", "track", "ask", "reply", "publish", "emit")


@swift
@dataclass(frozen=True, slots=True)
class Do(Node):
    """One action. `target` is `agent.action` (send, track, ask, publish), an event type (emit), or None (reply).

    `error` is the text of `reply error "…"`. `on_timeout` replaces the rest of the actions. An action that could not be
    read has no verb; it is there for its alias, which later actions may use. `unread` says that some argument could not
    be read, so that none is said to be missing. `retry` is how often it is tried again; `after` is how long it waits
    before it is begun.
    """

    verb: str
    target: Name | None = None
    arguments: tuple[Argument, ...] = ()
    acting_as: Principal | None = None
    within: Quantity | None = None
    alias: Name | None = None
    error: Value | None = None
    on_timeout: tuple[Do, ...] = ()
    unread: bool = False
    retry: int | None = None
    after: Quantity | None = None


@swift
@dataclass(frozen=True, slots=True)
class Rule(Node):
    """A rule. `unread` names the clauses that stand there and could not be read. `provider` is what it was written as:
    `rules`, `links`, or `table` for a row of a sheet."""

    name: Name
    trigger: Trigger | None
    about: Literal | None = None
    order: Literal | None = None
    status: Name | None = None
    metadata: tuple[Argument, ...] = ()
    include: tuple[Principal, ...] = ()
    exclude: tuple[Principal, ...] = ()
    lets: tuple[Let, ...] = ()
    condition: Expr | None = None
    at_most: AtMost | None = None
    actions: tuple[Do, ...] = ()
    stop: bool = False
    tests: tuple[Test, ...] = ()
    unread: tuple[str, ...] = ()
    provider: str = field(default="rules", compare=False)


Declaration: TypeAlias = (
    "Pack | Use | Param | ListDecl | Define | EventDecl | ActionTypeDecl | AgentDecl | Rule | Table | Test"
)


@dataclass(frozen=True, slots=True)
class File:
    """One rule file: its declarations in the author's order.

    `unread` holds (kind, name) for every name in a declaration that could not be read wholly: uses of such a name are
    not reported.
    """

    source: Source = field(compare=False, repr=False)
    declarations: tuple[Declaration, ...]
    unread: tuple[tuple[str, str], ...] = ()
