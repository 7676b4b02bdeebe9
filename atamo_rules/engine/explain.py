"""Why a rule fired, why another did not, and what was missing: recomputed on demand, at no cost to deciding.

The near miss is the least number of sub-conditions whose truth would have to change: `and` adds, `or` takes its
cheapest part, `not` turns the question round. No solver, and exact on the skeleton of and, or and not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from atamo_rules.engine.decide import decide
from atamo_rules.engine.deciding import Leaf, leaves, missing
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.windows.steps import parts
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, Rule, Ruleset
from atamo_rules.model.strict_json import encode
from atamo_rules.model.window import OVER
from atamo_rules.source.span import Span

WIDEST = 80
"""Characters of a value that an explanation shows."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One sub-condition: the author's words, whether it held, and the value it looked at."""

    span: Span
    held: bool
    was: str

    @property
    def text(self) -> str:
        return " ".join(self.span.said.split())


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one rule did or did not fire. `outcome` is matched, nearly, no, out of scope, draft or stopped; or holds,
    where the condition does, and a clause about time kept the rule from firing: what is told of its windows says how.

    `missing` are the sub-conditions whose truth would have to change, a smallest such set; `held` of `total`
    sub-conditions were as the rule wants them.
    """

    rule: str
    outcome: str
    atoms: tuple[Atom, ...] = ()
    missing: tuple[Atom, ...] = ()
    stopped_by: str = ""

    def sentence(self) -> str:
        """The reason in one line."""
        match self.outcome:
            case "out of scope":
                return f"{self.rule}: not for this user"
            case "draft":
                return f"{self.rule}: a draft is never evaluated"
            case "stopped":
                return f"{self.rule}: `{self.stopped_by}` stopped the event before it"
            case "matched":
                return f"{self.rule}: matched"
            case "holds":
                return f"{self.rule}: holds, and does not fire yet or again"
            case _:
                held = len(self.atoms) - len(self.missing)
                needs = "; ".join(
                    f"{'not ' if atom.held else ''}`{atom.text}`{f' (was {atom.was})' if atom.was else ''}"
                    for atom in self.missing
                )
                return f"{self.rule}: {held} of {len(self.atoms)} held; needs {needs}"


def explain(
    ruleset: Ruleset,
    event: Event,
    *,
    fired: Collection[str] | None = None,
    stopped_by: str = "",
    most: int = 2,
) -> tuple[Reason, ...]:
    """Every rule that the event may have a part in, with its reason, in the order they are tried. `fired` are the rules
    that did, and `stopped_by` the one that stopped the others; without them the event is decided as the first that ever
    came. Of a rule that several events make fire, the step is explained that the event came nearest to.

    A rule is `nearly` when at most `most` of its sub-conditions, and not all of them, would have to change.
    """
    if fired is None:
        decision = decide(ruleset, event)
        fired, stopped_by = {found.rule for found in decision.fired}, decision.stopped_by
    if event.type == OVER:  # the rule whose time it is, and no other
        return tuple(Reason(rule.id, "matched") for rule in ruleset.rules if rule.id in fired)
    reasons: list[Reason] = []
    stopped = False
    for rule in ruleset.rules:
        steps = parts(rule) if rule.time is not None else (rule,)
        found = [_reason(rule, step, event, fired, most) for step in steps if step.event == event.type]
        if not found:
            continue
        reason = min(found, key=lambda one: (_NEAREST.index(one.outcome), len(one.missing)))
        if stopped and reason.outcome not in ("draft", "out of scope"):
            reason = Reason(rule.id, "stopped", reason.atoms, reason.missing, stopped_by)
        reasons.append(reason)
        stopped = stopped or rule.id == stopped_by
    return tuple(reasons)


_NEAREST = ("matched", "holds", "nearly", "no", "out of scope", "draft")


def _reason(rule: Rule, step: Rule, event: Event, fired: Collection[str], most: int) -> Reason:
    """The reason of a rule, from what one of its steps asks of the event."""
    if rule.status == DRAFT:
        return Reason(rule.id, "draft")
    if not rule.scope.admits(event.user):
        return Reason(rule.id, "out of scope")
    frame = frame_of(ready(step), event)
    atoms = tuple(_atom(one, frame) for one in leaves(step.condition))
    if rule.id in fired:
        return Reason(rule.id, "matched", atoms)
    lacking = tuple(_atom(one, frame) for one, _ in missing(step.condition)(frame))
    if rule.time is not None and not lacking:
        return Reason(rule.id, "holds", atoms)
    near = 0 < len(lacking) <= most and len(lacking) < max(len(atoms), 1)
    return Reason(rule.id, "nearly" if near else "no", atoms, lacking)


def _atom(one: Leaf, frame: Frame) -> Atom:
    return Atom(one.span, one.holds(frame), value_text(one, frame))


def value_text(one: Leaf, frame: Frame) -> str:
    """The value a sub-condition looked at, as short JSON."""
    if one.look is None:
        return ""
    found = one.value(frame)
    if found is ABSENT:
        return "absent"
    shown = encode(jsonable(found))
    return shown if len(shown) <= WIDEST else shown[: WIDEST - 1] + "…"
