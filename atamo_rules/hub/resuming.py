"""How a rule goes on when its `ask` is over, under the rules it began with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from atamo_rules.engine.decide import rule_of
from atamo_rules.hub.consequences import consequences
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Action, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.types import Json
from atamo_rules.model.work import Following, Work

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation


class Resumed(NamedTuple):
    """What follows; `stuck` is a sentence when the rule cannot go on."""

    following: Following
    stuck: str = ""


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
    stuck = ""
    if _same(under, waiting.rule, work.digest):
        fired = under.resume(event, waiting, answer, timeout=not done)
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
    return Resumed(replace(following, problems=fired.problems, notes=(note, *following.notes)), stuck)


def _same(generation: Generation, rule: str, digest: str) -> bool:
    try:
        return rule_of(generation.ruleset, rule).digest == digest
    except KeyError:
        return False
