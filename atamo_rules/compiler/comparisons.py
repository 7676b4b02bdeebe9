"""Comparisons: do the two sides go together, and what test do they make?"""

from __future__ import annotations

from typing import cast

from atamo_rules.compiler import operands, spelling, states, unfilled
from atamo_rules.compiler.context import Context, Facts, Operand, Outcome, is_open, presence
from atamo_rules.compiler.kinds import kind_of_test
from atamo_rules.compiler.paths import each_of, gathered, scalar
from atamo_rules.compiler.patterns import networks_written, regex_problem
from atamo_rules.model.meaning import (
    All,
    Among,
    Condition,
    Const,
    Each,
    Get,
    IsNull,
    MakeList,
    Not,
    Scalar,
    Spelled,
    Term,
    Test,
)
from atamo_rules.model.types import Anything, ListOf, Text, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.syntax import tree

NEGATED = {
    "is not": "is",
    "is not one of": "is one of",
    "does not contain": "contains",
    "does not start with": "starts with",
    "does not end with": "ends with",
    "does not match": "matches",
    "is not like": "is like",
    "is not in network": "is in network",
}
OPERATOR = {
    "is": "eq",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "is one of": "in",
    "contains": "contains",
    "starts with": "prefix",
    "ends with": "suffix",
    "matches": "regex",
    "is like": "glob",
    "is in network": "cidr",
}


def compare(expr: tree.Compare, context: Context, facts: Facts) -> Outcome | None:
    """The test a comparison makes, negated where its operator says so."""
    operator = NEGATED.get(expr.operator, expr.operator)
    found = _sides(expr, operator, context, facts)
    if found is None:
        return None
    unfilled.compared(expr.right, context)
    # In an open type a test that held tells that its field was there.
    there = presence(found[0])
    left, right = spelling.both(operator, *found, listed=operator == "is one of" or bool(expr.quantifier))
    made = (
        _between(expr, left, right, context)
        if operator == "is between"
        else _test(expr, operator, left, right, context)
    )
    if made is None:
        return None
    if expr.operator in NEGATED:
        return Outcome(Not(made, span=expr.span))
    return Outcome(made, there)


def _sides(
    expr: tree.Compare, operator: str, context: Context, facts: Facts
) -> tuple[Operand, Operand] | None:
    if operator == "is" and states.meant_null(expr, context, facts):
        return None
    if operator in ("is", *spelling.BOUNDS) and _written_out(expr.left):
        right = operands.needed(expr.right, context, facts)
        about = context.about(expr.right.span.text)
        left = operands.needed(expr.left, about, facts, scalar(right.type) if right else None)
        return (left, right) if left and right else None
    if states.meant_state(expr, context):
        return None
    left = spelling.left_side(expr.left, context, facts)
    expected = _expected(operator, left.type) if left else None
    if expr.quantifier and expected is not None:
        expected = ListOf(expected)
    if isinstance(expr.right, tree.Regex):
        problem = regex_problem(expr.right, expr.ignoring_case)
        if problem is not None:
            context.report.append(problem)
            return None
        pattern = Const(expr.right.pattern, span=expr.right.span)
        return (left, Operand(pattern, Text())) if left else None
    if left is None and _is_bare(expr.right):
        return None
    if isinstance(expr.right, tree.ListValue) and operator == "matches":
        return _patterns(expr, expr.right, left, context)
    right = operands.needed(expr.right, context.about(expr.left.span.text), facts, expected)
    return (left, right) if left and right else None


def _patterns(
    expr: tree.Compare, written: tree.ListValue, left: Operand | None, context: Context
) -> tuple[Operand, Operand] | None:
    """`matches any of [/a/, /b/]`: every pattern checked, and how many must match said."""
    found = [item for item in written.items if isinstance(item, tree.Regex)]
    problems = [problem for one in found if (problem := regex_problem(one, expr.ignoring_case)) is not None]
    if not expr.quantifier and not problems:
        problems.append(
            codes.NOT_A_VALUE_HERE.at(
                written.span,
                f"`{expr.operator}` does not say how many of these",
                help=f"write `{expr.operator} any of […]` or `{expr.operator} all of […]`",
            )
        )
    context.report.extend(problems)
    if problems or left is None:
        return None
    patterns = Const(tuple(one.pattern for one in found), span=written.span)
    return left, Operand(patterns, ListOf(Text()))


def _is_bare(expr: tree.Expr) -> bool:
    """Whether the right side may be made of enum values, which mean nothing without the left side."""
    if isinstance(expr, tree.ListValue):
        return any(isinstance(item, tree.Path) for item in expr.items)
    return isinstance(expr, tree.Path)


