"""A tree as the lines of an `.atamo` file: declarations in the author's order, the clauses of a rule in ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.clause_wording import (
    cell_text,
    completing_text,
    on_text,
    parameters_text,
    safe_text,
)
from atamo_rules.syntax.places import keyword
from atamo_rules.syntax.rows import STEP, Row, Rows, row, shifted
from atamo_rules.syntax.unparse_atamo_rule import (
    about_text,
    argument_rows,
    condition_rows,
    described_rows,
    rule_rows,
    test_rows,
)
from atamo_rules.syntax.wording import (
    field_text,
    keys,
    literal,
    type_text,
    worded,
    words,
)
from atamo_rules.syntax.words import name_text, plugin_text


def atamo_rows(file: decl.File) -> Rows:
    """All lines of a file, without comments and empty lines."""
    found: list[Row] = []
    for declaration in file.declarations:
        kind = type(declaration).__name__
        first, *rest = _declaration(declaration)
        lone = not rest and isinstance(declaration, decl.Use | decl.Param | decl.ListDecl | decl.Define)
        found += [replace(first, opens=kind, lone=lone, place=declaration.span), *rest]
    return tuple(found)


def _declaration(written: decl.Declaration) -> Rows:
    match written:
        case decl.Pack():
            version = f" version {literal(written.version.value)}" if written.version is not None else ""
            head = row(f"pack {name_text(written.name.text)}{version}")
            return (*head, *shifted(described_rows(written.metadata), STEP))
        case decl.Use():
            version = f" version {literal(written.version.value)}" if written.version is not None else ""
            return row(f"use {name_text(written.pack.text)}{version}")
        case decl.Param():
            text = field_text(type_text(written.type), False, written.default, written.about)
            return row(f"param {written.name.text}: {text}")
        case decl.ListDecl():
            return row(
                f"list {name_text(written.name.text)} = {', '.join(worded(one) for one in written.items)}"
            )
        case decl.Define():
            text = f"define {written.name.text}{parameters_text(written.parameters)}: "
            return condition_rows(text, written.body, STEP)
        case decl.EventDecl():
            return _event(written)
        case decl.ActionTypeDecl():
            return _action_type(written)
        case decl.AgentDecl():
            return _agent(written)
        case decl.Rule():
            return rule_rows(written)
        case decl.Table():
            return _table(written)
        case decl.Test():
            return test_rows(written)


def _event(written: decl.EventDecl) -> Rows:
    head = f"{'request' if written.request else 'event'} {name_text(written.name.text)}{about_text(written.about)}"
    if written.schema is not None:
        head += f" from {literal(written.schema.path.value)}"
    if written.anything:
        head += " of anything" + " through lists" * written.through_lists + " as text" * written.as_text
    below: list[Row] = []
    if written.invalid is not None:
        below += row(f"when invalid {name_text(written.invalid.text)}", 0, written.invalid.span)
    if written.closed:
        below += row("other fields refused", 0, keyword("other fields", written.span))
    if written.completing is not None:
        below += row(f"complete {completing_text(written.completing)}", 0, written.completing.span)
    return (
        *row(head),
        *shifted((*below, *_fields(written.fields), *_answer(written.answer, written.span)), STEP),
    )


def _answer(fields: Sequence[type_tree.Field] | None, whole: Span) -> Rows:
    if fields is None:
        return ()
    place = keyword("answer", whole, fields[0].span if fields else None)
    return (*row("answer", 0, place), *shifted(_fields(fields), STEP))


def _fields(fields: Iterable[type_tree.Field]) -> Rows:
    done: list[Row] = []
    for one in fields:
        nested = one.type.item if isinstance(one.type, type_tree.ListOf) else one.type
        text = field_text(type_text(one.type), one.optional, one.default, one.about)
        key = keys((tree.Step(one.name.text, span=one.name.span),))
        done += row(f"{key}: {text}".rstrip(), 0, one.span)
        if isinstance(nested, type_tree.RecordOf):
            done += shifted(_fields(nested.fields), STEP)
    return tuple(done)


def _agent(written: decl.AgentDecl) -> Rows:
    below: list[Row] = []
    if written.uses is not None:
        below += row(f"uses {plugin_text(written.uses.plugin.text)}", 0, written.uses.span)
        below += shifted(argument_rows(written.uses.settings), STEP)
    for action in written.actions:
        head = f"{action.verb} {name_text(action.name.text)}{about_text(action.about)}"
        below += row(head + " of anything" * action.anything, 0, action.span)
        if action.safe is not None:
            below += row(f"safe {safe_text(action.safe)}".rstrip(), STEP, action.safe.span)
        below += shifted((*_fields(action.parameters), *_answer(action.answer, action.span)), STEP)
    for done in written.does:
        own = f" with {name_text(done.own.text)}" if done.own is not None else ""
        below += row(f"does {name_text(done.action.text)}{own}", 0, done.span)
        below += shifted(argument_rows(done.message or ()), STEP)
    return (*row(f"agent {name_text(written.name.text)}{about_text(written.about)}"), *shifted(below, STEP))


def _action_type(written: decl.ActionTypeDecl) -> Rows:
    head = (
        f"action {name_text(written.name.text)}{about_text(written.about)}"
        + " of anything" * written.anything
    )
    below: list[Row] = []
    if written.safe is not None:
        below += row(f"safe {safe_text(written.safe)}".rstrip(), 0, written.safe.span)
    if written.retry is not None:
        below += row(f"retry {written.retry} times", 0, keyword("retry", written.span))
    below += (*_fields(written.parameters), *_answer(written.answer, written.span))
    if written.example is not None:
        place = keyword("example", written.span, written.example[0].span if written.example else None)
        below += (*row("example", 0, place), *shifted(argument_rows(written.example), STEP))
    return (*row(head), *shifted(below, STEP))


def _table(written: decl.Table) -> Rows:
    head = row(f"table {name_text(written.name.text)} on {on_text(written.on)}")
    mode = row(written.mode, STEP, keyword(written.mode.split()[0], written.span))
    lines = [([words(one) for one in written.inputs], [name_text(one.text) for one in written.outputs])]
    for one in written.rows:
        lines.append(([cell_text(cell) for cell in one.cells], [words(value) for value in one.outputs]))
    head_place = written.inputs[0].span if written.inputs else None
    places = [head_place, *(one.span for one in written.rows)]
    columns = zip_longest(*([*left, *right] for left, right in lines), fillvalue="")
    wide = [max(map(len, column)) for column in columns]
    rows: list[Row] = []
    for (left, right), place in zip(lines, places, strict=True):
        cells = [text.ljust(wide[n]) for n, text in enumerate([*left, *right])]
        text = f"| {' | '.join(cells[: len(left)])} => {' | '.join(cells[len(left) :])} |"
        rows += row(text.replace("|  =>", "| =>"), STEP, place)
    return (*head, *mode, *rows)
