"""Names of one's own: what an organisation's files declare and may name, beside what is declared for all.

Two that declare the same name do not know of one another: neither means anything else by it than it would alone, and
neither is told of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import is_
from typing import TypeAlias

from atamo_rules.compiler import lints, rules
from atamo_rules.compiler.context import Environment
from atamo_rules.compiler.declare import OWN, own
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import space_named
from atamo_rules.syntax import declarations as decl

Unread: TypeAlias = "tuple[tuple[str, str], ...]"
"""What a file names in declarations that could not be read, by (kind, name)."""


@dataclass(frozen=True, slots=True)
class Space:
    """What an organisation declares for itself, what of it could not be read, and what was said of it."""

    items: tuple[decl.Declaration, ...]
    unread: tuple[Unread, ...]
    environment: Environment
    found: tuple[Diagnostic, ...]

    def still(
        self, items: Sequence[decl.Declaration], unread: tuple[Unread, ...], around: Environment
    ) -> bool:
        """Whether it is made of the same declarations, within the same ones for all."""
        return same(items, self.items) and unread == self.unread and self.environment.around is around


def same(items: Sequence[decl.Declaration], before: Sequence[decl.Declaration]) -> bool:
    """Whether declarations are those of before: the same objects, of texts that did not change."""
    return len(items) == len(before) and all(map(is_, items, before))


def declared(
    files: Sequence[decl.File], around: Environment, before: Mapping[str, Space]
) -> tuple[dict[str, Space], list[Diagnostic]]:
    """What each organisation declares, by its name: made anew where its declarations, or those for all, changed."""
    of: defaultdict[str, list[decl.File]] = defaultdict(list)
    for file in files:
        if file.source.space:
            of[file.source.space].append(file)
    made: dict[str, Space] = {}
    report: list[Diagnostic] = []
    for name, theirs in of.items():
        items = tuple(item for file in theirs for item in file.declarations if isinstance(item, OWN))
        unread = tuple(file.unread for file in theirs)
        known = before.get(name)
        if known is None or not known.still(items, unread, around):
            known = _made(theirs, around, items, unread)
        made[name] = known
        report.extend(known.found)
    return made, report


def _made(
    files: Sequence[decl.File],
    around: Environment,
    items: tuple[decl.Declaration, ...],
    unread: tuple[Unread, ...],
) -> Space:
    found: list[Diagnostic] = []
    environment = own(files, around, found)
    broken = environment.broken | lints.defines(environment, found)
    return Space(items, unread, replace(environment, broken=broken), tuple(found))


def environments(around: Environment, spaces: Mapping[str, Space]) -> dict[str, Environment]:
    """Where the files of each organisation are read, and under "" where all others are."""
    return {"": around, **{name: one.environment for name, one in spaces.items()}}


Named: TypeAlias = "Mapping[str, tuple[decl.Rule, decl.Pack | None]]"
"""Rules by id, each with the pack of its file."""


def names(named: Named, known: Mapping[str, Environment]) -> dict[str, Mapping[str, str]]:
    """The ids of rules by the names that can be written, for the files of each organisation."""
    found: dict[str, dict[str, str]] = {space: {} for space in known}
    for id, (item, _) in named.items():
        found[item.name.span.source.space][item.name.text] = id
    return {space: Names(space, own, found[""], named) if space else own for space, own in found.items()}


class Names(Mapping[str, str]):
    """An organisation's own names of rules, then those of the project that are for it or for all: one that the project
    has for another is named to nobody else. Looked at only where a test names a rule."""

    def __init__(self, space: str, own: Mapping[str, str], rest: Mapping[str, str], named: Named) -> None:
        self.space, self.own, self.rest, self.named = space, own, rest, named

    def __getitem__(self, name: str) -> str:
        if name in self.own:
            return self.own[name]
        if not self._met(self.rest[name]):
            raise KeyError(name)
        return self.rest[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (name for name, id in self.rest.items() if name not in self.own and self._met(id))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _met(self, id: str) -> bool:
        item, pack = self.named[id]
        reach = rules.reach(item, rules.owner_of(rules.metadata(item), pack))
        mine = (space_named(who.name) for who in reach if who.kind == "organisation")
        return not reach or self.space in mine
