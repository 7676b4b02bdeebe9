"""Plug-ins by entry point: names to classes, each name once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from atamo_rules.errors import PluginBroken, UnknownName


@cache
def offered(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of a group, such as `atamo.agents`. A name that two packages offer is refused by both."""
    found: dict[str, EntryPoint] = {}
    twice: set[str] = set()
    for point in entry_points(group=group):
        if point.name in found and found[point.name].value != point.value:
            twice.add(point.name)
        found[point.name] = point
    return {name: point for name, point in found.items() if name not in twice}


def plugin(group: str, name: str) -> Any:
    """The class a name stands for. Raises UnknownName with the nearest names, or PluginBroken."""
    points = offered(group)
    if name not in points:
        raise UnknownName(
            group.removeprefix("atamo.").removesuffix("s"), name, get_close_matches(name, points, n=1)
        )
    try:
        return points[name].load()
    except Exception as error:
        raise PluginBroken(name, error) from error
