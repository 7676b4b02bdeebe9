"""The rules of one event type by whose events they see: those for everybody, and those that are `for` somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from atamo_rules.engine.index.book import Book
from atamo_rules.engine.index.build import WRITTEN
from atamo_rules.engine.index.group import Found as Found
from atamo_rules.engine.index.group import Group, Kind, fresh
from atamo_rules.engine.index.pausing import Pause, nothing
from atamo_rules.model.people import User, Who
from atamo_rules.model.rule import Rule


@dataclass(frozen=True, slots=True, eq=False)
class TypeIndex:
    """The rules of one event type: `open` to everybody, and by whom they are `for`.

    A rule that is for several is filed under each. `homes` finds those rules by id.
    """

    kind: Kind
    open: Group
    scoped: Book[Who, Group]
    homes: Book[str, Rule]

    def groups(self, user: User | None) -> list[Group]:
        """Those whose rules may see events of a user; the open one first."""
        found = [self.open]
        if user is not None and self.scoped:
            for who in belongings(user):
                known = self.scoped.get(who)
                if known is not None:
                    found.append(known)
        return found

    def found(self, body: Any, user: User | None) -> list[Found]:
        """The rules that an event reaches, in order, less those that `except` or their owner keep from the user."""
        if user is None or not self.scoped:
            return self.open.reached(body, user)
        seen: dict[str, Found] = {}
        groups = self.groups(user)
        for one in groups:
            for pair in one.reached(body, user):
                seen[pair[0].id] = pair
        out = list(seen.values())
        if len(groups) > 1 and len(out) > 1:
            out.sort(key=lambda one: one[0].place)
        return out

    def with_rule(self, rule: Rule, pause: Pause = nothing) -> TypeIndex:
        """The same with one more rule. There is none of that id."""
        if not rule.scope.include:
            return replace(self, open=self.open.with_rule(rule, pause))
        scoped = self.scoped
        for who in dict.fromkeys(rule.scope.include):
            known = scoped.get(who)
            scoped = scoped.with_entry(
                who, fresh((rule,), self.kind) if known is None else known.with_rule(rule, pause)
            )
        return replace(self, scoped=scoped, homes=self.homes.with_entry(rule.id, rule))

    def without(self, id: str) -> TypeIndex:
        """The same without a rule; itself where there is none of that id."""
        if self.open.has(id):
            return replace(self, open=self.open.without(id))
        rule = self.homes.get(id)
        if rule is None:
            return self
        scoped = self.scoped
        for who in dict.fromkeys(rule.scope.include):
            left = scoped[who].without(id)
            scoped = scoped.with_entry(who, left) if left.layers else scoped.without(who)
        return replace(self, scoped=scoped, homes=self.homes.without(id))

    def following(self, rules: list[Rule], pause: Pause) -> TypeIndex:
        """The index of these rules, made from this one: what came and went is filed, or all anew where that is much."""
        before, after = self.rules(), {rule.id: rule for rule in rules}
        gone = [id for id, rule in before.items() if after.get(id) is not rule]
        come = [rule for id, rule in after.items() if before.get(id) is not rule]
        if len(gone) + len(come) > max(64, len(after) // 4):
            return type_index(rules, self.kind, pause)
        made = self
        for id in gone:
            made = made.without(id)
        for rule in come:
            made = made.with_rule(rule, pause)
        return made.settled(pause) if gone or come else made

    def settled(self, pause: Pause) -> TypeIndex:
        scoped = Book({who: one.settled(pause) for who, one in self.scoped.items()})
        return replace(self, open=self.open.settled(pause, WRITTEN), scoped=scoped)

    def rules(self) -> dict[str, Rule]:
        """Every rule, by id."""
        return {**{rule.id: rule for rule in self.open.alive()}, **dict(self.homes)}


def belongings(user: User) -> Iterator[Who]:
    """What a user is and belongs to."""
    yield Who("user", user.name)
    yield Who("organisation", user.organisation)
    for name in user.groups:
        yield Who("group", name)


def type_index(rules: list[Rule], kind: Kind, pause: Pause = nothing) -> TypeIndex:
    """The index of one event type's rules."""
    everybodys = [rule for rule in rules if not rule.scope.include]
    scoped: dict[Who, list[Rule]] = {}
    homes = {rule.id: rule for rule in rules if rule.scope.include}
    for rule in homes.values():
        for who in dict.fromkeys(rule.scope.include):
            scoped.setdefault(who, []).append(rule)
    groups = {who: fresh(found, kind, pause) for who, found in scoped.items()}
    return TypeIndex(kind, fresh(everybodys, kind, pause, WRITTEN), Book(groups), Book(homes))
