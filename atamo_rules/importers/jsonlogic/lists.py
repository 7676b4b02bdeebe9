"""Lists: what JsonLogic takes for the elements of a value, and the operators that go through them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.conditions import Condition, conj, disj, negated
from atamo_rules.importers.jsonlogic.lookup import RESERVED
from atamo_rules.importers.jsonlogic.values import (
    NULL,
    CannotSay,
    Constant,
    Each,
    Field,
    Folding,
    Item,
    Listing,
    Value,
    guarded,
    listing,
)
from atamo_rules.syntax import tree

Inner = Callable[[Value, frozenset[str]], Value]
"""The rule inside `some` and its kin, asked of an element; the names are the variables bound around it."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The operators on lists of one rule. `avoid` are names that a variable must not have."""

    asking: Asking
    avoid: frozenset[str]

    def elements(self, value: Value, names: frozenset[str]) -> Listing | None:
        """The elements, None of what is no list. A choice has been split before."""
        match value:
            case Constant():
                if not isinstance(value.value, list):
                    return None
                return Listing(tuple(Item(Constant(one)) for one in value.value))
            case Listing():
                return value
            case Field() if not value.kind:
                own = tuple(self._each(place, names) for place in value.places)
                spare = self.elements(value.default, names)
                missing = self.asking.missing(value)
                return Listing((*own, *(guarded(part, missing) for part in (spare.parts if spare else ()))))
        return None

    def _each(self, collection: tree.Expr, names: frozenset[str]) -> Each:
        variable = self._variable(collection, names)
        return Each(collection, variable, Field((self.asking.write.path(variable),)))

    def _variable(self, collection: tree.Expr, names: frozenset[str]) -> str:
        """`line` for an element of `lines`, or another word where that one is taken."""
        last = collection.steps[-1].key if isinstance(collection, tree.Path) else 0
        word = _singular(last) if isinstance(last, str) else "element"
        taken = names | self.avoid | RESERVED | {"each"}
        while word in taken:
            word += "_"
        return word

    def some(self, value: Value, names: frozenset[str], inner: Inner) -> Condition:
        """Whether some element satisfies a rule; false of what is no list."""
        found = self.elements(value, names)
        parts = found.parts if found else ()
        return disj(*(self.asking.there(part, self._holds(part, names, inner)) for part in parts))

    def all(self, value: Value, names: frozenset[str], inner: Inner) -> Condition:
        """Whether there are elements and each satisfies a rule."""
        if isinstance(value, Field) and not value.kind:
            spare = self.all(value.default, names, inner) if value.default != NULL else False
            own = (self._every(place, names, inner) for place in value.places)
            return disj(*own, conj(self.asking.missing(value), spare))
        found = self.elements(value, names)
        if found is None:
            return False
        there = disj(*(self.asking.there(part, True) for part in found.parts))
        fails = (self.asking.there(part, negated(self._holds(part, names, inner))) for part in found.parts)
        return conj(there, negated(disj(*fails)))

    def _every(self, place: tree.Expr, names: frozenset[str], inner: Inner) -> Condition:
        part = self._each(place, names)
        holds = self._holds(part, names, inner)
        every = self.asking.write.quantified("every", part.variable, place, holds)
        return conj(self.asking.write.state(place, "is not empty"), every)

    def _holds(self, part: Item | Each, names: frozenset[str], inner: Inner) -> Condition:
        return self.asking.truthy(inner(part.value, _around(part, names)))

    def kept(self, value: Value, names: frozenset[str], inner: Inner) -> Value:
        """`filter`."""
        found = self.elements(value, names)
        parts = found.parts if found else ()
        return listing(*(guarded(part, self._holds(part, names, inner)) for part in parts))

    def mapped(self, value: Value, names: frozenset[str], inner: Inner) -> Value:
        """`map`."""
        found = self.elements(value, names)
        made: list[Item | Each] = []
        for part in found.parts if found else ():
            one = inner(part.value, _around(part, names))
            if isinstance(part, Item):
                made.append(Item(one, part.when))
            else:
                made.append(Each(part.collection, part.variable, one, part.when))
        return listing(*made)

    def folded(self, value: Value, initial: Value, names: frozenset[str], inner: Inner) -> Value:
        """`reduce`, of a list whose elements are known one by one."""
        found = self.elements(value, names)
        for part in found.parts if found else ():
            if not isinstance(part, Item) or part.when is not True:
                raise CannotSay(
                    "`reduce` goes through a list of the event, and rules of ours keep no running value"
                )
            initial = inner(Folding({"current": part.value, "accumulator": initial}), names)
        return initial

    def merged(self, values: Sequence[Value], names: frozenset[str]) -> Value:
        """`merge`: lists one after the other; what is no list is an element. Choices have been split before."""
        parts: list[Item | Each] = []
        for value in values:
            found = self.elements(value, names) if not isinstance(value, Field) or value.kind else None
            if found is not None:
                parts += found.parts
            elif isinstance(value, Field) and not value.kind:
                parts += self._merged_field(value, names)
            else:
                parts.append(Item(value))
        return listing(*parts)

    def _merged_field(self, field: Field, names: frozenset[str]) -> list[Item | Each]:
        if field.default != NULL:
            raise CannotSay("`merge` takes a field with a default, which may be a list or an element")
        lists = [self.asking.write.state(place, "is a list") for place in field.places]
        alone = Item(field, negated(disj(*lists)))
        return [*(self._each(place, names) for place in field.places), alone]


def _singular(word: str) -> str:
    """`line` of `lines`; `element` of what does not look like a plural."""
    if not re.fullmatch(r"[a-z][a-z_]*[a-z]s", word) or word.endswith(("ss", "us", "is")):
        return "element"
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def _around(part: Item | Each, names: frozenset[str]) -> frozenset[str]:
    return names | {part.variable} if isinstance(part, Each) else names
