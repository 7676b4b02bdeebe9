"""Values: from an expression to a typed term, with what of it may be missing."""

from __future__ import annotations

from atamo_rules.compiler import arithmetic, bare_words, calls, conditions, constants, missing, spelling
from atamo_rules.compiler.context import Binding, Context, Facts, Operand, is_open
from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.compiler.paths import alone, each_of, gathered, taken
from atamo_rules.model.meaning import (
    Const,
    Get,
    Otherwise,
    Tally,
    Term,
    Verdict,
)
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    Number,
    OneOf,
    Text,
    Type,
)
from atamo_rules.source import codes
from atamo_rules.syntax import tree


def operand(expr: tree.Expr, context: Context, facts: Facts, expected: Type | None = None) -> Operand | None:
    """What an expression stands for, or None after saying why it cannot.

    `expected` is the type on the other side: a bare word is a value of it if it lists that word.
    """
    match expr:
        case tree.Literal():
            return constants.literal(expr, context, expected)
        case tree.Quantity():
            return Operand(Const(constants.quantity(expr), span=expr.span), Duration())
        case tree.Path():
            return bare_words.path(expr, context, facts, expected)
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
    missing.report_absent(expr, found, context)
    return None


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
    plain = constants.plain_list(expr, item)
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
    return Operand(constants.listed(terms, expr.span), ListOf(type))


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
