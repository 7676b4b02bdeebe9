"""Arguments held to what an action declares, where the compiler could not prove them: nothing else is handed on."""

from __future__ import annotations

from typing import Any

from atamo_rules.engine.problem import Problem
from atamo_rules.model.rule import Held, Unproven
from atamo_rules.model.schema_check import validator
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import Json, Record

MOST_KEPT = 20_000
"""Checks kept: parameters live as long as their ruleset, and one check serves all rules that do the action."""


def hold(held: Held, body: Json) -> None:
    """Raises Problem where a body is not what its action declares: which arguments, where they are written and what
    they should be. Their values are not repeated: they may be anybody's."""
    check = _check(held.parameters)
    if check.is_valid(body):
        return
    wrong = (_at(tuple(error.instance_path), held) for error in check.iter_errors(body))
    said = dict.fromkeys(_sentence(one) for one in wrong if one is not None)
    raise Problem("; ".join(said) or "its arguments are not what it declares")


def _at(path: tuple[str | int, ...], held: Held) -> Unproven | None:
    """The innermost open part of the arguments that an error lies in."""
    around = (one for one in held.open if one.keys == path[: len(one.keys)])
    return max(around, key=lambda one: len(one.keys), default=None)


def _sentence(one: Unproven) -> str:
    name = ".".join(one.keys)
    if one.span is None:
        return f"`{name}` is to be {one.wanted}, and is not"
    text = " ".join(one.span.text.split())
    return f"`{name}` is to be {one.wanted}, and `{text if len(text) <= 60 else text[:59] + '…'}` is not ({one.span})"


_CHECKS: dict[int, tuple[Record, Any]] = {}


def _check(parameters: Record) -> Any:
    known = _CHECKS.get(id(parameters))
    if known is None or known[0] is not parameters:
        if len(_CHECKS) >= MOST_KEPT:
            _CHECKS.clear()
        known = _CHECKS[id(parameters)] = (parameters, validator(schema_of(parameters), formats=True))
    return known[1]
