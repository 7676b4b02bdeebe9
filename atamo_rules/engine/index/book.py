"""A mapping that gives changed copies of itself without copying all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST_CHANGES = 512
"""Changes beside the mapping they are of, before a new one is made of both."""


class Book(Mapping[K, V], Generic[K, V]):
    """Immutable. `with_entry` and `without` cost as much as the changes since the last whole copy."""

    __slots__ = ("_base", "_changes")

    def __init__(self, base: dict[K, V], changes: dict[K, V | None] | None = None) -> None:
        changes = changes or {}
        if len(changes) > MOST_CHANGES:
            base = base.copy()
            for key, value in changes.items():
                if value is None:
                    base.pop(key, None)
                else:
                    base[key] = value
            changes = {}
        self._base, self._changes = base, changes

    def __getitem__(self, key: K) -> V:
        value = self._changes[key] if key in self._changes else self._base.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[K]:
        yield from (key for key in self._base if key not in self._changes)
        yield from (key for key, value in self._changes.items() if value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def with_entry(self, key: K, value: V) -> Book[K, V]:
        """This and one more entry, or another value for one."""
        return Book(self._base, {**self._changes, key: value})

    def without(self, key: K) -> Book[K, V]:
        """This without an entry."""
        return Book(self._base, {**self._changes, key: None})
