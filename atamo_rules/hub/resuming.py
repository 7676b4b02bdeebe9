"""How a rule goes on when its `ask` is over, under the rules it began with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from atamo_rules.engine.decide import rule_of
from atamo_rules.hub.consequences import consequences
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Action, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.types import Json
from atamo_rules.model.work import Following, Work

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation


class Resumed(NamedTuple):
    """What follows; `stuck` is a sentence when the rule cannot go on. `unheard`: no answer came, the rule says nothing
    of that, and no request is told of it either."""

    following: Following
    stuck: str = ""
    unheard: bool = False


def resumed(
    work: Work,
    event: Event,
    under: Generation,
    current: Generation,
    answer: Json,
    done: bool,
    at: datetime,
    begin: Callable[[Action], float],
    *,
    late: bool = False,
) -> Resumed:
    """The rest of a rule's actions. A rule that was changed between two processes is not continued by another of the
    same name: its author never wrote that the one goes on as the other."""
    waiting = work.waiting
    assert waiting is not None
    stuck, unheard = "", False
    if _same(under, waiting.rule, work.digest):
        fired = under.resume(event, waiting, answer, timeout=not done)
        unheard = not done and _unheard(under, event, waiting)
    else:
        stuck = (
            f"`{waiting.rule}` was changed while it waited for `{work.action.target}`: the rest was not done"
        )
        fired = Fired(waiting.rule, (), (stuck,))
    following = consequences((fired,), event, under, current, at, begin, late=late)
    what: dict[str, Json] = {
        "rule": fired.rule,
        "answered": done,
        "digest": under.digest,
        "problems": list(fired.problems),
    }
    note = Note(at, "rule.resumed", event.key, event.who, what, f"action {work.action.id}", under.digest)
    return Resumed(
        replace(following, problems=fired.problems, notes=(note, *following.notes)), stuck, unheard
    )


def _unheard(under: Generation, event: Event, waiting: Waiting) -> bool:
    plans = rule_of(under.ruleset, waiting.rule).plans
    foreseen = any(plan.on_timeout for plan in plans if plan.index == waiting.index)
    kind = under.ruleset.events.get(event.type)
    return not foreseen and (kind is None or not kind.request)


def _same(generation: Generation, rule: str, digest: str) -> bool:
    try:
        return rule_of(generation.ruleset, rule).digest == digest
    except KeyError:
        return False
