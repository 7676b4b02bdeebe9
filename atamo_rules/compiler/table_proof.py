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

from atamo_rules.model.meaning import All, Any, Condition, Const, Constant, Get, Not, Term, Test
from atamo_rules.model.table import Table
from atamo_rules.model.types import Boolean, Number, OneOf, Text, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label

MOST = 50_000
"""Combinations walked before the answer is `not proved`."""


class Missing:
    """The value of a column that is absent."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()


def proof(table: Table) -> Iterator[Diagnostic]:
    """Gaps, overlaps and rows that never win, each with the values that show it."""
    columns = [
        _pieces(term, [row.cells[position] for row in table.rows], optional=table.optional[position])
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
    won: set[int] = set()
    said = 0
    for values in product(*(column for column in columns if column is not None)):
        rows = [
            number
            for number, row in enumerate(table.rows)
            if all(_holds(cell, value) for cell, value in zip(row.cells, values, strict=True))
        ]
        won.update(rows[:1])
        if table.mode != "exactly one row" or len(rows) == 1 or said >= 3:
            continue
        said += 1
        shown = ", ".join(
            f"{term.span.text} = {_show(value)}" for term, value in zip(table.inputs, values, strict=True)
        )
        if not rows:
            yield codes.TABLE_GAP.at(table.span, f"no row of `{table.name}` holds for {shown}")
        else:
            one, two = table.rows[rows[0]], table.rows[rows[1]]
            yield codes.TABLE_GAP.at(
                two.span,
                f"this row and another of `{table.name}` both hold for {shown}",
                also=[Label(one.span, "the other row")],
            )
    if table.mode == "first row wins":
        for number, row in enumerate(table.rows):
            if number not in won:
                yield codes.NEVER_TRUE.at(
                    row.span, "this row can never win: rows above it take all its events"
                )


def _pieces(term: Term, cells: Sequence[Condition], *, optional: bool) -> list[object] | None:
    """One value for every piece of the column's domain, or None when the cells cannot be cut that way.

    A column that may be missing has one piece more. A required one has not: the door holds events to their type.
    """
    if not isinstance(term, Get) or term.many:
        return None
    constants: list[object] = []
    for cell in cells:
        if not _collect(cell, constants):
            return None
    missing: list[object] = [MISSING] if optional else []
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
        case Constant():
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
        elif low + 1 < high:
            values.append(int(low) + 1)
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
