"""`and` and `or` in one condition without parentheses: what is said of it, and what is offered."""

from __future__ import annotations

from collections.abc import Sequence

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax.parts import Clause, Leaf, Part


def say_mixed(clause: Clause, joiners: Sequence[Leaf], items: Sequence[Part]) -> None:
    """`and` and `or` side by side: say so, and offer to let `and` bind first, as most languages would."""
    first = joiners[0]
    other = next(joiner for joiner in joiners if joiner.kind != first.kind)
    one, two = clause.texts[first.index], clause.texts[other.index]
    edits: list[Edit] = []
    begin = 0
    for position, joiner in enumerate([*joiners, None]):
        if joiner is None or joiner.kind == "OR":
            if position > begin:
                edits.append(Edit(_point(clause, items[begin], start=True), "("))
                edits.append(Edit(_point(clause, items[position], start=False), ")"))
            begin = position + 1
    fixes = [Fix("let `and` bind first", tuple(edits))] if clause.fragment.exact else []
    clause.report.append(
        codes.MIXED_AND_OR.at(
            clause.span(other.index, other.index),
            f"`{one}` and `{two}` are mixed: it is not clear what belongs together",
            also=[Label(clause.span(first.index, first.index), f"`{one}` here")],
            help="put parentheses around the parts that belong together",
            fixes=fixes,
        )
    )


def _point(clause: Clause, part: Part, *, start: bool) -> Span:
    span = clause.span(part.first, part.last)
    at = span.start if start else span.end
    return Span(span.source, at, at)
