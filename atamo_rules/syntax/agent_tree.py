"""The tree of a rule file, part three: types of actions, and the agents that do them."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.syntax.tree import Argument, Literal, Name, Node, Quantity
from atamo_rules.syntax.type_tree import Field


@dataclass(frozen=True, slots=True)
class Safe(Node):
    """`safe fresh 30 seconds stale 5 minutes shared by group staff` below an action: it only reads, so that equal calls
    may be made once. `by` is user (nothing was said), everyone, organisation or group, which `group` names."""

    fresh: Quantity | None = None
    stale: Quantity | None = None
    by: str = "user"
    group: Name | None = None


@dataclass(frozen=True, slots=True)
class ActionDecl(Node):
    """`ask summary "about"` inside an agent: `safe`, parameters below, then `answer` and its fields."""

    verb: str
    name: Name
    about: Literal | None = None
    parameters: tuple[Field, ...] = ()
    anything: bool = False
    answer: tuple[Field, ...] | None = None
    safe: Safe | None = None


@dataclass(frozen=True, slots=True)
class ActionTypeDecl(Node):
    """`action ticket.open "about"`: what several agents may do. `retry` is how often it is tried again where a rule
    says nothing; `example` are arguments that fit."""

    name: Name
    about: Literal | None = None
    parameters: tuple[Field, ...] = ()
    anything: bool = False
    answer: tuple[Field, ...] | None = None
    safe: Safe | None = None
    retry: int | None = None
    example: tuple[Argument, ...] | None = None


@dataclass(frozen=True, slots=True)
class Uses(Node):
    """`uses http` with settings below: which plug-in does the work, and where."""

    plugin: Name
    settings: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Does(Node):
    """`does ticket.open with create_issue` inside an agent, and below it the message that its own action is given.

    Without `own` the agent knows the action by its type's name; without a message it is given the
    arguments as they are.
    """

    action: Name
    own: Name | None = None
    message: tuple[Argument, ...] | None = None


@dataclass(frozen=True, slots=True)
class AgentDecl(Node):
    """`agent crm "about"`: what it can be asked to do, and who does it."""

    name: Name
    about: Literal | None = None
    uses: Uses | None = None
    actions: tuple[ActionDecl, ...] = ()
    does: tuple[Does, ...] = ()
