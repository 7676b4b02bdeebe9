"""How conditions and values are made of the tokens of any clause of one shape.

A recipe is made once for a part of a shape, and called with every clause of that shape. All that the shape decides is
decided by then; the call only puts texts and places where they belong. Parts without a recipe are left to `other`,
which is given a tree of the part and of the clause's tokens (see `convert`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from atamo_rules.source import codes
from atamo_rules.syntax.atoms import Misread
from atamo_rules.syntax.condition_recipes import CONDITIONS
from atamo_rules.syntax.ingredients import Recipe
from atamo_rules.syntax.name_recipes import NAMES
from atamo_rules.syntax.parts import Clause, Leaf, Part, Token, Tree
from atamo_rules.syntax.value_recipes import VALUES

Other: TypeAlias = Callable[[Clause, Tree], Any]
RULES = {**CONDITIONS, **VALUES, **NAMES}
"""The rules of the grammar that have a recipe, and who makes it."""
DEEPEST = 300
"""Most levels of parts within parts. Only a sum of hundreds of numbers, or lists of lists of lists, have more."""


def recipe(part: Part, other: Other) -> Recipe:
    """What makes of any clause of a shape what the whole of it stands for; `other` makes what has no recipe here.

    The recipe raises Misread for a clause that follows the grammar and cannot be meant.
    """
    order: list[Part] = [part]
    depths = [1]
    for at, one in enumerate(order):  # it grows meanwhile
        inner = [child for child in one.children if isinstance(child, Part)]
        order += inner
        depths += [depths[at] + 1] * len(inner)
    if depths[-1] > DEEPEST:
        return _too_deep
    # From the innermost to the whole, so that nothing here goes as deep as the clause.
    recipes = _Recipes(other)
    for one in reversed(order):
        recipes.add(one)
    return recipes.of(part)


def _too_deep(clause: Clause) -> NoReturn:
    raise Misread(
        codes.TOO_DEEP.at(
            clause.fragment.span(0, len(clause.fragment.text)),
            f"parts of this stand within one another more than {DEEPEST} deep",
            help="name parts of it with `define` or `let`",
        )
    )


class _Recipes:
    """The recipes of the parts of one shape, by the names of their rules; thrown away when the whole has one."""

    def __init__(self, other: Other) -> None:
        self._other = other
        self._made: dict[int, Recipe] = {}
        self._trees: dict[int, Callable[[Clause], Tree]] = {}

    def of(self, part: Part | Leaf) -> Recipe:
        """The recipe of a part that was added."""
        return self._made[id(part)]

    def add(self, part: Part) -> None:
        """Make the recipe of a part whose own parts have theirs."""
        if part.rule in RULES:
            made: Recipe = RULES[part.rule](self.of, part)
            self._trees[id(part)] = lambda clause: Tree(part, [], made)
        else:
            children, other = tuple(map(self._child, part.children)), self._other

            def plant(clause: Clause) -> Tree:
                return Tree(part, [child(clause) for child in children])

            def made(clause: Clause) -> Any:
                return other(clause, plant(clause))

            self._trees[id(part)] = plant
        self._made[id(part)] = made

    def _child(self, child: Part | Leaf) -> Callable[[Clause], Tree | Token]:
        if isinstance(child, Part):
            return self._trees[id(child)]
        kind, index = child.kind, child.index
        return lambda clause: Token(clause.texts[index], kind, index)
