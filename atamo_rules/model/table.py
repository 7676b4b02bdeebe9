"""A decision table as it is meant: rows of conditions over one event type, each with an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from atamo_rules.model.meaning import Condition, MakeRecord, Term
from atamo_rules.model.types import Record
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the condition its cells make together (cells in column order), and its outputs."""

    cells: tuple[Condition, ...]
    outputs: MakeRecord
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    """`mode` is "first row wins", "exactly one row" or "collect rows"; `answer` is the type of one row's outputs.

    `optional` says for each column whether its value may be missing.
    """

    name: str
    event: str
    mode: str
    inputs: tuple[Term, ...]
    rows: tuple[TableRow, ...]
    answer: Record
    span: Span = field(compare=False, repr=False)
    optional: tuple[bool, ...] = ()
