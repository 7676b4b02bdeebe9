"""Values: from an expression to a typed term, with what of it may be missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import cast

from atamo_rules.compiler import arithmetic, calls, conditions, spelling
from atamo_rules.compiler.context import Binding, Context, Facts, Operand, is_open, near
from atamo_rules.compiler.describe import describe, kind_of, value_text
from atamo_rules.compiler.paths import alone, each_of, gathered, is_word, names_something, path_operand, taken
from atamo_rules.model.meaning import (
    Const,
    Get,
    MakeList,
    Otherwise,
    Scalar,
    Tally,
    Term,
    Verdict,
)
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    Moment,
    Number,
    OneOf,
    Text,
    Type,
)
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import path_text

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def operand(expr: tree.Expr, context: Context, facts: Facts, expected: Type | None = None) -> Operand | None:
    """What an expression stands for, or None after saying why it cannot.

    `expected` is the type on the other side: a bare word is a value of it if it lists that word.
    """
    match expr:
        case tree.Literal():
            return _literal(expr, context, expected)
        case tree.Quantity():
            return Operand(Const(quantity(expr), span=expr.span), Duration())
        case tree.Path():
            return _path(expr, context, facts, expected)
        case tree.AnyField():
            context.report.append(
                codes.NOT_A_VALUE_HERE.at(
                    expr.span,
                    "`any field` is many values",
                    help='it stands on the left of a comparison: `any field contains "x"`',
                )
            )
            return None
        case tree.Call():
            return calls.call(expr, context, facts)
        case tree.Arithmetic():
            return arithmetic.arithmetic(expr, context, facts)
        case tree.Negative():
            zero = tree.Literal(0, span=expr.span)
            return arithmetic.arithmetic(
                tree.Arithmetic("-", zero, expr.operand, span=expr.span), context, facts
            )
        case tree.Else():
            return _else(expr, context, facts, expected)
        case tree.ListValue():
            return _list(expr, context, facts, expected)
        case tree.Count():
            return _count(expr, context, facts)
        case tree.Regex():
            context.report.append(
                codes.NOT_A_VALUE_HERE.at(
                    expr.span,
                    "a regular expression is not a value",
                    help="regular expressions stand after `matches`",
                )
            )
            return None
        case _:
            outcome = conditions.condition(expr, context, facts)
            if outcome is None:
                return None
            return Operand(Verdict(outcome.condition, span=expr.span), Boolean())


def needed(expr: tree.Expr, context: Context, facts: Facts, expected: Type | None = None) -> Operand | None:
    """As `operand`, but a value that may be missing is an error with both remedies."""
    found = operand(expr, context, facts, expected)
    if found is None or found.absent is None:
        return found
    if context.lenient:
        return Operand(found.term, found.type)
    report_absent(expr, found, context)
    return None


def report_absent(expr: tree.Expr, found: Operand, context: Context) -> None:
    """Say that a value may be missing, where it was declared so, and the two ways out."""
    assert found.absent is not None
    path = _spelled(found.absent)
    source = expr.span.text
    fallback = {"number": "0", "text": '""', "boolean": "false"}.get(kind_of(found.type), "…")
    spare = fallback if fallback != "…" else '"none"'
    owner = context.event.name if context.event else ""
    place = context.environment.places.get(("field", f"{owner}.{path}"))
    also = [Label(place, f"`{path}` is declared optional here")] if place else []
    fixes = []
    if fallback != "…" and isinstance(expr, tree.Path) and not context.template:
        fixes.append(
            Fix(f"write `({source} else {fallback})`", (Edit(expr.span, f"({source} else {fallback})"),))
        )
    if context.template:
        context.report.append(
            codes.TEMPLATE_MISSING.at(
                expr.span,
                f"the template of `{context.template}` prints `{source}`, which may be missing",
                label=f"{describe(found.type)}, optional",
                also=also,
                notes=[
                    f"fix 1: write `{{{{ {source} | default({spare}) }}}}`",
                    f"fix 2: guard the rule with `when {path} is present`",
                ],
            )
        )
        return
    context.report.append(
        codes.MAY_BE_MISSING.at(
            expr.span,
            f"`{source}` may be missing, so it cannot be used unguarded",
            label=f"{describe(found.type)}, optional",
            also=also,
            notes=[
                f"fix 1: {path} is present and …    (skip events without it)",
                f"fix 2: ({source} else {fallback})    (give a value for when it is missing)",
            ],
            fixes=fixes,
        )
    )


def quantity(expr: tree.Quantity) -> timedelta:
    """A length of time; absurd lengths are cut at the longest that can be held."""
    seconds = Decimal(expr.amount) * SECONDS[expr.unit]
    try:
        return timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        return timedelta.max


_ANYTHING = Anything()
_LITERALS: dict[type, Type] = {
    str: Text(),
    bool: Boolean(),
    int: Number(whole=True),
    Decimal: Number(),
}


def literal_type(value: object) -> Type:
    """The type of a literal's value."""
    return _LITERALS.get(value.__class__, _ANYTHING)


