"""What is made of a rule once, and kept as long as the rule lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import ref

from atamo_rules.model.rule import Rule

Made = TypeVar("Made")


class PerRule(Generic[Made]):
    """By the rule object itself: comparing rules by value would cost more than what is made of them. A new generation
    keeps the rules that did not change, and with them what was made; a rule that is gone takes its own along."""

    def __init__(self, make: Callable[[Rule], Made]) -> None:
        self.make = make
        self.known: dict[int, tuple[ref[Rule], Made]] = {}

    def __call__(self, rule: Rule) -> Made:
        key = id(rule)
        known = self.known.get(key)
        if known is None or known[0]() is not rule:
            known = self.known[key] = (ref(rule, lambda gone: self._forget(key, gone)), self.make(rule))
        return known[1]

    def _forget(self, key: int, gone: ref[Rule]) -> None:
        # The address may already belong to another rule, whose own stays.
        if key in self.known and self.known[key][0] is gone:
            del self.known[key]
