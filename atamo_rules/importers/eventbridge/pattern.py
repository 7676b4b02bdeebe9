"""What an event pattern asks, whichever engine it was written for: fields, what each may be, and how they join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class Equal:
    """The value itself: never equal across types."""

    value: str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Alike:
    """The text, ignoring case. `part` is `whole`, `start` or `end` of the value."""

    text: str
    part: str = "whole"


@dataclass(frozen=True, slots=True)
class Starts:
    text: str


@dataclass(frozen=True, slots=True)
class Ends:
    text: str


@dataclass(frozen=True, slots=True)
class Glob:
    """Pieces of a text with anything between them: `("a", "b")` is `a*b`."""

    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """A regular expression in RE2 syntax, for the whole text."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Network:
    """A text that is an address inside a network."""

    network: str


@dataclass(frozen=True, slots=True)
class Between:
    """A number between bounds, each a pair of an operator (`>`, `>=`, `<`, `<=`) and a number."""

    bounds: tuple[tuple[str, int | Decimal], ...]


@dataclass(frozen=True, slots=True)
class There:
    """Whether the field has any value that is no object: there is one, or there is none."""

    there: bool


@dataclass(frozen=True, slots=True)
class Unlike:
    """Some value is none of these. All are of one kind."""

    others: tuple[Plain, ...]


Plain: TypeAlias = "Equal | Alike | Starts | Ends | Glob"
Ask: TypeAlias = "Plain | Matches | Network | Between | There | Unlike"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its keys as written, and what its values are asked, of which one must hold."""

    keys: tuple[str, ...]
    asks: tuple[Ask, ...]
    span: Span

    @property
    def name(self) -> str:
        """Its name as event-ruler knows it; the order of these names is the order in which fields are asked."""
        return ".".join(self.keys)

    @property
    def absent(self) -> bool:
        """Whether it may be absent."""
        return There(False) in self.asks

    @property
    def mixed(self) -> bool:
        """Whether it may be absent, or else have a value."""
        return self.absent and any(ask != There(False) for ask in self.asks)


@dataclass(frozen=True, slots=True)
class Either:
    """`$or`: one of these groups must hold."""

    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Everything here must hold, in the order in which it was written."""

    parts: tuple[Field | Either, ...]


def fields(group: Group) -> Iterator[Field]:
    """Every field of a group, in the order in which they were written."""
    for part in group.parts:
        if isinstance(part, Field):
            yield part
        else:
            for one in part.groups:
                yield from fields(one)


class Inexact(Exception):
    """A sound pattern that means something no rule here can say; why, and where."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span
        self.message = message


class TooMany(Exception):
    """More ways to match than anybody would read."""


MOST = 256
"""Alternatives that a pattern may come to when its `$or`s are multiplied out."""


def alternatives(group: Group) -> list[tuple[Field, ...]]:
    """The ways in which a group holds, each a set of fields that must hold together.

    A field that is named again replaces the one before it, as in event-ruler; what stands in an `$or` counts as named
    after what stands beside the `$or`, wherever the text has it: the members of a JSON object have no order. Raises
    TooMany.
    """
    return [tuple(one.values()) for one in _alternatives(group, [{}])]


def _alternatives(group: Group, begun: list[dict[str, Field]]) -> list[dict[str, Field]]:
    plain = {part.name: part for part in group.parts if isinstance(part, Field)}
    ways = [{**one, **plain} for one in begun]
    for part in group.parts:
        if isinstance(part, Either):
            ways = [way for one in part.groups for way in _alternatives(one, ways)]
        if len(ways) > MOST:
            raise TooMany
    return ways