def _written_out(expr: tree.Expr) -> bool:
    """Whether a side is written out: then the other one says what type it is of."""
    return isinstance(expr, tree.Literal | tree.Quantity)


def _expected(operator: str, left: Type) -> Type | None:
    item = scalar(left)
    if operator in ("is one of", "is between"):
        return ListOf(item)
    if operator == "contains":
        return item if isinstance(left, ListOf) else None
    return item


def _test(
    expr: tree.Compare, operator: str, left: Operand, right: Operand, context: Context
) -> Condition | None:
    name = OPERATOR[operator]
    many = expr.quantifier
    if operator == "contains" and (isinstance(left.type, ListOf) or is_open(left.type)):
        item = left.type.item if isinstance(left.type, ListOf) else Anything()
        subject = Operand(left.term, item)
    else:
        subject = left if operator == "contains" else each_of(left)
    if operator == "is" and isinstance(right.term, Const) and right.term.value is None:
        return _is_null(expr, left, context)
    values = right
    if operator == "is one of" or many:
        listed = _listed(expr, operator, gathered(right), context)
        if listed is None:
            return None
        right = values = listed
    elif operator != "contains":
        values = each_of(right)
    kind = kind_of_test(expr, operator, subject, values, context)
    if kind is None:
        return None
    if operator == "is in network" and not networks_written(expr, right.term, context):
        return None
    return Test(
        name,
        left.term if operator == "contains" else subject.term,
        values.term,
        kind,
        expr.ignoring_case,
        many,
        span=expr.span,
    )


def _listed(expr: tree.Compare, operator: str, right: Operand, context: Context) -> Operand | None:
    """A value of the list on the right; None after saying why there is no list, or none that will do."""
    if not isinstance(right.type, ListOf | Anything):
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.right.span,
                f"`{expr.operator}` needs a list",
                help=f"write `[{expr.right.span.text}]`",
                fixes=[Fix("make it a list", (Edit(expr.right.span, f"[{expr.right.span.text}]"),))],
            )
        )
        return None
    if operator == "matches" and not isinstance(right.term, Const):
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.right.span,
                f"after `{expr.operator} {expr.quantifier} of` the list is written out",
                help="write the regular expressions there: `[/a/, /b/]`",
            )
        )
        return None
    return Operand(right.term, right.type.item if isinstance(right.type, ListOf) else Anything())


def _is_null(expr: tree.Compare, left: Operand, context: Context) -> Condition | None:
    if not isinstance(left.term, Get):
        context.report.append(codes.WRONG_TYPE.at(expr.span, "only a field can be null"))
        return None
    return IsNull(left.term, span=expr.span)


def _between(expr: tree.Compare, left: Operand, right: Operand, context: Context) -> Condition | None:
    """Both bounds, met by the same value: for a path through a list, by the same element."""
    if not isinstance(expr.right, tree.ListValue):
        return None
    subject = each_of(left)
    bounds = Operand(right.term, right.type.item if isinstance(right.type, ListOf) else Anything())
    kind = kind_of_test(expr, "is between", subject, bounds, context)
    if kind is None:
        return None
    low, high = _pair(right.term, expr)
    term: Term = subject.term
    if isinstance(term, Spelled):
        each = Get("an element", (), subject.type, span=term.span)
        return Among("any", "an element", term, _range(each, low, high, kind, expr), span=expr.span)
    if isinstance(term, Get) and term.many:
        last = max(at for at, step in enumerate(term.steps) if isinstance(step, Each))
        # Its elements as they come, from however many lists: what is compared is read where they are asked.
        collection = Get(term.root, term.steps[: last + 1], Anything(), span=term.span)
        term = Get("an element", term.steps[last + 1 :], subject.type, span=term.span)
        return Among("any", "an element", collection, _range(term, low, high, kind, expr), span=expr.span)
    return _range(term, low, high, kind, expr)


def _pair(term: Term, expr: tree.Compare) -> tuple[Term, Term]:
    if isinstance(term, Const) and isinstance(term.value, tuple):
        assert isinstance(expr.right, tree.ListValue)
        low, high = cast("tuple[Scalar, Scalar]", term.value)
        first, second = expr.right.items
        return Const(low, span=first.span), Const(high, span=second.span)
    assert isinstance(term, MakeList)
    return term.items[0], term.items[1]


def _range(term: Term, low: Term, high: Term, kind: str, expr: tree.Compare) -> Condition:
    return All(
        (Test("ge", term, low, kind, span=expr.span), Test("le", term, high, kind, span=expr.span)),
        span=expr.span,
    )
