"""Conditions: from an expression to true or false, and what each outcome tells about presence."""

from __future__ import annotations

from atamo_rules.compiler import comparisons, missing, operands
from atamo_rules.compiler.context import NOTHING, Context, Facts, Operand, Outcome, presence
from atamo_rules.compiler.describe import describe, value_text
from atamo_rules.compiler.guards import guards_of
from atamo_rules.compiler.paths import each_of
from atamo_rules.model.meaning import (
    All,
    Among,
    Any,
    Condition,
    Const,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    Not,
    Present,
    Test,
    Verdict,
)
from atamo_rules.model.types import Anything, Boolean, ListOf, MapOf, Number, OneOf, Record, Text
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.syntax import tree


def condition(expr: tree.Expr, context: Context, facts: Facts) -> Outcome | None:
    """The condition an expression stands for, or None after saying every mistake in it."""
    match expr:
        case tree.AllOf():
            return _all(expr, context, facts)
        case tree.AnyOf():
            return _any(expr, context, facts)
        case tree.Not():
            inner = condition(expr.part, context, facts)
            return inner and Outcome(Not(inner.condition, span=expr.span), inner.when_false, inner.when_true)
        case tree.Compare():
            return comparisons.compare(expr, context, facts)
        case tree.State():
            return _state(expr, context, facts)
        case tree.Quantified():
            return _quantified(expr, context, facts)
        case _:
            return _holds(expr, context, facts)


def _all(expr: tree.AllOf, context: Context, facts: Facts) -> Outcome | None:
    parts: list[Condition] = []
    known, whole = facts, True
    when_false: Facts | None = None
    for part in expr.parts:
        outcome = condition(part, context, known)
        if outcome is None:
            # A guard that could not be read must not make everything after it look unguarded.
            known |= guards_of(part)
            whole = False
            continue
        parts.append(outcome.condition)
        here = outcome.when_false | (known - facts)
        when_false = here if when_false is None else when_false & here
        known |= outcome.when_true
    if not whole:
        return None
    return Outcome(All(tuple(parts), span=expr.span), known - facts, when_false or NOTHING)


def _any(expr: tree.AnyOf, context: Context, facts: Facts) -> Outcome | None:
    parts: list[Condition] = []
    known, whole = facts, True
    when_true: Facts | None = None
    for part in expr.parts:
        outcome = condition(part, context, known)
        if outcome is None:
            whole = False
            continue
        parts.append(outcome.condition)
        here = outcome.when_true | (known - facts)
        when_true = here if when_true is None else when_true & here
        known |= outcome.when_false
    if not whole:
        return None
    return Outcome(Any(tuple(parts), span=expr.span), when_true or NOTHING, known - facts)


def _state(expr: tree.State, context: Context, facts: Facts) -> Outcome | None:
    found = operands.operand(expr.operand, context, facts)
    if found is None:
        return None
    operator, negated = _STATES[expr.operator]
    made: Condition
    true: Facts = NOTHING
    if operator == "present":
        made, true = Present(found.term, span=expr.span), presence(found)
    elif operator in TYPES:
        return _type(expr, operator, negated, found, context)
    elif operator == "empty":
        if not isinstance(found.type, Text | OneOf | ListOf | MapOf | Record | Anything):
            context.report.append(
                codes.WRONG_TYPE.at(
                    expr.span, f"{describe(found.type)} cannot be empty", help="use `is absent`"
                )
            )
            return None
        if found.absent is not None and not context.lenient:
            missing.report_absent(expr.operand, found, context)
            return None
        made = Empty(found.term, span=expr.span)
    else:
        if not isinstance(found.term, Get):
            context.report.append(
                codes.WRONG_TYPE.at(expr.span, f"`{expr.operator}` asks about a field, and this is none")
            )
            return None
        made = (
            IsNull(found.term, span=expr.span) if operator == "null" else Exists(found.term, span=expr.span)
        )
    return Outcome(Not(made, span=expr.span), NOTHING, true) if negated else Outcome(made, true)


_STATES = {
    "is present": ("present", False),
    "is absent": ("present", True),
    "is null": ("null", False),
    "is not null": ("null", True),
    "exists": ("exists", False),
    "does not exist": ("exists", True),
    "is empty": ("empty", False),
    "is not empty": ("empty", True),
    "is a text": ("text", False),
    "is not a text": ("text", True),
    "is a number": ("number", False),
    "is not a number": ("number", True),
    "is a boolean": ("boolean", False),
    "is not a boolean": ("boolean", True),
    "is a list": ("list", False),
    "is not a list": ("list", True),
    "is an object": ("object", False),
    "is not an object": ("object", True),
}
TYPES = ("text", "number", "boolean", "list", "object")


def _type(expr: tree.State, operator: str, negated: bool, found: Operand, context: Context) -> Outcome | None:
    """What an `anything` is; of everything else the declaration has said it."""
    if not isinstance(found.type, Anything):
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.span,
                f"`{expr.operand.span.text}` is declared as {describe(found.type)}, which leaves nothing to ask",
                help="`is a …` is for `anything`; ask `is present` of a value that may be missing",
            )
        )
        return None
    kind = Const(operator, span=expr.span)
    made = Test("type", found.term, kind, span=expr.span)
    if negated:
        return Outcome(Not(made, span=expr.span), NOTHING, presence(found))
    return Outcome(made, presence(found))


def _quantified(expr: tree.Quantified, context: Context, facts: Facts) -> Outcome | None:
    opened = operands.element(expr.variable, expr.collection, context, facts)
    if opened is None:
        return None
    collection, inner = opened
    outcome = condition(expr.condition, inner, facts)
    if outcome is None:
        return None
    made = Among(expr.quantifier, expr.variable.text, collection, outcome.condition, span=expr.span)
    return Outcome(made)


def _holds(expr: tree.Expr, context: Context, facts: Facts) -> Outcome | None:
    """A boolean value standing alone as a condition, or a definition that expands to one."""
    found = operands.operand(expr, context, facts)
    if found is None:
        return None
    if isinstance(found.term, Verdict):
        return Outcome(found.term.condition)
    if isinstance(found.type, Boolean | Anything):
        if found.absent is not None and not context.lenient:
            missing.report_absent(expr, found, context)
            return None
        asked = each_of(found) if isinstance(found.type, Anything) else found
        return Outcome(Holds(asked.term, span=expr.span))
    text = expr.span.text
    ask = f"{text} {_question(found)}"
    context.report.append(
        codes.NOT_A_CONDITION.at(
            expr.span,
            f"`{text}` is {describe(found.type)}, not a condition",
            help=f"ask something of it, such as `{ask}`",
            fixes=[Fix(f"write `{ask}`", (Edit(expr.span, ask),))],
        )
    )
    return None


def _question(found: Operand) -> str:
    """The likeliest thing an author wants to know of a value that stands alone."""
    if found.absent is not None:
        return "is present"
    match found.type:
        case Number():
            return "is not 0"
        case OneOf():
            return f"is {value_text(found.type.values[0])}" if found.type.values else "is present"
        case Text() | ListOf() | MapOf() | Record():
            return "is not empty"
        case _:
            return "is present"
