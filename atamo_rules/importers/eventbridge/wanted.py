"""Fields on their way to a condition: how each is reached, what is asked of it, and what several of them share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from atamo_rules.importers.eventbridge.pattern import Ask, Field, Group, There, alternatives, fields
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a field: from the event, or from a name that an element has; and the keys that are left."""

    start: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """The first step of several routes: what a key leads to from somewhere."""

    start: str
    key: str

    def begins(self, route: Route) -> bool:
        """Whether a route goes through it, and on."""
        return route.start == self.start and len(route.keys) > 1 and route.keys[0] == self.key


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that must hold. One of its routes must lead to such a value; when it must be absent, none may."""

    name: str
    routes: tuple[Route, ...]
    asks: tuple[Ask, ...]
    span: Span

    @property
    def absent(self) -> bool:
        return all(ask == There(False) for ask in self.asks)

    def nodes(self) -> Iterator[Node]:
        """The first steps of its routes that go on."""
        return (Node(route.start, route.keys[0]) for route in self.routes if len(route.keys) > 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """`$or`: one of these must hold, each a set of fields and choices."""

    ways: tuple[tuple[Item, ...], ...]


Item: TypeAlias = "Wanted | Choice"


def ways(group: Group, dialect: str) -> list[tuple[Item, ...]]:
    """A pattern as sets of items of which one must hold: one in its own shape, or with its `$or`s multiplied out."""
    if _in_shape(group):
        return [_items(group, dialect)]
    return [way for one in alternatives(group) for way in _split(one, dialect)]


def _in_shape(group: Group) -> bool:
    """Whether a pattern can be said in its own shape: no name in it twice, and no absence that leans on a choice."""
    every = list(fields(group))
    names = {field.name for field in every}
    if len(names) < len(every):
        return False
    deep = [field for field in every if field.absent and "." in field.name]
    if any(field.mixed for field in deep):
        return False
    return not deep or all(isinstance(part, Field) for part in group.parts)


def _split(way: Sequence[Field], dialect: str) -> Iterator[tuple[Item, ...]]:
    """A way, or two for each field in it that may be absent or have a value: what is absent holds nothing to it."""
    for position, field in enumerate(way):
        if field.mixed:
            present = tuple(ask for ask in field.asks if ask != There(False))
            for asks in (present, (There(False),)):
                changed = (*way[:position], replace(field, asks=asks), *way[position + 1 :])
                yield from _split(changed, dialect)
            return
    yield tuple(_wanted(field, dialect) for field in way)


def _items(group: Group, dialect: str) -> tuple[Item, ...]:
    return tuple(
        _wanted(part, dialect)
        if isinstance(part, Field)
        else Choice(tuple(_items(one, dialect) for one in part.groups))
        for part in group.parts
    )


def _wanted(field: Field, dialect: str) -> Wanted:
    routes = [Route("", field.keys)]
    if dialect == "eventbridge" and any("." in key for key in field.keys):
        routes.append(Route("", tuple(field.name.split("."))))
    return Wanted(field.name, tuple(routes), field.asks, field.span)


def wanted_in(item: Item) -> Iterator[Wanted]:
    """Every value that an item asks for."""
    if isinstance(item, Wanted):
        yield item
    else:
        for way in item.ways:
            for one in way:
                yield from wanted_in(one)


def wholly(item: Item, node: Node) -> bool:
    """Whether everything in it goes through a node and by no other way."""
    return all(node.begins(route) for wanted in wanted_in(item) for route in wanted.routes)


def within(item: Item, node: Node, name: str) -> Item:
    """The item as it is asked of an element of the node."""
    if isinstance(item, Choice):
        return Choice(tuple(tuple(within(one, node, name) for one in way) for way in item.ways))
    routes = (Route(name, one.keys[1:]) if node.begins(one) else one for one in item.routes)
    return replace(item, routes=tuple(routes))


def without(item: Item, node: Node) -> Item | None:
    """The item where nothing is met in the node; None where it can be met nowhere else."""
    if isinstance(item, Choice):
        return None
    if item.absent:
        return item
    routes = tuple(one for one in item.routes if not node.begins(one))
    return replace(item, routes=routes) if routes else None
