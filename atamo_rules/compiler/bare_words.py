"""Words without quotes: a field, a list of the rules, or a value of the type on the other side, and which is meant."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.compiler import meant
from atamo_rules.compiler.context import Context, Facts, Operand, near
from atamo_rules.compiler.describe import describe, value_text
from atamo_rules.compiler.paths import is_word, names_something, path_operand
from atamo_rules.model.meaning import Const
from atamo_rules.model.types import OneOf, Text, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree


def path(expr: tree.Path, context: Context, facts: Facts, expected: Type | None) -> Operand | None:
    """What a path stands for where a type is expected, or None after saying why it cannot."""
    word = is_word(expr)
    if word is None or not isinstance(expected, OneOf):
        if word is not None and word in context.environment.lists and not names_something(word, context):
            context.used.add(("list", word))
            constant = context.environment.lists[word]
            return Operand(Const(constant.value, span=expr.span), constant.type)
        if word is not None and isinstance(expected, Text) and not names_something(word, context):
            return _unquoted(expr, word, context, facts)
        return path_operand(expr, context, facts)
    is_value = word in expected.values
    known = names_something(word, context)
    if is_value and known:
        context.report.append(_clash(expr, word, context))
        return None
    if is_value:
        return Operand(Const(word, span=expr.span), expected)
    if known or word in context.environment.lists:
        return path(expr, context, facts, None)
    not_a_value(expr.span, word, expected, context)
    return None


def _clash(expr: tree.Path, word: str, context: Context) -> Diagnostic:
    """That a word is a value here and something else, too: a field, or a name given by `as`, `let` or `in`."""
    value = Fix("mean the value", (Edit(expr.span, f'"{word}"'),))
    if word in context.names or word == "now":
        return codes.NAME_CLASH.at(
            expr.span,
            f"`{word}` is both a value here and a name of something else",
            help=f'write `"{word}"` for the value; a name given by `as`, `let` or `in` may be another',
            fixes=[value],
        )
    return codes.NAME_CLASH.at(
        expr.span,
        f"`{word}` is both a value here and the name of a field",
        help=f'write `"{word}"` for the value, or `event.{word}` for the field',
        fixes=[value, Fix("mean the field", (Edit(expr.span, f"event.{word}"),))],
    )


def _unquoted(expr: tree.Path, word: str, context: Context, facts: Facts) -> Operand | None:
    """A word that means nothing, where text is wanted: as `path_operand`, and the remedy of quotes."""
    before = len(context.report)
    found = path_operand(expr, context, facts)
    elsewhere = meant.path(expr, context)
    certain = elsewhere is not None and (elsewhere.text or word.lower() in meant.NULLS)
    if found is None and len(context.report) == before + 1 and not certain:
        said = context.report[-1]
        quotes = Fix(f'write `"{word}"`', (Edit(expr.span, f'"{word}"'),))
        context.report[-1] = replace(
            said, help=f'a text is written in quotes: `"{word}"`', fixes=(*said.fixes, quotes)
        )
    return found


def not_a_value(span: Span, word: str, expected: OneOf, context: Context) -> None:
    """Say that a word is none of the values of a type, and which are."""
    values = [value for value in expected.values if isinstance(value, str)]
    close = near(word.strip('"'), values)
    written = value_text(close) if close else ""
    owner = context.event.name if context.event else ""
    declared = context.environment.places.get(("field", f"{owner}.{context.subject}"))
    context.report.append(
        codes.NOT_A_VALUE.at(
            span,
            f"`{word}` is not a value of `{context.subject}`"
            if context.subject
            else f"`{word}` is not one of the values here",
            label=f"did you mean `{close}`?" if close else "",
            also=[Label(declared, f"`{context.subject}` is declared here")] if declared else (),
            notes=[f"the values are: {describe(expected).removeprefix('one of ')}"],
            fixes=[Fix(f"write `{written}`", (Edit(span, written),))] if close else (),
        )
    )
