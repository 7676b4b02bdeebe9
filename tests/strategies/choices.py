"""Where randomness comes from: hypothesis, which shrinks what fails, or a seed, which is a hundred times faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choices(Protocol):
    """The two questions that generators ask."""

    def upto(self, most: int) -> int:
        """A whole number from 0 to `most`."""

    def pick(self, among: Sequence[T]) -> T:
        """One of some things."""


class Seeded:
    """Choices that a seed repeats."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def upto(self, most: int) -> int:
        return self._random.randint(0, most)

    def pick(self, among: Sequence[T]) -> T:
        return self._random.choice(among)


class Drawn:
    """Choices that hypothesis makes, and shrinks towards the first of each."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def upto(self, most: int) -> int:
        return int(self._draw(st.integers(0, most)))

    def pick(self, among: Sequence[T]) -> T:
        return among[self.upto(len(among) - 1)]


def generated(make: Callable[[Choices], T]) -> st.SearchStrategy[T]:
    """The strategy of what a generator makes."""

    @st.composite
    def made(draw: Any) -> T:
        return make(Drawn(draw))

    return made()
