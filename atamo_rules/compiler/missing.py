"""The diagnostic for a value that may be missing and is used all the same: where it was declared so, and both
remedies."""

from __future__ import annotations

from atamo_rules.compiler.context import Context, Operand
from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.model.contribution import LINKS, TABLE
from atamo_rules.model.meaning import Get
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix, Label
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import path_text

_FALLBACKS = {"moment": "now", "date": '"2026-01-31"', "duration": "1 hour"}
"""Examples of what may stand in for a value for which nothing is the usual nothing."""


def report_absent(expr: tree.Expr, found: Operand, context: Context) -> None:
    """Say that a value may be missing, where it was declared so, and the two ways out."""
    assert found.absent is not None
    path = _spelled(found.absent)
    source = expr.span.text
    fallback = {"number": "0", "text": '""', "boolean": "false"}.get(kind_of(found.type), "…")
    written = _FALLBACKS.get(kind_of(found.type), fallback)
    spare = fallback if fallback != "…" else '"none"'
    owner = context.event.name if context.event else ""
    place = context.environment.places.get(("field", f"{owner}.{path}"))
    also = [Label(place, f"`{path}` is declared optional here")] if place else []
    fixes = []
    if fallback != "…" and isinstance(expr, tree.Path) and not context.template:
        fixes.append(
            Fix(f"write `({source} else {fallback})`", (Edit(expr.span, f"({source} else {fallback})"),))
        )
    asked = source if isinstance(expr, tree.Path) else path
    if context.template:
        context.report.append(
            codes.TEMPLATE_MISSING.at(
                expr.span,
                f"the template of `{context.template}` prints `{source}`, which may be missing",
                label=f"{describe(found.type)}, optional",
                also=also,
                notes=[
                    f"fix 1: write `{{{{ {source} | default({spare}) }}}}`",
                    f"fix 2: {guard(path, context)}",
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
                f"fix 1: {asked} is present and …    (skip events without it)",
                f"fix 2: ({source} else {written})    (give a value for when it is missing)",
            ],
            fixes=fixes,
        )
    )


def report_null(compared: tree.Compare, found: Operand, context: Context) -> None:
    """Say that `x == null` and `x != null` of a value that may be missing are asked otherwise."""
    assert found.absent is not None
    source = compared.left.span.text
    state = "present" if compared.operator == "is not" else "absent"
    context.report.append(
        codes.MAY_BE_MISSING.at(
            compared.span,
            f"`{source}` may be missing, which a comparison with null does not ask",
            help=f"write `{source} is {state}`",
            fixes=[Fix(f"write `{source} is {state}`", (Edit(compared.span, f"{source} is {state}"),))],
        )
    )


def guard(path: str, context: Context) -> str:
    """How events without a value are left out, in what the rule was written as."""
    if context.provider == LINKS:
        return f"write it as a rule, with `when {path} is present`: a link has no condition"
    if context.provider == TABLE:
        return f"write `is present` in a column `{path}`"
    return f"guard the rule with `when {path} is present`"


def _spelled(get: Get) -> str:
    keys = tuple(step for step in get.steps if isinstance(step, str | int))
    if get.root == "event":
        return path_text(keys) if keys else "event"
    return path_text((get.root, *keys))
