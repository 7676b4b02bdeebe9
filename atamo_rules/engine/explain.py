"""Why a rule fired, why another did not, and what was missing: recomputed on demand, at no cost to deciding.

The near miss is the least number of sub-conditions whose truth would have to change: `and` adds, `or` takes its
cheapest part, `not` turns the question round. No solver, and exact on the skeleton of and, or and not.
"""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.decide import decide
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.render import Problem
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import (
    All,
    Any,
    Condition,
    Const,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    Not,
    Present,
    Term,
    Test,
)
from atamo_rules.model.rule import DRAFT, Rule, Ruleset
from atamo_rules.model.strict_json import encode
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
        return " ".join(self.span.text.split())


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one rule did or did not fire. `outcome` is matched, nearly, no, out of scope, draft or stopped.

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
            case _:
                held = len(self.atoms) - len(self.missing)
                needs = "; ".join(
                    f"{'not ' if atom.held else ''}`{atom.text}`{f' (was {atom.was})' if atom.was else ''}"
                    for atom in self.missing
                )
                return f"{self.rule}: {held} of {len(self.atoms)} held; needs {needs}"


def explain(ruleset: Ruleset, event: Event, *, most: int = 2) -> tuple[Reason, ...]:
    """Every rule on the event's type, with its reason, in the order they are tried.

    A rule is `nearly` when at most `most` of its sub-conditions, and not all of them, would have to change.
    """
    decision = decide(ruleset, event)
    matched = {found.rule for found in decision.fired}
    reasons: list[Reason] = []
    stopped = False
    for rule in ruleset.rules:
        if rule.event != event.type:
            continue
        reason = _reason(rule, event, matched, most)
        if stopped and reason.outcome not in ("draft", "out of scope"):
            reason = Reason(rule.id, "stopped", reason.atoms, reason.missing, decision.stopped_by)
        reasons.append(reason)
        stopped = stopped or rule.id == decision.stopped_by
    return tuple(reasons)


def _reason(rule: Rule, event: Event, matched: set[str], most: int) -> Reason:
    if rule.status == DRAFT:
        return Reason(rule.id, "draft")
    if not rule.scope.admits(event.user):
        return Reason(rule.id, "out of scope")
    frame = frame_of(ready(rule), event)
    atoms = tuple(_atoms(rule.condition, frame))
    if rule.id in matched:
        return Reason(rule.id, "matched", atoms)
    missing = flips(rule.condition, frame, wanted=True)
    near = 0 < len(missing) <= most and len(missing) < max(len(atoms), 1)
    return Reason(rule.id, "nearly" if near else "no", atoms, missing)


def _atoms(node: Condition, frame: Frame) -> list[Atom]:
    if parts := conditions.joined(node):
        return [atom for part in parts for atom in _atoms(part, frame)]
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return _atoms(node.part, frame)
    return [_atom(node, frame)]


def _atom(node: Condition, frame: Frame) -> Atom:
    return Atom(node.span, _holds(node, frame), _was(node, frame))


def flips(node: Condition, frame: Frame, *, wanted: bool) -> tuple[Atom, ...]:
    """A smallest set of sub-conditions that would have to change for the condition to be as wanted."""
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return flips(node.part, frame, wanted=not wanted)
    if parts := conditions.joined(node):
        needed = [flips(part, frame, wanted=wanted) for part in parts]
        if isinstance(node, All) is wanted:
            return tuple(atom for part in needed for atom in part)
        return min(needed, key=len)
    return () if _holds(node, frame) is wanted else (_atom(node, frame),)


def _holds(node: Condition, frame: Frame) -> bool:
    try:
        return conditions.condition(node)(frame)
    except Problem:
        return False


def _was(node: Condition, frame: Frame) -> str:
    """The value a sub-condition looked at, as short JSON."""
    inner = node.part if isinstance(node, Not) else node
    if isinstance(inner, All):
        inner = inner.parts[0]
    looked: Term | None = None
    if isinstance(inner, Test):
        looked = inner.right if isinstance(inner.left, Const) else inner.left
    elif isinstance(inner, Present | IsNull | Exists | Empty | Holds):
        looked = inner.term
    elif hasattr(inner, "collection"):
        looked = inner.collection
    if looked is None or isinstance(looked, Const):
        return ""
    try:
        found = terms.term(looked)(frame)
    except Problem:
        return "absent"
    if found is ABSENT or (isinstance(looked, Get) and looked.many and found == []):
        return "absent"
    shown = encode(jsonable(found))
    return shown if len(shown) <= WIDEST else shown[: WIDEST - 1] + "…"
