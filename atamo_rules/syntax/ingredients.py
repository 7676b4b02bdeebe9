"""What recipes are made of: those of the parts of a part, and positions among the tokens of its clause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from atamo_rules.syntax.parts import Clause, Leaf, Part

Recipe: TypeAlias = Callable[[Clause], Any]
"""Makes of a clause what one part of it stands for."""
Of: TypeAlias = Callable[[Part | Leaf], Recipe]
"""Gives the recipe of a part that has one already: parts within parts come first."""
Maker: TypeAlias = Callable[[Of, Part], Recipe]
"""Makes the recipe of a part of one rule of the grammar."""


def only(of: Of, part: Part) -> Recipe:
    """The recipe of what a part has in it and adds nothing to."""
    return of(part.children[0])


def every(of: Of, parts: Sequence[Part | Leaf]) -> tuple[Recipe, ...]:
    """The recipes of several."""
    return tuple(map(of, parts))


@lru_cache(maxsize=256)
def spaced(words: str) -> str:
    """An operator's words with one blank between them."""
    return " ".join(words.split())


def index(child: Part | Leaf) -> int:
    """The position of a token among those of its clause."""
    assert isinstance(child, Leaf)
    return child.index


def leaf(part: Part, at: int) -> int:
    """The position, among the tokens, of a token that stands right under a part."""
    return index(part.children[at])
