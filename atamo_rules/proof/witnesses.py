"""Rules of one event type with an event for each that it acts on, which answers most questions about two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atamo_rules.engine.examples import example
from atamo_rules.model.meaning import Condition
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import EventType, Json, Record
from atamo_rules.proof.formula import And, Formula, Lit, against, of_part, of_rule, true_of
from atamo_rules.proof.search import Effort
from atamo_rules.proof.space import Answer, Space, Verdict


class Witnesses:
    """Questions about the rules of one event type."""

    def __init__(self, event: EventType, effort: Effort | None = None) -> None:
        self.event = event
        self.space = Space(event, effort=effort)
        self._more = Space(event, more=True, effort=effort)
        self._plain: Json = example(event.type) if isinstance(event.type, Record) else {}
        self.questions = 0
        """How often no event that was known answered whether one rule implies another."""
        self._known: dict[str, Answer] = {}
        self._shown: dict[str, list[Json]] = {}
        """Bodies for which a rule is known to hold."""

    def of(self, rule: Rule) -> Answer:
        """Whether a rule's condition can hold, and an event for which it does."""
        known = self._known.get(rule.id)
        if known is None:
            known = self._known[rule.id] = self.space.can(of_rule(rule))
        return known

    def never(self, rule: Rule, parts: Sequence[Condition]) -> bool:
        """Whether no event satisfies some parts of a rule's condition together."""
        whole = And(tuple(of_part(rule, part) for part in parts))
        return self.space.can(whole).verdict is Verdict.NO

    def always(self, rule: Rule) -> bool:
        """Whether every event satisfies a rule's condition, also those with values that are not listed today."""
        whole = of_rule(rule)
        if not true_of(whole, self._plain) or any(lit.atom.path is None for lit in literals(whole)):
            return False
        return self._more.can(against(whole)).verdict is Verdict.NO

    def implies(self, narrow: Rule, wide: Rule) -> bool:
        """Whether every event that satisfies the one satisfies the other."""
        other = of_rule(wide)
        bodies = self._shown.setdefault(narrow.id, [self.of(narrow).body])
        if self.of(narrow).verdict is Verdict.YES and not all(true_of(other, body) for body in bodies):
            return False
        self.questions += 1
        answer = self.space.can(And((of_rule(narrow), against(other))))
        if answer.verdict is Verdict.YES:
            bodies.append(answer.body)  # tells it apart from the next ones, too
        return answer.verdict is Verdict.NO

    def taken(self, rule: Rule, before: Sequence[Rule]) -> list[Rule]:
        """Of some rules those that leave nothing for another: found by asking, of an event that it could act on, which
        of them takes it, until there is no such event left. Empty where something is left, or that is not known."""
        held: list[Rule] = []
        answer = self.of(rule)
        while answer.verdict is Verdict.YES:
            more = [one for one in before if one not in held and true_of(of_rule(one), answer.body)]
            if not more:
                return []
            held.append(more[0])
            left = (against(of_rule(one)) for one in held)
            answer = self.space.can(And((of_rule(rule), *left)))
        return held if answer.verdict is Verdict.NO else []


def literals(formula: Formula) -> Iterator[Lit]:
    """The atoms of a formula, as they stand in it."""
    if isinstance(formula, Lit):
        yield formula
    else:
        for part in formula.parts:
            yield from literals(part)


def asks_a_table(rule: Rule) -> bool:
    """Whether it asks what may have no answer: where that is so, it neither acts nor stops."""
    return any("Lookup(" in lit.atom.key for lit in literals(of_rule(rule)))
