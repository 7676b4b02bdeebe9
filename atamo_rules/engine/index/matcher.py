"""A ruleset as an index: which rules match an event, by its type, whom it is from, and its body.

    matcher = atamo.matcher(ruleset)
    matcher.match("order.placed", {"total": 120}, user)

A matcher never changes. `with_rule` and `without` give another one that shares almost everything with it, so that a
thread goes on with the rules it began with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from atamo_rules.engine.index.group import Kind
from atamo_rules.engine.index.pausing import Pause, nothing
from atamo_rules.engine.index.report import BITS, KEY, SCAN, Filing, Report, TypeReport, of_group
from atamo_rules.engine.index.type_index import Found as Found
from atamo_rules.engine.index.type_index import TypeIndex, type_index
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.render import Problem
from atamo_rules.engine.windows.steps import parts
from atamo_rules.errors import UnknownName
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.rule import DRAFT, SHADOW, Rule, Ruleset
from atamo_rules.model.types import Anything
from atamo_rules.source.unpaused import unpaused


class Matcher:
    """Which rules of a ruleset match. Immutable, and safe to use from any number of threads.

    The index of an event type is made when it is first asked for, unless `ready` made them all.
    """

    __slots__ = ("_fallible", "_made", "_types", "_waiting")

    def __init__(self, ruleset: Ruleset, *, timeless: bool = False) -> None:
        """With `timeless` the rules with clauses about time are left out: no event alone makes them fire."""
        self._types = ruleset.events
        self._fallible = bool(ruleset.tables)
        self._made: dict[str, TypeIndex] = {}
        self._waiting: dict[str, list[Rule]] = {name: [] for name in ruleset.events}
        for rule in ruleset.rules:
            if rule.status == DRAFT or (timeless and rule.time is not None):
                continue
            for part in parts(rule):
                self._waiting.setdefault(part.event, []).append(part)

    # --- asking -----------------------------------------------------------------------------------------

    def match(
        self, type: str, body: Any, user: User | None = None, *, now: datetime | None = None
    ) -> list[str]:
        """The ids of the rules that match an event, in the order in which they are tried, up to one that says `stop`.

        As `Decision.matched` has it: live rules only, drafts and shadows are left out. `body` is what a JSON reader
        gives; floats are taken for the decimals they write. Defaults of fields that were left out are filled in by the
        hub before it asks, and not here. `now` is the event's time; without one, what asks for the time is absent.
        Never raises on a body. Raises UnknownName for an event type that the ruleset does not have.
        """
        kind = self._of(type)
        if kind.open.plain and (user is None or not kind.scoped):
            return kind.open.match(body)
        event = Event("", type, body, now, user)  # type: ignore[arg-type]
        out: list[str] = []
        for rule, asked in kind.found(body, user):
            if rule.status == SHADOW or (asked and not _holds(rule, event)):
                continue
            out.append(rule.id)
            if rule.stop:
                break
        return out

    def of(self, type: str) -> Callable[[Any], list[str]]:
        """`match` for one event type and events that nobody signed, as a function of the body alone: the quickest way
        to ask. It belongs to this matcher, and knows nothing of rules that come later."""
        kind = self._of(type)
        if kind.open.plain:
            return kind.open.match
        return lambda body: self.match(type, body)

    def found(self, type: str, body: Any, user: User | None) -> list[Found]:
        """The rules that an event reaches, shadows among them, in the order they are tried; `stop` is not looked at."""
        known = self._made.get(type)
        if known is None:
            if type not in self._waiting:
                return []
            known = self._of(type)
        return known.found(body, user)

    def _of(self, type: str) -> TypeIndex:
        known = self._made.get(type)
        if known is None:
            waiting = self._waiting.get(type)
            if waiting is None:
                near = get_close_matches(type, self._waiting, n=3)
                raise UnknownName("event type", type, near)
            with unpaused():
                known = self._made.setdefault(type, type_index(waiting, self._kind(type)))
        return known

    def _kind(self, type: str) -> Kind:
        declared = self._types.get(type)
        return Kind(Anything() if declared is None else declared.type, self._fallible)

    # --- making -----------------------------------------------------------------------------------------

    def ready(self, pause: Pause = nothing) -> Matcher:
        """This matcher, with the indexes of all event types made. `pause` is called every few rules, so that a thread
        that makes it can let others run."""
        with unpaused():
            for type, rules in self._waiting.items():
                if type not in self._made:
                    self._made[type] = type_index(rules, self._kind(type), pause)
        return self

    def warm(self, pause: Pause = nothing) -> Matcher:
        """This matcher, with the functions of all its rules made, which otherwise are made when an event first finds a
        rule: it takes two or three times as long as the index, and no event pays for it."""
        with unpaused():
            for kind in map(self._of, self._waiting):
                for group in (kind.open, *kind.scoped.values()):
                    for layer in group.layers:
                        for functions in layer.functions:
                            functions.warm(pause)
        return self

    def with_rule(self, rule: Rule, pause: Pause = nothing) -> Matcher:
        """A matcher with a rule added, or changed where there is one of its id. What the rule needs must be declared
        in the ruleset this matcher was made of.

        Now and then the rules that came are filed together, which takes some milliseconds. `pause` is called every few
        rules of that; where other threads match meanwhile, it should sleep for a moment, some fifty microseconds, so
        that they have the interpreter.
        """
        return self._changed([rule], [rule.id], pause)

    def without(self, id: str) -> Matcher:
        """A matcher without a rule. Raises UnknownName when there is none of that id."""
        if not any(id in one.homes or one.open.has(id) for one in map(self._of, self._waiting)):
            raise UnknownName("rule", id)
        return self._changed([], [id], nothing)

    def _changed(self, come: list[Rule], gone: list[str], pause: Pause) -> Matcher:
        made = {type: self._of(type) for type in self._waiting}
        for id in gone:
            for type, one in made.items():
                left = one.without(id)
                if left is not one:
                    made[type] = left
        for rule in come:
            if rule.status != DRAFT and rule.time is None:
                known = made.get(rule.event) or type_index([], self._kind(rule.event))
                made[rule.event] = known.with_rule(rule, pause)
        return self._with(made)

    def _with(self, made: dict[str, TypeIndex]) -> Matcher:
        other = Matcher.__new__(Matcher)
        other._types, other._fallible = self._types, self._fallible
        other._made, other._waiting = made, {type: [] for type in made}
        return other

    def following(self, ruleset: Ruleset, pause: Pause = nothing) -> Matcher:
        """The index of another ruleset, made from this one of the ruleset before. Event types whose rules are the same
        objects keep their index; of the others, what came and went is filed, or all of it where that is much."""
        made = Matcher(ruleset)
        if made._fallible != self._fallible:
            return made.ready(pause)
        with unpaused():
            for type, rules in made._waiting.items():
                old, kind = self._made.get(type), made._kind(type)
                if old is None or old.kind != kind:
                    made._made[type] = type_index(rules, kind, pause)
                    continue
                made._made[type] = old.following(rules, pause)
        return made

    def settled(self, pause: Pause = nothing) -> Matcher:
        """The same rules, filed afresh where much has changed since they were: as quick as a new matcher. Meant for a
        thread in the background; this one goes on answering meanwhile."""
        with unpaused():
            return self._with({type: self._of(type).settled(pause) for type in self._waiting})

    def report(self) -> Report:
        """How each rule is found, and what it is taken to cost. Made when it is asked for; that costs about as much as
        making the index."""
        types: list[TypeReport] = []
        filings: dict[str, Filing] = {}
        for type in sorted(self._waiting):
            kind = self._of(type)
            here: dict[str, Filing] = {}
            costs: list[float] = [0.0]
            for group in (*kind.scoped.values(), kind.open):
                found, cost = of_group(type, group)
                costs.append(cost)
                here.update((one.rule, one) for one in found)
            if here:
                tiers = Counter(one.tier for one in here.values())
                cost = costs[-1] + max(costs[:-1])
                types.append(
                    TypeReport(type, len(here), tiers[KEY], tiers[BITS], tiers[SCAN], cost, len(costs) - 1)
                )
                filings.update(here)
        return Report(tuple(types), tuple(filings[id] for id in sorted(filings)))


def matcher(ruleset: Ruleset, *, warm: bool = False) -> Matcher:
    """The index of a ruleset, all of it made now, which takes some twenty-five microseconds a rule. `warm` also makes
    the functions of all rules, which otherwise wait until an event first finds the rule. Rules with clauses about time
    are left out."""
    made = Matcher(ruleset, timeless=True).ready()
    return made.warm() if warm else made


def _holds(rule: Rule, event: Event) -> bool:
    one = ready(rule)
    try:
        return one.holds(frame_of(one, event))
    except Problem:
        return True  # as a decision has it: it fired, with a problem