def _literal(expr: tree.Literal, context: Context, expected: Type | None) -> Operand | None:
    if isinstance(expected, OneOf) and expr.value is not None:
        if not any(same_scalar(expr.value, value) for value in expected.values):
            if kind_of(expected) in (kind_of(literal_type(expr.value)), "json"):
                _not_a_value(expr.span, value_text(expr.value), expected, context)
                return None
        else:
            return Operand(Const(expr.value, span=expr.span), expected)
    if isinstance(expected, Moment) and isinstance(expr.value, str):
        return calls.moment_literal(expr, expected, context)
    if isinstance(expected, Duration) and isinstance(expr.value, str):
        return calls.duration_literal(expr, context)
    return Operand(Const(expr.value, span=expr.span), literal_type(expr.value))


def same_scalar(left: object, right: object) -> bool:
    """Equality as rules know it: a boolean never equals a number."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _path(expr: tree.Path, context: Context, facts: Facts, expected: Type | None) -> Operand | None:
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
        context.report.append(
            codes.NAME_CLASH.at(
                expr.span,
                f"`{word}` is both a value here and the name of a field",
                help=f'write `"{word}"` for the value, or `event.{word}` for the field',
                fixes=[
                    Fix("mean the value", (Edit(expr.span, f'"{word}"'),)),
                    Fix("mean the field", (Edit(expr.span, f"event.{word}"),)),
                ],
            )
        )
        return None
    if is_value:
        return Operand(Const(word, span=expr.span), expected)
    if known or word in context.environment.lists:
        return _path(expr, context, facts, None)
    _not_a_value(expr.span, word, expected, context)
    return None


def _unquoted(expr: tree.Path, word: str, context: Context, facts: Facts) -> Operand | None:
    """A word that means nothing, where text is wanted: as `path_operand`, and the remedy of quotes."""
    before = len(context.report)
    found = path_operand(expr, context, facts)
    if found is None and len(context.report) == before + 1 and context.report[-1].help is None:
        said = context.report[-1]
        quotes = Fix(f'write `"{word}"`', (Edit(expr.span, f'"{word}"'),))
        context.report[-1] = replace(
            said, help=f'a text is written in quotes: `"{word}"`', fixes=(*said.fixes, quotes)
        )
    return found


def _not_a_value(span: Span, word: str, expected: OneOf, context: Context) -> None:
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


def _else(expr: tree.Else, context: Context, facts: Facts, expected: Type | None) -> Operand | None:
    value = operand(expr.value, context, facts, expected)
    if value is None:
        return None
    value = spelling.as_text(gathered(value))
    fallback = needed(expr.fallback, context, facts, value.type)
    if fallback is None:
        return None
    if not compatible(value.type, fallback.type):
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.fallback.span,
                f"the fallback is {describe(fallback.type)}, but the value is {describe(value.type)}",
            )
        )
        return None
    type = value.type
    if isinstance(type, Number | Text) and type != fallback.type:
        type = Number(whole=_whole(type) and _whole(fallback.type)) if isinstance(type, Number) else Text()
    return Operand(Otherwise(value.term, fallback.term, span=expr.span), type)


def _whole(type: Type) -> bool:
    return isinstance(type, Number) and type.whole


def compatible(one: Type, two: Type) -> bool:
    """Whether values of the two types can be equal at all."""
    if is_open(one) or is_open(two):
        return True
    left, right = kind_of(one), kind_of(two)
    if left == right == "list" and isinstance(one, ListOf) and isinstance(two, ListOf):
        return compatible(one.item, two.item)
    return left == right or "json" in (left, right)


def _list(expr: tree.ListValue, context: Context, facts: Facts, expected: Type | None) -> Operand | None:
    item = expected.item if isinstance(expected, ListOf) else None
    plain = _plain_list(expr, item)
    if plain is not None:
        return plain
    found: list[Operand] = []
    for part in expr.items:
        if isinstance(part, tree.Template | tree.ObjectValue):
            context.report.append(
                codes.NOT_A_VALUE_HERE.at(part.span, "only plain values stand in this list")
            )
            return None
        one = alone(part, needed(part, context, facts, item), context)
        if one is None:
            return None
        found.append(spelling.as_text(one))
    types = {one.type for one in found if not isinstance(one.type, OneOf)}
    type: Type = types.pop() if len(types) == 1 else (item or (found[0].type if found else Anything()))
    if any(not compatible(type, one.type) for one in found):
        type = Anything()
    terms = tuple(one.term for one in found)
    return Operand(listed(terms, expr.span), ListOf(type))


def _plain_list(expr: tree.ListValue, item: Type | None) -> Operand | None:
    """A list of literals of one type, where no literal means more than it says: that of nearly all long lists."""
    if isinstance(item, OneOf | Moment | Duration):
        return None
    values: list[Scalar] = []
    for part in expr.items:
        if not isinstance(part, tree.Literal):
            return None
        values.append(part.value)
    if len(set(map(type, values))) != 1:
        return None
    return Operand(Const(tuple(values), span=expr.span), ListOf(literal_type(values[0])))


def listed(terms: tuple[Term, ...], span: Span) -> Term:
    """A list term, folded into one constant when every item is one."""
    constants = [term for term in terms if isinstance(term, Const)]
    if len(constants) == len(terms):
        return Const(tuple(cast("Scalar", term.value) for term in constants), span=span)
    return MakeList(terms, span=span)


def _count(expr: tree.Count, context: Context, facts: Facts) -> Operand | None:
    opened = element(expr.variable, expr.collection, context, facts)
    if opened is None:
        return None
    term, inner = opened
    outcome = conditions.condition(expr.condition, inner, facts)
    if outcome is None:
        return None
    tally = Tally(expr.variable.text, term, outcome.condition, span=expr.span)
    return Operand(tally, Number(whole=True, low=0))


def element(
    variable: tree.Name, collection: tree.Expr, context: Context, facts: Facts
) -> tuple[Term, Context] | None:
    """A collection and the context in which one of its elements has a name."""
    found = needed(collection, context, facts)
    if found is None:
        return None
    found = gathered(each_of(found) if isinstance(found.type, Anything) else found)
    if not isinstance(found.type, ListOf | Anything):
        context.report.append(
            codes.WRONG_TYPE.at(
                collection.span, f"`{collection.span.text}` is {describe(found.type)}, not a list"
            )
        )
        return None
    if taken(variable.text, context):
        context.report.append(
            codes.NAME_CLASH.at(
                variable.span, f"`{variable.text}` already means something here", help="choose another name"
            )
        )
        return None
    item = found.type.item if isinstance(found.type, ListOf) else found.type
    here = Get(variable.text, (), item, span=variable.span)
    return found.term, context.bind(variable.text, Binding(here, item, variable.span))


def _spelled(get: Get) -> str:
    keys = tuple(step for step in get.steps if isinstance(step, str | int))
    if get.root == "event":
        return path_text(keys) if keys else "event"
    return path_text((get.root, *keys))
