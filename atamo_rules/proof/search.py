"""Whether a formula can hold for an event of a type: branching over what `or` leaves open, one value at a time beneath.

Davis, Putnam, Logemann and Loveland's procedure with a theory for each value (M. Davis, G. Logemann, D. Loveland, "A
machine program for theorem-proving", 1962; R. Nieuwenhuis, A. Oliveras, C. Tinelli, "Solving SAT and SAT modulo
theories", 2006), without learning: conditions of people are small. It counts its steps, never the time, so that it says
the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from atamo_rules.model.types import EventType, OneOf, Policy, Record, Type
from atamo_rules.proof.formula import And, Formula, Lit, Or, Path
from atamo_rules.proof.reads import type_at
from atamo_rules.proof.values import Possible, possible

STEPS = 10_000
"""What one question may look at before it is left open: assumptions, and the values that are tried for new ones."""


@dataclass(slots=True)
class Effort:
    """What all questions together may look at."""

    left: float = inf


class _Enough(Exception):
    """A question was looked into long enough."""


class State(NamedTuple):
    """What was assumed: of each value, and of the atoms of which nothing is known."""

    values: Mapping[Path, frozenset[Lit]]
    named: Mapping[str, bool]


class Search:
    """Questions about the events of one type; what was found of a value is kept for the next."""

    def __init__(self, event: EventType, *, more: bool = False, effort: Effort | None = None) -> None:
        self.event = event
        self.effort = effort if effort is not None else Effort()
        self.more = more
        """Whether a field that is one of some values may be another: one more may come tomorrow."""
        self._known: dict[tuple[Path, frozenset[Lit]], Possible] = {}
        self._left = 0
        self.open = False
        """Whether the last question was left open where its answer is None."""

    def model(self, formula: Formula) -> dict[Path, Any] | None:
        """The values with which a formula can hold, as far as values alone decide; None where there are none, or, with
        `open`, where that is not known."""
        self._left, self.open = STEPS, False
        try:
            state = self._found([formula], State({}, {}))
        except (_Enough, RecursionError):
            self.open = True
            return None
        if state is None:
            return None
        return {path: self._possible(path, literals).value for path, literals in state.values.items()}

    def _found(self, todo: list[Formula], state: State | None) -> State | None:
        choices: list[Or] = []
        while todo:
            part = todo.pop()
            match part:
                case And():
                    todo.extend(part.parts)
                case Or():
                    choices.append(part)
                case Lit():
                    state = self._assumed(state, part)
                    if state is None:
                        return None
        assert state is not None
        return self._chosen(choices, state)

    def _chosen(self, choices: list[Or], state: State) -> State | None:
        """Goes on with what has one way left, else with each way of what has the fewest."""
        left: list[Or] = []
        for choice in choices:
            ways = self._ways(choice, state)
            if ways is None:
                continue
            if len(ways) < 2:
                others = [one for one in choices if one is not choice]
                return self._found([*others, *ways], state) if ways else None
            left.append(Or(ways))
        if not left:
            sure = all(self._possible(*item).sure for item in state.values.items())
            self.open = self.open or not sure
            return state if sure else None
        first = min(left, key=lambda one: len(one.parts))
        others = [one for one in left if one is not first]
        for way in first.parts:
            found = self._found([*others, way], state)
            if found is not None:
                return found
        return None

    def _ways(self, choice: Or, state: State) -> tuple[Formula, ...] | None:
        """The ways that are left; None where one is taken already."""
        ways: list[Formula] = []
        for part in choice.parts:
            if isinstance(part, Lit):
                if self._taken(part, state):
                    return None
                if self._assumed(state, part) is None:
                    continue
            elif not part.parts and isinstance(part, And):
                return None
            ways.append(part)
        return tuple(ways)

    def _taken(self, lit: Lit, state: State) -> bool:
        path = lit.atom.path
        if path is None:
            return state.named.get(lit.atom.key) is lit.positive
        return lit in state.values.get(path, ())

    def _assumed(self, state: State | None, lit: Lit) -> State | None:
        """With one more assumption; None where it cannot be beside the others."""
        assert state is not None
        self._spend(1)
        path, key = lit.atom.path, lit.atom.key
        if path is None:
            if state.named.get(key, lit.positive) is not lit.positive:
                return None
            return State(state.values, {**state.named, key: lit.positive})
        before = state.values.get(path, frozenset())
        if Lit(lit.atom, not lit.positive) in before:
            return None
        literals = before | {lit}
        possible = self._possible(path, literals)
        if possible.sure and not possible.found:
            return None
        return State({**state.values, path: literals}, state.named)

    def _possible(self, path: Path, literals: frozenset[Lit]) -> Possible:
        known = self._known.get((path, literals))
        if known is None:
            self._spend(len(literals))
            ordered = sorted(literals, key=lambda lit: lit.atom.key)
            type = type_at(self.event.type, path)
            known = possible(path, type, ordered, missing=self._missing(path))
            listed = self.more and isinstance(type, OneOf)
            if not known.found and (listed or self.event.invalid == Policy.FLAG):
                known = known._replace(sure=False)  # what does not fit its type is let in, too
            self._known[(path, literals)] = known
        return known

    def _spend(self, steps: int) -> None:
        self._left -= steps
        self.effort.left -= steps
        if self._left < 0 or self.effort.left < 0:
            raise _Enough

    def _missing(self, path: Path) -> bool:
        """Whether an event that its door let in can lack what is at a path."""
        type: Type = self.event.type
        for step in path:
            member = type.members.get(step) if isinstance(type, Record) else None
            if member is None or member.optional:
                return True
            type = member.type
        return False
