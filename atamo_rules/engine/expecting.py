"""What a test expects, held against what was done: each expectation that was not met, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from atamo_rules.engine.operators import OPERATORS, TYPES
from atamo_rules.engine.playing import BEGIN, Play, named
from atamo_rules.model.case import Expectation, Expected, Match
from atamo_rules.model.decision import Action
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met: where it stands, and what came instead, in lines to be read."""

    span: Span
    message: str
    got: tuple[str, ...] = ()


def unmet(step: Expected, run: Play) -> list[Failure]:
    """The expectations of one step that were not met by what was done since the events before it."""
    if not step.all:
        if not run.actions:
            return []
        return [Failure(step.span, "expected nothing, but something was done", _told(run))]
    failures: list[Failure] = []
    for expectation in step.all:
        message = _why(expectation, run)
        if message:
            failures.append(Failure(expectation.span, message, _told(run)))
    return failures


def _why(expectation: Expectation, run: Play) -> str:
    """Why an expectation is not met, or empty."""
    what = expectation.target or expectation.kind
    if expectation.kind == "rule":
        fired = expectation.target in run.fired
        if expectation.times == 0:
            return f"the rule `{what}` fired" if fired else ""
        return "" if fired else f"the rule `{what}` did not fire"
    same = [action for action in run.actions if _is(action, expectation, run)]
    wrong: list[str] = []
    met = 0
    for action in same:
        differs = [text for text in (_differs(match, action.body) for match in expectation.matches) if text]
        met += not differs
        wrong.extend(differs)
    times = expectation.times
    if times is None:
        if met:
            return ""
        if same:
            return f"`{what}` was done, but {'; '.join(dict.fromkeys(wrong))}"
        return f"`{what}` was not done"
    if met == times:
        return ""
    wanted = {0: "not at all", 1: "once"}.get(times, f"{times} times")
    return f"expected `{what}` {wanted}, and it was done {met} times"


def _is(action: Action, expectation: Expectation, run: Play) -> bool:
    match expectation.kind:
        case "reply":
            return action.verb == "reply" and action.error is None
        case "error":
            return action.verb == "reply" and action.error is not None
        case "emit":
            return action.verb == "emit" and action.action == expectation.target
        case _:
            return action.verb not in ("emit", "reply") and named(action, expectation.target, run)


_BY = {"is": "eq", "contains": "contains", "starts with": "prefix", "ends with": "suffix", "matches": "regex",
       "is like": "glob", "is in network": "cidr", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
       "is one of": "in"}  # fmt: skip
_NEGATED = {"is not": "is", "does not contain": "contains", "does not start with": "starts with",
            "does not end with": "ends with", "does not match": "matches", "is not like": "is like",
            "is not in network": "is in network", "is not one of": "is one of", "is absent": "is present",
            "is not null": "is null", "does not exist": "exists", "is not empty": "is empty",
            **{f"is not {kind}": f"is {kind}" for kind in ("a text", "a number", "a boolean", "a list", "an object")},
            }  # fmt: skip
_MISSING = object()
_STATES: Mapping[str, Callable[[Any], bool]] = {
    "exists": lambda found: found is not _MISSING,
    "is null": lambda found: found is None,
    "is present": lambda found: found is not _MISSING and found is not None,
    "is empty": lambda found: isinstance(found, str | list | dict) and not found,
    **{f"is {'an' if kind == 'object' else 'a'} {kind}": check for kind, check in TYPES.items()},
}
"""What is asked of a value that may be `_MISSING`."""


def _differs(match: Match, body: Json) -> str:
    """What is wrong with one field of an action's body, or empty."""
    name = ".".join(str(key) for key in match.path)
    found: Any = body
    for key in match.path:
        if isinstance(found, dict) and key in found:
            found = found[str(key)]
        elif isinstance(found, list) and isinstance(key, int) and key < len(found):
            found = found[key]
        else:
            found = _MISSING
            break
    operator = _NEGATED.get(match.operator, match.operator)
    negated = operator != match.operator
    if operator in _STATES:
        good = _STATES[operator](found)
    elif found is _MISSING:
        return f"`{name}` is missing"
    elif operator == "is between":
        low, high = match.value if isinstance(match.value, list) and len(match.value) == 2 else (None, None)
        good = OPERATORS["ge"](found, low, "json", False) and OPERATORS["le"](found, high, "json", False)
    else:
        good = OPERATORS[_BY[operator]](found, match.value, "json", False)
    if good is not negated:
        return ""
    if operator == "is present":
        return f"`{name}` is {'there' if negated else 'missing'}"
    return f"`{name}` is {'missing' if found is _MISSING else _short(found)}"


_FEW = 20
"""Actions that a failed test has a line for each of."""


def _told(run: Play) -> tuple[str, ...]:
    """What happened, for a person to read: the actions, what went wrong, and the last event in full."""
    lines = [f"did {action.verb} {action.target} {_short(action.body, 200)}" for action in run.actions[:_FEW]]
    if len(run.actions) > _FEW:
        lines.append(f"did {len(run.actions) - _FEW} more")
    lines += [f"problem: {problem}" for problem in run.problems]
    lines += [
        f"`{target}` was asked and has no answer: add `mock {target} -> {{ … }}`"
        for target in dict.fromkeys(run.unanswered)
    ]
    if not run.actions:
        lines.append("did nothing")
    lines += [f"waits: {action.verb} {action.target}, until {_offset(due)}" for due, action in run.later]
    if run.events:
        lines.append(f"event {run.events[0].type} {_short(run.events[0].body, 400)}")
    return tuple(lines)


def _offset(moment: datetime) -> str:
    """A moment as tests write it: how long after their beginning."""
    minutes, seconds = divmod(int((moment - BEGIN).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}{f':{seconds:02}' if seconds else ''}"


def _short(value: Json, width: int = 80) -> str:
    text = encode(value)
    return text if len(text) <= width else text[: width - 1] + "…"
