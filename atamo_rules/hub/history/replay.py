"""What was decided, held against what other rules would decide: which events would go another way, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atamo_rules.model.decision import Action, Decision
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Difference:
    """One event that goes another way. Rules by their ids, actions as JSON; `more` is what only the new rules do,
    `less` what only was done. `why` is set for an event that the new rules do not take at all."""

    event: str
    type: str
    more_rules: tuple[str, ...] = ()
    less_rules: tuple[str, ...] = ()
    more: tuple[Mapping[str, Json], ...] = ()
    less: tuple[Mapping[str, Json], ...] = ()
    why: str = ""

    @property
    def acts(self) -> bool:
        """Whether anything else would be done; otherwise other rules do the same."""
        return bool(self.more or self.less or self.why)

    def document(self) -> dict[str, Json]:
        """It as JSON."""
        return {
            "event": self.event,
            "type": self.type,
            "rules": {"more": list(self.more_rules), "less": list(self.less_rules)},
            "actions": {"more": [dict(one) for one in self.more], "less": [dict(one) for one in self.less]},
            "why": self.why,
        }


@dataclass(slots=True)
class Replayed:
    """What came of many events: counts, and the first `examples` of each kind of difference."""

    examples: int = 3
    events: int = 0
    same: int = 0
    acting: int = 0
    types: Counter[str] = field(default_factory=Counter)
    more_rules: Counter[str] = field(default_factory=Counter)
    less_rules: Counter[str] = field(default_factory=Counter)
    more_actions: Counter[str] = field(default_factory=Counter)
    less_actions: Counter[str] = field(default_factory=Counter)
    shown: list[Difference] = field(default_factory=list)
    apart: set[str] = field(default_factory=set)
    """Rules that are not compared: they have clauses about time."""
    ends: int = 0
    """Events that time made, and that are not replayed."""
    _seen: Counter[str] = field(default_factory=Counter)

    @property
    def differ(self) -> int:
        """How many events go another way."""
        return self.events - self.same

    def add(self, type: str, found: Difference | None) -> None:
        """Take one event into account."""
        self.events += 1
        self.types[type] += 1
        if found is None:
            self.same += 1
            return
        self.acting += found.acts
        self.more_rules.update(found.more_rules)
        self.less_rules.update(found.less_rules)
        self.more_actions.update(str(one["target"]) for one in found.more)
        self.less_actions.update(str(one["target"]) for one in found.less)
        shape = encode_sorted([found.type, list(found.more_rules), list(found.less_rules), bool(found.why)])
        self._seen[shape] += 1
        if self._seen[shape] <= self.examples:
            self.shown.append(found)

    def document(self) -> dict[str, Json]:
        """It as JSON."""
        return {
            "events": self.events,
            "same": self.same,
            "differ": self.differ,
            "act_differently": self.acting,
            "types": dict(self.types),
            "rules": {"more": dict(self.more_rules), "less": dict(self.less_rules)},
            "actions": {"more": dict(self.more_actions), "less": dict(self.less_actions)},
            "examples": [one.document() for one in self.shown],
            "not_compared": {"rules": [*sorted(self.apart)], "events": self.ends},
        }


def action_facts(action: Action) -> dict[str, Json]:
    """What counts of an action: not its id, and not the line of the rule that asked for it."""
    shown: dict[str, Json] = {"verb": action.verb, "target": action.target, "body": action.body}
    if action.error is not None:
        shown["error"] = action.error
    if action.after is not None:
        shown["after"] = action.after
    if action.acting_as is not None:
        shown["as"] = str(action.acting_as)
    return shown


def decision_facts(decision: Decision) -> dict[str, Any]:
    """What counts of a decision, as JSON; `of` are the rules of its actions, in their order."""
    return {
        "digest": decision.digest,
        "matched": list(decision.matched),
        "actions": [action_facts(action) for action in decision.actions],
        "of": [action.rule for action in decision.actions],
    }


def timed_rules(ruleset: Ruleset) -> tuple[Rule, ...]:
    """The rules with clauses about time. What they do hangs on events before, so no event is decided again by them."""
    return tuple(rule for rule in ruleset.rules if rule.time is not None)


def without(facts: Mapping[str, Any], rules: Collection[str]) -> Mapping[str, Any]:
    """What counts of a decision, but for what some rules did."""
    if not rules:
        return facts
    kept = [one for one in zip(facts["actions"], facts["of"], strict=True) if one[1] not in rules]
    return {
        **facts,
        "matched": [rule for rule in facts["matched"] if rule not in rules],
        "actions": [action for action, _ in kept],
        "of": [rule for _, rule in kept],
    }


def difference(event: str, type: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Difference | None:
    """How two decisions of one event differ, as `decision_facts` gives them; None when they do not. The order in which
    rules are tried and actions are listed is none of it: actions of different rules do not wait for one another."""
    before, after = Counter(then["matched"]), Counter(now["matched"])
    more, less = _apart(then["actions"], now["actions"])
    if before == after and not more and not less:
        return None
    return Difference(
        event, type, tuple(sorted(after - before)), tuple(sorted(before - after)), tuple(more), tuple(less)
    )


def _apart(
    then: Sequence[Mapping[str, Json]], now: Sequence[Mapping[str, Json]]
) -> tuple[list[Mapping[str, Json]], list[Mapping[str, Json]]]:
    """The actions of each side that the other does not have, counting equal ones."""
    left = Counter(encode_sorted(dict(one)) for one in then)
    more = []
    for one in now:
        text = encode_sorted(dict(one))
        if left[text]:
            left[text] -= 1
        else:
            more.append(one)
    less = []
    for one in then:
        text = encode_sorted(dict(one))
        if left[text]:
            left[text] -= 1
            less.append(one)
    return more, less
