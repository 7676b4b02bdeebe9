"""Questions about a value: whether it is truthy, and what all comparisons are built on. Each answer is a condition.

A question to a place in the event has three answers: for a value that is there, which is a test that fails on
anything else; for null; and for nothing at all, where the default of the place answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from atamo_rules.importers.jsonlogic.conditions import Condition, Writer, choose, conj, disj, negated
from atamo_rules.importers.jsonlogic.values import (
    NULL,
    UNDEFINED,
    CannotSay,
    Choice,
    Constant,
    Each,
    Field,
    Folding,
    Item,
    Listing,
    Truth,
    Value,
    outcomes,
)
from atamo_rules.syntax import tree

Test = Callable[[tree.Expr], Condition]
Comparison = Callable[[Value, Value], Condition]
MOST = 4_000
"""Questions one rule may come to: each choice on either side doubles them."""


@dataclass(slots=True)
class Asking:
    """Makes the conditions of one rule, and counts them."""

    write: Writer
    asked: int = 0

    # --- truthiness -------------------------------------------------------------------------------------

    def truthy(self, value: Value) -> Condition:
        """Whether JsonLogic takes a value for true: all but null, false, 0, "" and the empty list."""
        self.count()
        match value:
            case Constant():
                return value.value is not UNDEFINED and bool(value.value or isinstance(value.value, dict))
            case Truth():
                return value.condition
            case Choice():
                if value.truth is not None:
                    return value.truth
                return choose(value.condition, self.truthy(value.then), self.truthy(value.other))
            case Field():
                return negated(self._falsy(value))
            case Listing():
                return disj(*(self.there(part, True) for part in value.parts))
            case Folding():
                return True

    def _falsy(self, field: Field) -> Condition:
        if field.kind:
            (term,) = field.places
            if field.kind == "text":
                return self.write.compare(term, "is", "")
            return disj(self.write.state(term, "is absent"), self.write.compare(term, "is", 0))
        values: list[tree.Expr] = [self.write.literal(one) for one in (False, 0, "")]
        values.append(self.write.listed(()))

        def test(path: tree.Expr) -> Condition:
            return tree.Compare("is one of", path, self.write.listed(values), span=path.span)

        return self.ask(field, test, null=True, default=negated(self.truthy(field.default)))

    def there(self, part: Item | Each, condition: Condition) -> Condition:
        """Whether a part of a list is there and its condition holds."""
        condition = conj(part.when, condition)
        if isinstance(part, Item):
            return condition
        return self.write.quantified("any", part.variable, part.collection, condition)

    # --- places -----------------------------------------------------------------------------------------

    def ask(self, field: Field, test: Test, *, null: bool, default: Condition) -> Condition:
        """A test of a value that is there, what null gives, and what nothing at all gives."""
        found = disj(*(test(path) for path in field.places))
        if field.kind:
            return found
        if default is null:
            return disj(self.absent(field), found) if null else found
        is_null = disj(*(self.write.state(path, "is null") for path in field.places)) if null else False
        return disj(conj(self.missing(field), default), is_null, found)

    def absent(self, field: Field) -> Condition:
        """Null, or nothing."""
        return not field.kind and conj(*(self.write.state(path, "is absent") for path in field.places))

    def missing(self, field: Field) -> Condition:
        """Nothing, not even null."""
        return not field.kind and conj(*(self.write.state(path, "does not exist") for path in field.places))

    def single(self, field: Field) -> tree.Expr:
        """The value at a place as one term, absent where it is null or nothing."""
        *others, term = field.places
        for place in reversed(others):
            term = tree.Else(place, term, span=place.span)
        return term

    def settled(self, field: Field) -> Value:
        """A place whose default is something, as a choice between that and the place."""
        if field.default == NULL:
            return field
        return Choice(self.missing(field), field.default, replace(field, default=NULL))

    def compare(
        self,
        comparison: Comparison,
        left: Value,
        right: Value,
        *,
        same: bool | None = None,
    ) -> Condition:
        """A comparison of every outcome of either side; `same` is what it gives of a value and itself."""
        self.count()
        if (
            same is not None
            and left == right
            and isinstance(left, Field)
            and left.default == NULL
            and not left.kind
        ):
            return same
        for value, other, first in ((left, right, True), (right, left, False)):
            pair = outcomes(value)
            if pair is not None:
                condition, then, otherwise = pair
                sides = [(one, other) if first else (other, one) for one in (then, otherwise)]
                return choose(
                    condition, *(self.compare(comparison, one, two, same=same) for one, two in sides)
                )
        if isinstance(left, Field) and isinstance(right, Field):
            one, two = self.settled(left), self.settled(right)
            if (one, two) != (left, right):
                return self.compare(comparison, one, two, same=same)
        return comparison(left, right)

    def count(self) -> None:
        self.asked += 1
        if self.asked > MOST:
            raise CannotSay(f"it comes to more than {MOST} questions once every choice in it is spelt out")
