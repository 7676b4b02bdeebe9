"""Groups in groups: what being in some means, and whether one is in itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Above = Mapping[str, tuple[str, ...]]
"""The groups that each group is in, by its name."""


def nested(names: Iterable[str], above: Above) -> frozenset[str]:
    """All the groups that being in some groups means, however they nest."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(above.get(name, ()))
    return frozenset(found)


def way_back(name: str, above: Above) -> tuple[str, ...]:
    """The shortest way from a group up to itself; empty when there is none."""
    ways: list[tuple[str, ...]] = [(name, up) for up in above.get(name, ())]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == name:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, up) for up in above.get(way[-1], ())]
    return ()
