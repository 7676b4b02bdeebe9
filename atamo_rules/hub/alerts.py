"""What somebody should look at now, told to the controller as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from atamo_rules.model.work import Work


@dataclass(frozen=True, slots=True)
class Alert:
    """An action that was given up, or was asked for in vain, an agent that is left alone for a while, a rule that
    cannot go on after its `ask`, a store that cannot be written, an audit that is not what it was, a number beyond its
    threshold, a source or a provider that broke, windows that were let go of because their rule was changed, or that
    count what one of several hubs took, limits that each of those keeps by itself, a credential that will be missed, or
    people files that lock everybody out. `message` is a sentence."""

    kind: Literal[
        "given-up",
        "breaker",
        "stuck",
        "store",
        "audit",
        "threshold",
        "source",
        "provider",
        "windows",
        "limits",
        "credential",
        "people",
    ]
    message: str
    work: Work | None = None


Alarm: TypeAlias = Callable[[Alert], None]


def unanswered(work: Work, why: str) -> Alert:
    """An `ask` that failed, of a rule that says nothing `on timeout`: what it wanted to do then is not done, and nobody
    else waits for the answer."""
    rule = work.waiting.rule if work.waiting is not None else work.action.rule
    return Alert(
        "given-up",
        f"`{work.action.target}` of `{work.event}` gave no answer, and `{rule}` says nothing `on timeout`: {why}",
        work,
    )


def given_up(work: Work, attempts: int, why: str) -> Alert:
    """An action that will not be tried again by itself."""
    count = f"{attempts} attempt{'' if attempts == 1 else 's'}"
    return Alert(
        "given-up", f"`{work.action.target}` of `{work.event}` was given up after {count}: {why}", work
    )
