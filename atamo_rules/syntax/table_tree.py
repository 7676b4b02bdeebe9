"""The tree of a rule file, part six: decision tables."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.syntax.tree import (
    Expr,
    Name,
    Node,
)
from atamo_rules.syntax.trigger_tree import On

MODES = ("first row wins", "exactly one row", "collect rows")


@dataclass(frozen=True, slots=True)
class Cell(Node):
    """An input cell: `any`, or unary tests of which one must hold (`urgent, high`, `>= 10000`, `not "x"`).

    Each test is a pair (operator of COMPARISONS or STATES, operand or None); no tests means `any`.
    """

    tests: tuple[tuple[str, Expr | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Row(Node):
    """One row: a cell for each input column and a value for each output column."""

    cells: tuple[Cell, ...]
    outputs: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Table(Node):
    """A decision table over one event type."""

    name: Name
    on: On
    mode: str
    inputs: tuple[Expr, ...]
    outputs: tuple[Name, ...]
    rows: tuple[Row, ...]
