"""Is exactly one row true, whatever the event? Decided by cutting each column at the constants its cells name.

Cells test one column each, so between two neighbouring constants, and on each of them, every cell has one truth.
One representative value for each such piece decides all events (a small-model argument); the product of the
pieces is walked. Columns whose cells use patterns or functions have no such pieces: then nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import product
from math import floor

from atamo_rules.model.meaning import All, Any, Condition, Const, Constant, Get, Not, Present, Term, Test
from atamo_rules.model.table import Table
from atamo_rules.model.types import Boolean, EventType, Number, OneOf, Policy, Record, Text, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label

MOST = 50_000
"""Combinations walked before the answer is `not proved`."""


class Missing:
    """The value of a column that is absent."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()


def proof(table: Table, event: EventType) -> Iterator[Diagnostic]:
    """Gaps, overlaps and rows that never win, each with the values that show it; `event` is the table's type."""
    columns = [
        _pieces(term, [row.cells[position] for row in table.rows], _may_be_missing(term, event))
        for position, term in enumerate(table.inputs)
    ]
    size = 1
    for column in columns:
        size *= len(column) if column is not None else MOST + 1
    if size > MOST:
        if table.mode == "exactly one row":
            yield codes.TABLE_UNDECIDED.at(
                table.span,
                f"that exactly one row of `{table.name}` holds could not be proved",
                help="test its edges",
            )
        return
    won, gaps, overlaps = _walked(table, [column for column in columns if column is not None])
    if gaps:
        yield codes.TABLE_GAP.at(
            table.span,
            f"no row of `{table.name}` holds for {gaps[0]}",
            notes=[f"nor for {gap}" for gap in gaps[1:4]],
            help="add a row for it, or write `first row wins` and a last row of `any`",
        )
    for (first, second), shown in list(overlaps.items())[:3]:
        yield codes.TABLE_GAP.at(
            table.rows[second].span,
            f"this row and another of `{table.name}` both hold for {shown}",
            also=[Label(table.rows[first].span, "the other row")],
            help="make one of them narrower, or write `first row wins`",
        )
    if table.mode == "first row wins":
        for number, row in enumerate(table.rows):
            if number not in won:
                yield codes.NEVER_TRUE.at(
                    row.span,
                    "this row can never win: rows above it take all its events",
                    help="move it up, or delete it",
                )


def _walked(
    table: Table, columns: Sequence[Sequence[object]]
) -> tuple[set[int], list[str], dict[tuple[int, int], str]]:
    """The rows that win for some values; and where exactly one row is to hold, the values for which none does, and the
    pairs of rows that both do."""
    won: set[int] = set()
    gaps: list[str] = []
    overlaps: dict[tuple[int, int], str] = {}
    for values in product(*columns):
        rows = [
            number
            for number, row in enumerate(table.rows)
            if all(_holds(cell, value) for cell, value in zip(row.cells, values, strict=True))
        ]
        won.update(rows[:1])
        if table.mode != "exactly one row" or len(rows) == 1:
            continue
        if not rows:
            gaps.append(_shown(table, values))
        else:
            overlaps.setdefault((rows[0], rows[1]), _shown(table, values))
    return won, gaps, overlaps


def _shown(table: Table, values: Sequence[object]) -> str:
    """An event by the values of the table's columns."""
    pairs = zip(table.inputs, values, strict=True)
    return ", ".join(
        f"{term.span.text} missing" if value is MISSING else f"{term.span.text} = {_show(value)}"
        for term, value in pairs
    )


def _may_be_missing(term: Term, event: EventType) -> bool:
    """Whether an event that its door let in can lack the value of a column."""
    if event.invalid == Policy.FLAG or not isinstance(term, Get) or term.root != "event":
        return True
    type: Type = event.type
    for step in term.steps:
        member = type.members.get(step) if isinstance(type, Record) and isinstance(step, str) else None
        if member is None or member.optional:
            return True
        type = member.type
    return False


def _pieces(term: Term, cells: Sequence[Condition], may_be_missing: bool) -> list[object] | None:
    """One value for every piece of the column's domain, or None when the cells cannot be cut that way."""
    if not isinstance(term, Get) or term.many:
        return None
    constants: list[object] = []
    for cell in cells:
        if not _collect(cell, constants):
            return None
    missing: list[object] = [MISSING] if may_be_missing else []
    type: Type = term.type
    if isinstance(type, OneOf):
        return [*type.values, *missing]
    if isinstance(type, Boolean):
        return [True, False, *missing]
    if isinstance(type, Number):
        return _numbers(constants, type) + missing
    if isinstance(type, Text):
        texts = [value for value in dict.fromkeys(constants) if isinstance(value, str)]
        other = "other"
        while other in texts:
            other += "…"
        return [*texts, other, *missing]
    return None


def _collect(cell: Condition, constants: list[object]) -> bool:
    match cell:
        case Constant() | Present():
            return True
        case Test(operator="eq" | "lt" | "le" | "gt" | "ge" | "in", right=Const(value), ignore_case=False):
            constants.extend(value if isinstance(value, tuple | list) else [value])
            return True
        case All() | Any():
            return all(_collect(part, constants) for part in cell.parts)
        case Not():
            return _collect(cell.part, constants)
        case _:
            return False


def _numbers(constants: Sequence[object], type: Number) -> list[object]:
    cuts = sorted(
        {value for value in constants if isinstance(value, int | Decimal) and not isinstance(value, bool)}
    )
    if not cuts:
        return [type.low if type.low is not None else 0]
    step = Decimal(1)
    values: list[int | Decimal] = [cuts[0] - step]
    for low, high in zip(cuts, [*cuts[1:], cuts[-1] + 2 * step], strict=True):
        values.append(low)
        between = (Decimal(low) + Decimal(high)) / 2
        if not type.whole:
            values.append(between)
        elif floor(low) + 1 < high:
            values.append(floor(low) + 1)
    inside = [
        value
        for value in values
        if (type.low is None or value >= type.low) and (type.high is None or value <= type.high)
    ]
    return list(inside) or [type.low if type.low is not None else type.high]


def _holds(cell: Condition, value: object) -> bool:
    match cell:
        case Constant():
            return cell.value
        case Present():
            return value is not MISSING
        case All():
            return all(_holds(part, value) for part in cell.parts)
        case Any():
            return any(_holds(part, value) for part in cell.parts)
        case Not():
            return not _holds(cell.part, value)
        case Test(right=Const(constant)):
            return _test(cell.operator, value, constant)
        case _:
            raise AssertionError(cell)


def _test(operator: str, value: object, constant: object) -> bool:
    if value is MISSING:
        return False
    if operator == "in":
        return isinstance(constant, tuple | list) and any(_test("eq", value, one) for one in constant)
    if operator == "eq":
        return isinstance(value, bool) == isinstance(constant, bool) and value == constant
    numbers = int | Decimal | timedelta
    if isinstance(value, bool) or not isinstance(value, numbers) or not isinstance(constant, numbers):
        return False
    less, equal = value < constant, value == constant  # type: ignore[operator]
    return {"lt": less, "le": less or equal, "gt": not less and not equal, "ge": not less}[operator]


def _show(value: object) -> str:
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
