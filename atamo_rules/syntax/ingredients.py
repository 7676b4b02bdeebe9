"""What the makers of recipes share: recipes of the parts inside a part, and positions of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from atamo_rules.syntax.parts import Clause, Leaf, Part

Recipe: TypeAlias = Callable[[Clause], Any]
"""Makes of a clause what one part of it stands for."""
Of: TypeAlias = Callable[[Part | Leaf], Recipe]
"""Gives the recipe of a part; those of its inner parts are made before its own."""
Maker: TypeAlias = Callable[[Of, Part], Recipe]
"""Makes the recipe of a part of one rule of the grammar."""


def only(of: Of, part: Part) -> Recipe:
    """The recipe of a part that adds nothing to the one thing in it."""
    return of(part.children[0])


def every(of: Of, parts: Sequence[Part | Leaf]) -> tuple[Recipe, ...]:
    """The recipes of several parts."""
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
