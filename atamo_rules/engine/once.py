"""What is made of a rule or a ruleset once, and kept as long as that lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import ref

Of = TypeVar("Of")
Made = TypeVar("Made")


class Once(Generic[Of, Made]):
    """By the object itself: comparing rules by value would cost more than what is made of them. A new generation
    keeps the rules that did not change, and with them what was made; what is gone takes its own along."""

    def __init__(self, make: Callable[[Of], Made]) -> None:
        self.make = make
        self.known: dict[int, tuple[ref[Of], Made]] = {}

    def __call__(self, of: Of) -> Made:
        known = self.known.get(id(of))
        return known[1] if known is not None and known[0]() is of else self.keep(of, self.make(of))

    def keep(self, of: Of, made: Made) -> Made:
        """From here on that is what was made of it, unless something was before."""
        key = id(of)
        known = self.known.get(key)
        if known is None or known[0]() is not of:
            known = self.known[key] = (ref(of, lambda gone: self._forget(key, gone)), made)
        return known[1]

    def peek(self, of: Of) -> Made | None:
        """What was made of it, if anything was."""
        known = self.known.get(id(of))
        return known[1] if known is not None and known[0]() is of else None

    def _forget(self, key: int, gone: ref[Of]) -> None:
        # The address may already belong to another, whose own stays.
        if key in self.known and self.known[key][0] is gone:
            del self.known[key]
