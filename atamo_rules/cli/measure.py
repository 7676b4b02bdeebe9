"""What a ruleset costs on given events: the pace of the whole, every rule, and the parts of the dearest conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from atamo_rules.cli.measure_windows import Holding, holdings
from atamo_rules.engine import conditions
from atamo_rules.engine.decide import decide, index_of
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.index.conjuncts import conjuncts
from atamo_rules.engine.index.report import BITS, Filing, Report
from atamo_rules.engine.lets import inlined
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.render import Problem
from atamo_rules.engine.shapes import residual
from atamo_rules.engine.windows.steps import whole_id
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import Condition, Constant
from atamo_rules.model.rule import Rule, Ruleset

ASKED_AT_MOST = 1_000_000
"""Questions of rules to events that are timed one by one."""
SAMPLE, ACTED = 200, 20
"""Events of a type that each of its rules is asked, and of those that it matches, how many it is timed to act on."""


REPEATS = 4
"""Times that what is short is timed; the first also makes what is made once."""
DEAREST = 20
"""Rules whose conditions are looked into part by part."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Microseconds an event: reading it and its door, finding the rules that match, and all of deciding."""

    take: float
    match: float
    decide: float

    @property
    def per_second(self) -> float:
        """Events that one thread takes and decides in a second."""
        return 1_000_000 / (self.take + self.decide)


@dataclass(frozen=True, slots=True)
class RuleCost:
    """One rule on the events of its type. `asked` is the share of them that ask it, `matched` of them that it matches;
    `ask` and `act` are microseconds a question and a match; `each` is what it adds to any event, on average."""

    rule: Rule
    filing: Filing
    asked: float
    matched: float
    ask: float
    act: float
    each: float


@dataclass(frozen=True, slots=True)
class PartCost:
    """A part of a rule's condition: microseconds a question, and the share of events for which it held."""

    rule: Rule
    part: Condition
    ask: float
    held: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a ruleset on `events`. `built` is milliseconds that making the index took; `rules` and
    `parts` are the dearest first; `index` is what the index says of itself."""

    ruleset: Ruleset
    events: Sequence[Event]
    pace: Pace
    built: float
    rules: Sequence[RuleCost]
    parts: Sequence[PartCost]
    index: Report
    windows: Sequence[Holding] = ()


def measure(
    ruleset: Ruleset, events: Sequence[Event], take: Callable[[], object], seconds: float
) -> Measured:
    """Measure for somewhat more than so many seconds. `take` reads all the lines of the events once."""
    began = perf_counter()
    index = index_of(ruleset).ready()
    built = (perf_counter() - began) * 1000
    paced = pace(ruleset, events, take, seconds)
    report = index.report()
    rules = rule_costs(ruleset, events, report)
    windows = holdings(ruleset, events)
    return Measured(ruleset, events, paced, built, rules, part_costs(rules, events), report, windows)


def pace(ruleset: Ruleset, events: Sequence[Event], take: Callable[[], object], seconds: float) -> Pace:
    """The pace, from rounds over all events for about so many seconds, three at least."""
    index = index_of(ruleset)
    stages: list[Callable[[], object]] = [
        take,
        lambda: [index.found(one.type, one.body, one.user) for one in events],
        lambda: [decide(ruleset, one) for one in events],
    ]
    rounds: list[list[float]] = [[] for _ in stages]
    until = perf_counter() + seconds
    while perf_counter() < until or len(rounds[0]) < 3:
        for took, stage in zip(rounds, stages, strict=True):
            took.append(_timed(stage))
    each = [median(took) / len(events) * 1e6 for took in rounds]
    return Pace(*each)


def rule_costs(ruleset: Ruleset, events: Sequence[Event], report: Report) -> list[RuleCost]:
    """Every rule, the dearest first. Rules on types of which there are no events cost nothing."""
    by_type: dict[str, list[Event]] = {}
    for event in events:
        by_type.setdefault(event.type, []).append(event)
    rules = {one.type: one.rules for one in report.types}
    samples: dict[str, list[Event]] = {}
    for type, found in by_type.items():
        most = max(5, min(SAMPLE, ASKED_AT_MOST // max(1, rules.get(type, 0))))
        samples[type] = found[:: len(found) // most + 1]
    by_id = {rule.id: rule for rule in ruleset.rules}
    costs = []
    for one in report.rules:
        share = len(by_type.get(one.type, ())) / len(events)
        costs.append(_rule_cost(ruleset, by_id[whole_id(one.rule)], one, samples.get(one.type, ()), share))
    return sorted(costs, key=lambda cost: (-cost.each, cost.rule.id))


def _rule_cost(
    ruleset: Ruleset, rule: Rule, filing: Filing, sample: Sequence[Event], share: float
) -> RuleCost:
    seen = [event for event in sample if rule.scope.admits(event.user)]
    if not seen:
        return RuleCost(rule, filing, 0.0, 0.0, 0.0, 0.0, 0.0)
    ask, held = _asked(rule, inlined(rule), seen)
    reached = len(seen)
    if filing.under is not None:
        reached = sum(_asked(rule, filing.under, seen)[1])
    elif filing.tier == BITS and not filing.blind:
        reached = sum(held)
    matching = [event for event, holds in zip(seen, held, strict=True) if holds][:ACTED]
    act = 0.0
    if matching:
        took = _least(lambda: [decide(ruleset, event, only=rule.id) for event in matching])
        act = max(0.0, took / len(matching) * 1e6 - ask)
    asked, matched = reached / len(sample), sum(held) / len(sample)
    return RuleCost(rule, filing, asked, matched, ask, act, share * (asked * ask + matched * act))


def part_costs(costs: Sequence[RuleCost], events: Sequence[Event]) -> list[PartCost]:
    """The parts of the conditions of the rules that take longest to ask, the dearest first."""
    dearest = sorted(costs, key=lambda cost: -cost.asked * cost.ask)[:DEAREST]
    found: list[PartCost] = []
    for cost in dearest:
        rule = cost.rule
        seen = [one for one in events if one.type == rule.event and rule.scope.admits(one.user)][:SAMPLE]
        for part in conjuncts(inlined(rule)) if seen and cost.asked else ():
            if isinstance(part, Constant):
                continue
            ask, held = _asked(rule, part, seen)
            found.append(PartCost(rule, part, ask, sum(held) / len(held)))
    return sorted(found, key=lambda part: -part.ask)


def _asked(rule: Rule, condition: Condition, events: Sequence[Event]) -> tuple[float, list[bool]]:
    """Microseconds a question, and every answer."""
    ask = _question(rule, condition)
    given = list(ask(events))
    return _least(lambda: list(ask(events))) / len(events) * 1e6, given


def _question(rule: Rule, condition: Condition) -> Callable[[Sequence[Event]], Iterator[bool]]:
    quick = residual(condition)
    if quick is not None:
        return lambda events: map(quick, [event.body for event in events])
    one, holds = ready(rule), conditions.condition(condition)

    def framed(event: Event) -> bool:
        frame: Frame = frame_of(one, event)
        try:
            return holds(frame)
        except Problem:
            return False

    return lambda events: map(framed, events)


def _least(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some calls: what others do on the machine only ever adds."""
    return min(_timed(work) for _ in range(REPEATS))


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
