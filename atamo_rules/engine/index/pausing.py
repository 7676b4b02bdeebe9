"""Work on very many rules that lets other threads have their turn every few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Pause: TypeAlias = Callable[[], None]
"""Called every few rules by who makes an index, so that other threads get their turn."""
EVERY = 8
"""Rules between two pauses."""


def nothing() -> None:
    """No pause."""


def paused(items: Iterable[T], pause: Pause) -> Iterable[T]:
    """The same items, with a pause before every few."""
    return items if pause is nothing else _paused(items, pause)


def _paused(items: Iterable[T], pause: Pause) -> Iterator[T]:
    for number, one in enumerate(items):
        if not number % EVERY:
            pause()
        yield one
