"""What is left to ask of a rule once it is found: a function, made when an event first finds the rule.

Of very many rules most are never found, or not for long; making the functions of all of them would take longer than all
the rest of an index. The entry that has its function takes the place of the one that makes it. An entry that is
still to be made knows its index only weakly, so that nothing here refers to itself and an index is freed as soon as
nobody holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Protocol
from weakref import ref

from atamo_rules.engine import conditions
from atamo_rules.engine.frame import bare
from atamo_rules.engine.index.buckets import Entry, always
from atamo_rules.engine.index.pausing import Pause
from atamo_rules.engine.shapes import Residual, question, residual
from atamo_rules.model.meaning import All, Among, Condition, Const, Get, Lookup, Meant, Now, Tally, Test


class Warming(Protocol):
    """What makes functions when they are first asked."""

    def warm(self, pause: Pause) -> None:
        """Make them all now."""


class Entries:
    """The entries of one index, by number, and the buckets that they are in."""

    __slots__ = ("__weakref__", "_me", "_where", "all")

    def __init__(self) -> None:
        self.all: list[Entry] = []
        self._where: list[list[list[Entry]]] = []
        self._me = ref(self)

    def add(self, id: str, parts: tuple[Condition, ...]) -> Entry:
        """The entry of a rule of which some parts, which read the body alone, are left."""
        entry: Entry = (_first, id, len(self.all), parts, self._me) if parts else (always, id)
        self.all.append(entry)
        self._where.append([])
        return entry

    def put(self, entry: Entry, bucket: list[Entry]) -> None:
        """File an entry."""
        bucket.append(entry)
        if entry[0] is _first:
            self._where[entry[2]].append(bucket)

    def found(self, old: Entry) -> Entry:
        """Make the function of an entry; the entry that has it takes the places of the old one."""
        _, id, number, parts, _ = old
        new = self.all[number] = entry(id, parts)
        for bucket in self._where[number]:
            try:
                bucket[bucket.index(old)] = new
            except ValueError:  # another thread has made it as well
                continue
        return new

    def warm(self, pause: Pause) -> None:
        """Make every function now, those of one bucket one after the other: what is asked together then lies together
        in memory."""
        for number, mine in enumerate(self.all):
            for bucket in [*self._where[number], [mine]]:
                for one in tuple(bucket):
                    if one[0] is _first and one is self.all[one[2]]:
                        self.found(one)
                        pause()


def _first(body: Any, old: Entry) -> bool:
    """Asks a rule whose function is still to be made: makes it, and leaves the entry that has it in its place."""
    entries = old[4]()
    made = entry(old[1], old[3]) if entries is None else entries.found(old)
    holds: bool = made[0](body, made)
    return holds


def entry(id: str, parts: Sequence[Condition]) -> Entry:
    """A rule and the conjunction, which reads the body alone, that is left to ask of it."""
    if not parts:
        return (always, id)
    condition = conjunction(parts)
    return question(id, condition) or (_framed, id, conditions.condition(condition))


def _framed(body: Any, entry: Entry) -> bool:
    holds: bool = entry[2](bare(body))
    return holds


class Later:
    """The function of parts, made when it is first asked. It stays in front of what it made, so every question is a
    little slower."""

    __slots__ = ("_parts", "_rest")

    def __init__(self, parts: tuple[Condition, ...]) -> None:
        self._parts = parts
        self._rest: Residual | None = None

    def __call__(self, body: Any) -> bool:
        if self._rest is None:
            self._rest = whole(self._parts)
        return self._rest(body)


def whole(parts: Sequence[Condition]) -> Residual:
    """The function of a conjunction that reads the body alone."""
    condition = conjunction(parts)
    made = residual(condition)
    if made is not None:
        return made
    holds = conditions.condition(condition)
    return lambda body: holds(bare(body))


def conjunction(parts: Sequence[Condition]) -> Condition:
    """Parts, at least one, as one condition."""
    return parts[0] if len(parts) == 1 else All(tuple(parts), span=parts[0].span)


def of_body(node: Any, bound: frozenset[str] = frozenset({"event"})) -> bool:
    """Whether a condition reads the event's body and nothing else: no user, no time, no `let`, no table."""
    if type(node) is Test and type(node.left) is Get and type(node.right) is Const:
        return node.left.root in bound  # nearly always
    match node:
        case Get():
            return node.root in bound
        case Const():
            return True
        case Now() | Lookup():
            return False
        case Among() | Tally():
            return of_body(node.collection, bound) and of_body(node.condition, bound | {node.variable})
        case Meant():
            return all(of_body(getattr(node, one.name), bound) for one in fields(node) if one.name != "span")
        case tuple():
            return all(of_body(part, bound) for part in node)
    return True
