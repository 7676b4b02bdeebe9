"""What an importer makes of one foreign file: rules or types of actions, and what could not be said exactly."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import TypeAlias

from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span
from atamo_rules.syntax.declarations import ActionTypeDecl, AgentDecl, Declaration, Rule
from atamo_rules.syntax.tree import Argument, ObjectValue


@dataclass(frozen=True, slots=True)
class Imported:
    """One foreign rule as ours, or a foreign operation as a type of action. `rule.name` is `name`, whatever characters
    it has.

    `span` is where it stands in the foreign file. `beside` holds the declarations that this rule alone needs and
    that stand with it in its file, such as a list of values.
    """

    name: str
    rule: Rule | ActionTypeDecl
    span: Span
    beside: tuple[Declaration, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """One foreign rule that is sound and cannot be said exactly; `reason` is one sentence in lower case."""

    name: str
    reason: str
    span: Span


Item: TypeAlias = "Imported | Refused"


@dataclass(frozen=True, slots=True)
class Reading:
    """All rules of one foreign file, in its order.

    `diagnostics` says what is malformed, each at its place; the rules it concerns are in no item. `around` holds the
    declarations that the rules need and share with those of other files: event types and agents. Two readings that
    declare the same name declare the same thing.
    """

    items: tuple[Item, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    around: tuple[Declaration, ...] = ()


def doing(agent: AgentDecl, names: Container[str]) -> AgentDecl:
    """An agent that does no types but those of these names, and has settings for no others."""
    if not agent.does or agent.uses is None:
        return agent
    does = tuple(one for one in agent.does if one.action.text in names)
    settings = tuple(_only(one, names) for one in agent.uses.settings)
    return replace(agent, does=does, uses=replace(agent.uses, settings=settings))


def _only(setting: Argument, names: Container[str]) -> Argument:
    if setting.keys[0].key != "actions" or not isinstance(setting.value, ObjectValue):
        return setting
    entries = tuple(one for one in setting.value.entries if one.keys[0].key in names)
    return replace(setting, value=replace(setting.value, entries=entries))
