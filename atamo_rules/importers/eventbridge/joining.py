"""Fields that must hold together, as one condition.

Both engines look through arrays wherever they stand, and take two fields together only when they stand in the same
element of every array that both are in. So where several fields share the beginning of their path, that beginning is
gone into once, `any d in detail has (…)`, and everything below it is asked of the same `d`.

event-ruler knows a field by its name with dots: `{"a.b": [1]}` and `{"a": {"b": [1]}}` are one pattern, and either
meets either spelling in an event. A key with dots is therefore looked for as it is written and as the path it spells.

It asks the fields in the order of their names, and a field that must be absent must be so in the elements that the
fields before it were found in. Quamina asks it of the whole event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atamo_rules.importers.eventbridge.pattern import MOST, Group, Inexact, TooMany, fields
from atamo_rules.importers.eventbridge.wanted import (
    Choice,
    Item,
    Node,
    Wanted,
    wanted_in,
    ways,
    wholly,
    within,
    without,
)
from atamo_rules.importers.eventbridge.wording import VALUE, Words
from atamo_rules.importers.nodes import ROOTS
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import NAME, NOT_VALUES


def condition(group: Group, span: Span, dialect: str) -> tree.Expr:
    """What a pattern asks, as a condition. Raises Inexact, or TooMany."""
    known = frozenset(key for field in fields(group) for key in (field.keys[0], field.name.partition(".")[0]))
    joining = Joining(span, dialect, known)
    made = [joining.all(way, ()) for way in ways(group, dialect)]
    return joining.words.any_of(list(dict.fromkeys(made)))


class Joining:
    """Joins fields, and finds names for the elements that several of them share."""

    def __init__(self, span: Span, dialect: str, known: frozenset[str]) -> None:
        self.words = Words(span, dialect)
        self.dialect = dialect
        self.known = known
        """The fields of the event that are read, which no element may be called."""
        self.ways = 0
        """The alternatives that choices came to which had to be multiplied out."""

    def all(self, items: Sequence[Item], taken: tuple[str, ...]) -> tree.Expr:
        """All of the items. `taken` are the names that mean something here."""
        _no_mixture(items)
        parts = [
            self._one(items[together[0]], taken)
            if node is None
            else self._shared(items, together, node, met, taken)
            for together, node, met in self._groups(items)
        ]
        return self.words.all_of(parts)

    def _groups(self, items: Sequence[Item]) -> Iterator[tuple[list[int], Node | None, set[int]]]:
        """Items by their positions, with all that they share a beginning with, directly or through others.

        With each group come a node that several of them share, if they share any, and who must be met in it.
        """
        met = self._met(items)
        shared = {node: positions for node, positions in met.items() if len(positions) > 1}
        beside: dict[int, list[Node]] = {}
        for one, positions in shared.items():
            for position in positions:
                beside.setdefault(position, []).append(one)
        done: set[int] = set()
        for first in range(len(items)):
            if first in done:
                continue
            found, waiting = {first}, [first]
            while waiting:
                for one in beside.get(waiting.pop(), ()):
                    waiting += [other for other in shared.pop(one, ()) if other not in found]
                    found.update(waiting)
            done |= found
            node = beside[first][0] if first in beside else None
            yield sorted(found), node, set(met[node]) if node is not None else set()

    def _met(self, items: Sequence[Item]) -> dict[Node, list[int]]:
        """For each node the items that must be met in one element of it, by their positions.

        A field that must be absent is one of them for event-ruler where a field before it by name is.
        """
        earliest: dict[Node, str] = {}
        through: list[tuple[Item, list[Node]]] = []
        for item in items:
            wanted = list(wanted_in(item))
            for one in wanted:
                for node in () if one.absent else one.nodes():
                    earliest[node] = min(one.name, earliest.get(node, one.name))
            through.append((item, list(dict.fromkeys(node for one in wanted for node in one.nodes()))))
        found: dict[Node, list[int]] = {}
        for position, (item, nodes) in enumerate(through):
            for node in nodes:
                if isinstance(item, Wanted) and item.absent:
                    leans = self.dialect == "eventbridge" and earliest.get(node, item.name) < item.name
                    if not leans:
                        continue
                found.setdefault(node, []).append(position)
        return found

    def _shared(
        self, every: Sequence[Item], together: list[int], node: Node, met: set[int], taken: tuple[str, ...]
    ) -> tree.Expr:
        """Items of which several go through a node: met in one element of it, or, where they can be, without it."""
        torn = next(
            (
                at
                for at in together
                if isinstance(every[at], Choice) and at in met and not wholly(every[at], node)
            ),
            None,
        )
        if torn is not None:
            choice = every[torn]
            assert isinstance(choice, Choice)
            self.ways += len(choice.ways)
            if self.ways > MOST:
                raise TooMany
            before = [every[at] for at in together if at < torn]
            after = [every[at] for at in together if at > torn]
            return self.words.any_of([self.all((*before, *way, *after), taken) for way in choice.ways])
        name = _name(node.key, {*taken, *self.known})
        inside = [within(every[at], node, name) if at in met else every[at] for at in together]
        where = self.words.path(node.start, node.key) if node.start else self.words.of_event(node.key)
        found = self.words.quantified("any", name, where, self.all(inside, (*taken, name)))
        around = [without(every[at], node) for at in together]
        if any(item is None for item in around):
            return found
        return self.words.any_of([found, self.all([item for item in around if item is not None], taken)])

    def _one(self, item: Item, taken: tuple[str, ...]) -> tree.Expr:
        if isinstance(item, Choice):
            return self.words.any_of([self.all(way, taken) for way in item.ways])
        words = Words(item.span, self.dialect)
        found = [
            words.field(
                words.path(route.start, *route.keys) if route.start else words.of_event(*route.keys),
                item.asks,
            )
            for route in item.routes
        ]
        return words.all_of(found) if item.absent else words.any_of(found)


def _no_mixture(items: Sequence[Item]) -> None:
    """Refuse a field that is asked both for a value and for what is in it: arrays in arrays would tell them apart."""
    wanted = [one for item in items for one in wanted_in(item)]
    ends = {(route.start, route.keys[0]) for one in wanted for route in one.routes if len(route.keys) == 1}
    for one in wanted:
        for route in one.routes:
            if len(route.keys) > 1 and (route.start, route.keys[0]) in ends:
                raise Inexact(one.span, f"`{route.keys[0]}` is asked for a value, and for fields in it")


def _name(key: str, taken: set[str]) -> str:
    """What an element is called: `employee` of `employees`, `d` of `detail`."""
    one = (
        key[:-3] + "y"
        if key.endswith("ies")
        else key[:-1]
        if key.endswith("s") and key[-2:-1] not in "sui"
        else ""
    )
    used = {*taken, *ROOTS, *NOT_VALUES, VALUE, key}
    if len(one) > 2 and NAME.match(one) and one not in used:
        return one
    letter = next((char.lower() for char in key if char.isascii() and char.isalpha()), "x")
    number = next(n for n in range(1, 1000) if f"{letter}{n if n > 1 else ''}" not in used)
    return letter if number == 1 else f"{letter}{number}"
