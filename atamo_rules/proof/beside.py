"""What can be proved of rules beside each other: who takes everything from whom, who does what another does, who is
left without an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from atamo_rules.model.case import Case, Expected, GivenEvent
from atamo_rules.model.people import Scope
from atamo_rules.model.rule import LIVE, Plan, Rule
from atamo_rules.proof.formula import And, against, of_rule
from atamo_rules.proof.shown import given
from atamo_rules.proof.space import Verdict
from atamo_rules.proof.witnesses import Witnesses, asks_a_table
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label

MOST = 40
"""Rules that do the same which are held against each other."""
QUESTIONS = 4
"""What may be asked, for each rule, that no event known already answers."""


def stopped(rules: Sequence[Rule], asked: Witnesses) -> Iterator[Diagnostic]:
    """Rules all of whose events others take before them, and stop."""
    walls: list[Rule] = []
    for rule in sorted(rules, key=lambda one: one.place):
        before = [one for one in walls if one.scope in (Scope(), rule.scope)]
        taken = asked.taken(rule, before)
        if taken:
            names = " and ".join(f"`{one.id}`" for one in taken)
            take, stop = ("take", "stop") if len(taken) > 1 else ("takes", "stops")
            yield codes.TAKEN.at(
                rule.span,
                f"`{rule.id}` can never act: {names} {take} all its events first, and {stop}",
                also=[Label(one.span, "this comes first") for one in taken],
                help=f"drop the `stop`, give `{rule.id}` a lower `order`, or delete it",
            )
        elif rule.stop and rule.status == LIVE and rule.time is None and not asks_a_table(rule):
            walls.append(rule)


def twice(rules: Sequence[Rule], asked: Witnesses) -> Iterator[Diagnostic]:
    """Rules that do what another does, for events for which it does it, too."""
    alike: dict[tuple[str, ...], list[tuple[Rule, Plan]]] = {}
    for rule in rules:
        if rule.time is None and rule.status == LIVE and not rule.stop:
            for plan in rule.plans:
                if plan.verb in ("send", "emit", "track") and "Lookup(" not in repr(
                    (rule.lets, plan.arguments)
                ):
                    alike.setdefault(_way(rule, plan), []).append((rule, plan))
    told: set[str] = set()
    most = asked.questions + QUESTIONS * len(rules)
    for group in alike.values():
        for (one, plan), (other, again) in combinations(group[:MOST], 2):
            for narrow, wide, place in ((other, one, again), (one, other, plan)):
                if one is other or narrow.id in told or asked.questions > most:
                    continue
                if asked.implies(narrow, wide):
                    told.add(narrow.id)
                    yield _done_twice(narrow, wide, place)
                    break


def _way(rule: Rule, plan: Plan) -> tuple[str, ...]:
    """What has to be equal for two rules to do the same."""
    how = (rule.scope, rule.lets, plan.acting_as, plan.after, plan.arguments)
    return (plan.verb, plan.agent, plan.action, *map(repr, how))


def _done_twice(narrow: Rule, wide: Rule, place: Plan) -> Diagnostic:
    return codes.TWICE.at(
        place.span,
        f"`{place.target}` is done twice: whenever `{narrow.id}` acts, `{wide.id}` does the same",
        also=[Label(wide.span, f"`{wide.id}` does it, too")],
        help=f"delete one of the two, or have `{wide.id}` leave these events out",
    )


def unanswered(rules: Sequence[Rule], asked: Witnesses, cases: Sequence[Case]) -> Iterator[Diagnostic]:
    """A request that no rule answers, where some are answered, and no test says that this is meant."""
    name = asked.event.name
    if not asked.event.request or any(_expects_nothing(case, name) for case in cases):
        return
    answering = [rule for rule in rules if rule.status == LIVE and rule.time is None and _answers(rule.plans)]
    if not answering:
        return
    left = [against(of_rule(rule)) for rule in answering if rule.scope == Scope()]
    answer = asked.space.can(And(tuple(left)))
    if answer.verdict is Verdict.YES:
        yield codes.UNANSWERED.at(
            answering[-1].span,
            f"`{name}` is not always answered: no rule answers {given(answer.given)}",
            help="add a rule for the rest, which may `reply error`; where this is meant, say so in a test of its own"
            " that expects nothing",
        )


def _expects_nothing(case: Case, event: str) -> bool:
    """Whether a test of all rules gives such a request, and says that nothing comes of it."""
    steps = case.steps
    given = any(isinstance(step, GivenEvent) and step.type == event for step in steps)
    return not case.rule and given and any(isinstance(step, Expected) and not step.all for step in steps)


def _answers(plans: Sequence[Plan]) -> bool:
    return any(plan.verb in ("reply", "publish") or _answers(plan.on_timeout) for plan in plans)
