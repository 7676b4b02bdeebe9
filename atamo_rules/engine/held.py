"""Arguments held to what an action declares, where the compiler could not prove them: nothing else is handed on."""

from __future__ import annotations

from typing import Any

from atamo_rules.engine.problem import Problem
from atamo_rules.model.meaning import MakeRecord
from atamo_rules.model.rule import Held
from atamo_rules.model.schema_check import validator
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import Json, Record
from atamo_rules.source.span import Span

MOST_KEPT = 20_000
"""Checks kept: parameters live as long as their ruleset, and one check serves all rules that do the action."""


def hold(held: Held, made: MakeRecord | None, body: Json) -> None:
    """Raises Problem where a body is not what its action declares: which arguments, where they stand in what it was
    `made` of, and what they should be. Their values are not repeated: they may be anybody's."""
    check = _check(held.parameters)
    if check.is_valid(body):
        return
    wrong = {str(path[0]) for error in check.iter_errors(body) if (path := list(error.instance_path))}
    spans = {key: inner.span for key, inner, _ in made.entries} if made is not None else {}
    said = [
        f"`{key}` is to be {wanted}, and {_what(spans.get(key))}"
        for key, wanted in held.wanted
        if key in wrong
    ]
    raise Problem("; ".join(said) or "its arguments are not what it declares")


def _what(span: Span | None) -> str:
    if span is None:
        return "is not"
    text = " ".join(span.text.split())
    return f"`{text if len(text) <= 60 else text[:59] + '…'}` is not ({span})"


_CHECKS: dict[int, tuple[Record, Any]] = {}


def _check(parameters: Record) -> Any:
    known = _CHECKS.get(id(parameters))
    if known is None or known[0] is not parameters:
        if len(_CHECKS) >= MOST_KEPT:
            _CHECKS.clear()
        known = _CHECKS[id(parameters)] = (parameters, validator(schema_of(parameters), formats=True))
    return known[1]
