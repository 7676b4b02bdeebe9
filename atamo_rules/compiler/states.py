"""Comparisons by which somebody meant to ask whether a value is there: `x == null`, `x is None`, `x is presnt`."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.compiler import meant, missing, operands
from atamo_rules.compiler.context import NOTHING, Context, Facts, is_open, near
from atamo_rules.compiler.paths import is_word, names_something, scalar
from atamo_rules.model.types import OneOf
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.syntax import tree

_STATES = ("present", "absent", "null", "empty")
_ELSEWHERE = {"defined": "present", "undefined": "absent", "missing": "absent", "set": "present"}
"""What other languages call them."""


def meant_null(expr: tree.Compare, context: Context, facts: Facts) -> bool:
    """Say how `x == null` and `x is None` are asked, where x may be missing; False of anything else."""
    word = is_word(expr.right)
    null = isinstance(expr.right, tree.Literal) and expr.right.value is None
    if not null and not (word and word.lower() in meant.NULLS and not names_something(word, context)):
        return False
    left = operands.operand(expr.left, replace(context, report=[]), facts)
    if left is None or left.absent is None:
        return False
    missing.report_null(expr, left, context)
    return True


def meant_state(expr: tree.Compare, context: Context) -> bool:
    """Say that `is presnt` is a misspelt `is present`; False when the word may be anything else."""
    word = is_word(expr.right) if expr.operator in ("is", "is not") else None
    if word is None or word in context.environment.lists or names_something(word, context):
        return False
    elsewhere = _ELSEWHERE.get(word)
    if elsewhere and context.event is not None and is_open(context.event.type):
        return False  # as well a field: what is of anything may have any
    close = elsewhere or near(word, _STATES)
    if close is None:
        return False
    left = operands.operand(expr.left, replace(context, report=[]), NOTHING)
    if left is None or is_open(left.type):
        return False
    type = scalar(left.type)
    if isinstance(type, OneOf) and near(word, [value for value in type.values if isinstance(value, str)]):
        return False
    context.report.append(
        codes.NOT_A_VALUE.at(
            expr.right.span,
            f"`{word}` is not a value of `{expr.left.span.text}`",
            label=f"did you mean `{close}`?",
            fixes=[Fix(f"write `{close}`", (Edit(expr.right.span, close),))],
        )
    )
    return True
