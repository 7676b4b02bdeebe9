"""The tree of a rule file, part five: types, and the fields that have them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from atamo_rules.syntax.tree import Literal, Name, Node

TYPE_WORDS = (
    "text",
    "whole",
    "number",
    "money",
    "boolean",
    "time",
    "date",
    "duration",
    "email",
    "uri",
    "uuid",
    "ip",
    "anything",
    "anything through lists",
)


@dataclass(frozen=True, slots=True)
class Plain(Node):
    """One of `TYPE_WORDS`, with inclusive bounds where given: `whole 1..1000`, `text 1..80` (length), `money 0..`."""

    word: str
    low: int | Decimal | None = None
    high: int | Decimal | None = None


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """`one of low, normal, high`, or quoted values, or numbers."""

    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """`list of TYPE`; `list of` a nested record has a RecordOf item."""

    item: TypeExpr


@dataclass(frozen=True, slots=True)
class MapOf(Node):
    """`map of TYPE`."""

    value: TypeExpr


@dataclass(frozen=True, slots=True)
class RecordOf(Node):
    """Nested fields, indented under their name."""

    fields: tuple[Field, ...]


TypeExpr: TypeAlias = "Plain | OneOf | ListOf | MapOf | RecordOf"


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`amount: money? = 0 "about"`. `optional` is the `?`: the field may be left out or be null."""

    name: Name
    type: TypeExpr
    optional: bool = False
    default: Literal | None = None
    about: Literal | None = None
