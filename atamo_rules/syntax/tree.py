"""The tree of a rule file as it was written: names unresolved, types unchecked, places kept.

Both containers, `.atamo` and YAML, make exactly this tree, and `unparse` writes it in either. Two equal trees
may stand in two places: spans and comments are not part of what a tree means.

This file holds values, expressions and conditions; types are in `type_tree`, and what holds them in `declarations`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from atamo_rules.source.span import Fragment, Span
from atamo_rules.source.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything written; `span` is where."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """What people wrote for each other: the text behind a `#`, and its offset. `alone` on a line of its own."""

    offset: int
    text: str
    alone: bool


@swift
@dataclass(frozen=True, slots=True)
class Name(Node):
    """One name, dotted or not, as written: `ticket.created`, `page_oncall`, `any words in quotes`."""

    text: str


# --- values and operands --------------------------------------------------------------------------------


@swift
@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A text, whole number, decimal, truth value or null. Numbers are int or Decimal, never float."""

    value: str | int | Decimal | bool | None


@swift
@dataclass(frozen=True, slots=True)
class Quantity(Node):
    """A length of time, `15 minutes`: `amount` of `unit` (second, minute, hour, day or week, singular)."""

    amount: int | Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """`/pattern/`, RE2 syntax, without the slashes; `\\/` is written back where a slash is meant."""

    pattern: str


@swift
@dataclass(frozen=True, slots=True)
class Step(Node):
    """One step of a path: a name (bare, or `["quoted"]`), or the index of a list element."""

    key: str | int


@swift
@dataclass(frozen=True, slots=True)
class Path(Node):
    """`customer.tier`, `reactions["+1"]`, `commits[0].id`, `param.limit`; a lone word may be an enum value."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        from atamo_rules.syntax.words import path_text

        return path_text(tuple(step.key for step in self.steps))


@dataclass(frozen=True, slots=True)
class AnyField(Node):
    """`any field`: whatever stands in the event, at any depth, as text; only on the left of a comparison."""


@swift
@dataclass(frozen=True, slots=True)
class Call(Node):
    """`domain(x)`, `routing(event)`, `is_vip(event)`: a function, table or definition; which, is resolved later."""

    function: Name
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left operator right`, operator one of `+ - * /`; `/` takes a literal divisor only."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """`-x`; of a literal it is folded into the literal."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Else(Node):
    """`(x else 0)`: the value, or the fallback where the value is absent."""

    value: Expr
    fallback: Expr


@swift
@dataclass(frozen=True, slots=True)
class ListValue(Node):
    """`[a, b, c]`."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Count(Node):
    """`count(t in tags has (…))`: how many elements hold; `count(tags)` is an ordinary call."""

    variable: Name
    collection: Expr
    condition: Expr


# --- conditions -----------------------------------------------------------------------------------------

COMPARISONS = (
    "is",
    "is not",
    "<",
    "<=",
    ">",
    ">=",
    "is one of",
    "is not one of",
    "is between",
    "contains",
    "does not contain",
    "starts with",
    "does not start with",
    "ends with",
    "does not end with",
    "matches",
    "does not match",
    "is like",
    "is not like",
    "is in network",
    "is not in network",
)
"""Binary operators as `fmt` writes them. `is between` has a ListValue of two on the right (`between 1 and 5`).
`==`, `!=`, `in` and `not in` are read as `is`, `is not`, `is one of`, `is not one of`."""

STATES = (
    "is present",
    "is absent",
    "is null",
    "is not null",
    "exists",
    "does not exist",
    "is empty",
    "is not empty",
    "is a text",
    "is not a text",
    "is a number",
    "is not a number",
    "is a boolean",
    "is not a boolean",
    "is a list",
    "is not a list",
    "is an object",
    "is not an object",
)
"""Operators without a right side. Present: there and not null. Exists: the key is there, null or not. The last ask
what an `anything` is."""


@swift
@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`left operator right`. `quantifier` is "any" or "all" in `contains any of [..]`, else empty."""

    operator: str
    left: Expr
    right: Expr
    quantifier: str = ""
    ignoring_case: bool = False


@swift
@dataclass(frozen=True, slots=True)
class State(Node):
    """`operand is present` and its kin, operator one of `STATES`."""

    operator: str
    operand: Expr


@swift
@dataclass(frozen=True, slots=True)
class AllOf(Node):
    """Parts joined by `and`, at least two."""

    parts: tuple[Expr, ...]


@swift
@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """Parts joined by `or`, at least two."""

    parts: tuple[Expr, ...]


@swift
@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not condition`."""

    part: Expr


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`any t in tags has (…)`, `every …`, `no …`: conditions that meet in the same element."""

    quantifier: str
    variable: Name
    collection: Expr
    condition: Expr


Expr: TypeAlias = (
    "Literal | Quantity | Regex | Path | AnyField | Call | Arithmetic | Negative | Else | ListValue | Count"
    " | Compare | State | AllOf | AnyOf | Not | Quantified"
)


# --- what an argument can be ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template(Node):
    """Text with Jinja in it. `text` is what Jinja reads; `fragment` knows where each character stands. `alone`
    is the field that it is nothing but, in links and sheets, where the field's value is meant and not its text."""

    text: str
    fragment: Fragment = field(compare=False, repr=False)
    alone: Path | None = field(default=None, compare=False, repr=False)


@swift
@dataclass(frozen=True, slots=True)
class Argument(Node):
    """`key: value`. A key is one field name; in tests it may be a dotted path, split into `keys`."""

    keys: tuple[Step, ...]
    value: Value


@swift
@dataclass(frozen=True, slots=True)
class ObjectValue(Node):
    """Nested arguments, indented or `{ a: 1, b: 2 }`."""

    entries: tuple[Argument, ...]


Value: TypeAlias = "Expr | Template | ObjectValue | ListValue"
