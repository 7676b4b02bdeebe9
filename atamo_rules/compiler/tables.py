"""Decision tables: cells to conditions, outputs to typed values, and what `exactly one row` promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from atamo_rules.compiler import arguments, conditions, missing, operands
from atamo_rules.compiler.context import NOTHING, Context, Environment, Operand
from atamo_rules.compiler.describe import describe, kind_of, many
from atamo_rules.compiler.rules import event_of, open_event
from atamo_rules.model.meaning import Any, Condition, Const, Constant, MakeRecord, Term
from atamo_rules.model.table import Table, TableRow
from atamo_rules.model.types import Anything, Duration, Member, Number, OneOf, Record, Text, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree


def table(written: decl.Table, environment: Environment, report: list[Diagnostic]) -> Table | None:
    """The table as it is meant, or None after saying every mistake in it."""
    known = environment.events.get(written.on.event.text) or event_of(written.on, environment, report)
    event = known or open_event(written.on, environment)
    before = len(report)
    context = Context(environment, event, report, lenient=True)
    inputs = [operands.operand(column, context, NOTHING) for column in written.inputs]
    rows: list[tuple[decl.Row, tuple[Condition, ...], tuple[Operand, ...]]] = []
    for row in written.rows:
        if len(row.cells) != len(written.inputs) or len(row.outputs) != len(written.outputs):
            report.append(
                codes.BAD_TABLE.at(
                    row.span,
                    f"this row has {many(len(row.cells), 'cell')} and {many(len(row.outputs), 'answer')}, "
                    f"but the table has {len(written.inputs)} and {len(written.outputs)}",
                    help="write `any` in a cell that does not matter",
                )
            )
            continue
        cells = [
            _cell(cell, column, context)
            for cell, column, found in zip(row.cells, written.inputs, inputs, strict=True)
            if found is not None
        ]
        answers = [_answer(output, context) for output in row.outputs]
        good_cells = tuple(cell for cell in cells if cell is not None)
        good = tuple(answer for answer in answers if answer is not None)
        if len(good_cells) == len(row.cells) and len(good) == len(row.outputs):
            rows.append((row, good_cells, good))
    answer = _record(written, [row[2] for row in rows], report)
    lost = known is None or any(one is None for one in inputs) or len(rows) < len(written.rows)
    if lost or any(d.severity is codes.ERROR for d in report[before:]) or answer is None:
        return None
    made = tuple(
        TableRow(
            cells,
            MakeRecord(
                tuple(
                    (name.text, one.term, False) for name, one in zip(written.outputs, outputs, strict=True)
                ),
                span=row.span,
            ),
            row.span,
        )
        for row, cells, outputs in rows
    )
    terms: tuple[Term, ...] = tuple(one.term for one in inputs if one is not None)
    return Table(written.name.text, event.name, written.mode, terms, made, answer, written.name.span)


def _cell(cell: decl.Cell, column: tree.Expr, context: Context) -> Condition | None:
    """The condition a cell makes of its column; several tests in a cell are alternatives."""
    if not cell.tests:
        return Constant(True, span=cell.span)
    parts: list[Condition] = []
    for operator, right in cell.tests:
        written: tree.Expr
        if right is None:
            written = tree.State(operator, column, span=cell.span)
        else:
            written = tree.Compare(operator, column, right, span=cell.span)
        outcome = conditions.condition(written, context, NOTHING)
        if outcome is None:
            return None
        parts.append(outcome.condition)
    return parts[0] if len(parts) == 1 else Any(tuple(parts), span=cell.span)


def _answer(output: tree.Expr, context: Context) -> Operand | None:
    strict = replace(context, lenient=False)
    if isinstance(output, tree.Path) and len(output.steps) == 1:
        word = str(output.steps[0].key)
        quiet = replace(strict, report=[])
        if operands.operand(output, quiet, NOTHING) is None:
            # A bare word that is no field is a value of its own: `=> queue` columns often list such words.
            return Operand(Const(word, span=output.span), OneOf((word,)))
    if isinstance(output, tree.Literal) and isinstance(output.value, str):
        # The answers of a column are a closed list: comparing one with a word that is none of them is a mistake.
        return Operand(Const(output.value, span=output.span), OneOf((output.value,)))
    found = arguments.value(output, Member(Anything()), "answer", strict, NOTHING)
    if found is not None and found.absent is not None:
        missing.report_absent(output, found, strict)
        return None
    return found


def _record(
    written: decl.Table, rows: Sequence[tuple[Operand, ...]], report: list[Diagnostic]
) -> Record | None:
    members: dict[str, Member] = {}
    for position, name in enumerate(written.outputs):
        if name.text in members:
            report.append(codes.DECLARED_TWICE.at(name.span, f"the answer `{name.text}` is declared twice"))
            return None
        types = [row[position].type for row in rows]
        joined = types[0] if types else Anything()
        for type, row in zip(types, rows, strict=True):
            union = join(joined, type)
            if union is None:
                report.append(
                    codes.BAD_TABLE.at(
                        row[position].term.span,
                        f"`{name.text}` is {describe(type)} here and {describe(joined)} above",
                    )
                )
                return None
            joined = union
        members[name.text] = Member(joined)
    return Record(members)


def join(one: Type, two: Type) -> Type | None:
    """The narrowest type of ours that holds the values of both, or None when they do not mix."""
    if one == two:
        return one
    if isinstance(one, Anything) or isinstance(two, Anything):
        return Anything()
    if isinstance(one, OneOf) and isinstance(two, OneOf):
        return OneOf(tuple(dict.fromkeys((*one.values, *two.values))))
    if isinstance(one, Number) and isinstance(two, Number):
        return Number(whole=one.whole and two.whole)
    if kind_of(one) == kind_of(two) == "text":
        return Text()
    return Duration() if kind_of(one) == kind_of(two) == "duration" else None
