"""What an importer makes of one foreign file: rules of ours, and what could not be said exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span
from atamo_rules.syntax.declarations import Declaration, Rule


@dataclass(frozen=True, slots=True)
class Imported:
    """One foreign rule as ours. `rule.name` is `name`, whatever characters it has.

    `span` is where it stands in the foreign file. `beside` holds the declarations that this rule alone needs and
    that stand with it in its file, such as a list of values.
    """

    name: str
    rule: Rule
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
