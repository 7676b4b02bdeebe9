"""What agents say, as it can be kept: an answer is JSON from here on, or is refused in a sentence; a reason is a text.

Agents are Python, and hand over what their libraries gave them. What could not be written would leave their action
open for ever, and what could not be read again would hide it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import isfinite
from typing import Any

from msgspec import to_builtins

from atamo_rules.errors import AnswerRefused
from atamo_rules.model.given_json import exact
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.strict_json import JsonRefused
from atamo_rules.model.types import Json


def as_json(answer: Any) -> Json:
    """An answer with every float as the decimal it writes, tuples and sets as lists, bytes in base64, moments as texts;
    what is no number is None, and half of a character is `?`. Raises JsonRefused for what no JSON can hold."""
    if answer is None:
        return None
    try:
        return exact(answer)
    except JsonRefused:
        pass
    try:
        plain = to_builtins(answer, builtin_types=(Decimal,), str_keys=True)
        return exact(_tidied(plain))
    except (TypeError, ValueError, RecursionError) as error:  # JsonRefused is a ValueError
        raise JsonRefused(str(error)) from None


def as_reply(answer: Any) -> Json:
    """An answer that an agent gives before its attempt ends. Raises AnswerRefused."""
    try:
        return as_json(answer)
    except JsonRefused as refused:
        raise AnswerRefused(f"the answer is no JSON: {refused}") from None


def as_kept(outcome: Outcome) -> Outcome:
    """How an attempt ended, as it can be kept. An answer that no JSON can hold has failed: nobody could read it."""
    if isinstance(outcome, Done):
        try:
            answer = as_json(outcome.answer)
            return Done(answer) if answer is not outcome.answer else outcome
        except JsonRefused as refused:
            return Failed(f"its answer is no JSON: {refused}", "answer")
    if not (isinstance(outcome.why, str) and isinstance(outcome.error, str)):
        outcome = replace(outcome, why=_text(outcome.why), error=_text(outcome.error))
    if isinstance(outcome, Again) and not isinstance(outcome.after, int | float | None):
        outcome = replace(outcome, after=None)
    return outcome


def _tidied(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, list | tuple):
        return [_tidied(one) for one in value]
    if isinstance(value, dict):
        return {_tidied(name): _tidied(one) for name, one in value.items()}
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else repr(value)
