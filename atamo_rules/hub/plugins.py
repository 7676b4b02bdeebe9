"""Plug-ins by entry point: each group is a seam, each name in it is one thing, from one package.

Somebody's code is run here for the first time. Whatever it does, raise, leave, print, is said by its name and stops
nobody else.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from atamo_rules.errors import PluginBroken, PluginTwice, UnknownName

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "atamo.agents": "agent plug-in",
        "atamo.configuration_providers": "configuration provider",
        "atamo.event_providers": "event provider",
        "atamo.stores": "store",
        "atamo.auditors": "auditor",
        "atamo.vaults": "vault",
    }
)
"""The groups of entry points, and what each offers.

An agent's entry point names its class, made as `plugin(name, settings, folder)`. Those of the other groups name what
makes one: `make(place, folder)`, with the text behind the colon of `NAME:PLACE` and the project's folder.
"""

NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"atamo.agents": ("settings_schema", "perform", "close")}
)
"""What the thing that an entry point names must have; instances are not made to be looked at."""
PARTS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "atamo.configuration_providers": (("states", "evaluate"),),
        "atamo.event_providers": (("run", "receive"),),
        "atamo.stores": (
            ("caps",),
            ("open",),
            ("accept",),
            ("record",),
            ("settle",),
            ("settle_all",),
            ("audit",),
            ("close",),
        ),
        "atamo.auditors": (("tell",), ("close",)),
        "atamo.vaults": (("credential",),),
    }
)
"""What the things that are made must have: one of each."""
LOADING = 30.0
"""Seconds that a package of somebody may take to be imported."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plug-in as a package offers it; `why` is a sentence when it cannot be used."""

    group: str
    name: str
    target: str
    distribution: str
    version: str
    why: str = ""


@cache
def offered(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points of a group by name, each as often as different packages offer it."""
    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for point in entry_points(group=group):
        # A package that is found twice, as an editable install is, is still one.
        found.setdefault(point.name, {}).setdefault((_package(point), point.value), point)
    return {name: tuple(points.values()) for name, points in sorted(found.items())}


def plugin(group: str, name: str) -> Any:
    """What a name stands for. Raises UnknownName with the nearest names, PluginTwice, or PluginBroken."""
    points = offered(group)
    if name not in points:
        raise UnknownName(GROUPS[group], name, get_close_matches(name, points, n=1))
    if len(points[name]) > 1:
        raise PluginTwice(GROUPS[group], name, [_said(point) for point in points[name]])
    found = contained(name, lambda: loaded(points[name][0]))
    missing = [one for one in NEEDS.get(group, ()) if not hasattr(found, one)]
    if missing:
        raise PluginBroken(name, TypeError(f"it has no `{missing[0]}`"))
    if not callable(found):
        raise PluginBroken(name, TypeError(f"it is a {type(found).__name__}, and makes nothing"))
    return found


def made(group: str, name: str, place: str, folder: str) -> Any:
    """A plug-in of a group other than agents, made for a place. Raises as `plugin` does, and ValueError or OSError with
    a sentence where the place does not do."""
    make = plugin(group, name)
    if group == "atamo.event_providers" and hasattr(make, "settings_schema"):
        raise ValueError("it has settings: give it an entry in `sources.yaml`")
    return fitting(group, name, contained(name, lambda: make(place, folder), (ValueError, OSError)))


def fitting(group: str, name: str, part: Any) -> Any:
    """The same part of a hub, once it is seen to be one. Raises PluginBroken."""
    for several in PARTS.get(group, ()):
        if not any(hasattr(part, one) for one in several):
            lacking = " nor ".join(f"`{one}`" for one in several)
            why = (
                f"what it makes, a {type(part).__name__}, has {'neither' if several[1:] else 'no'} {lacking}"
            )
            raise PluginBroken(name, TypeError(why))
    return part


def loaded(point: EntryPoint) -> Any:
    """What an entry point names, imported in time. Raises what its import raises, and TimeoutError: then its thread
    stays behind."""
    if _package(point) == "atamo-rules":
        return point.load()
    found: list[Any] = []

    def load() -> None:
        try:
            found.append((point.load(), None))
        except BaseException as error:  # somebody's package
            found.append((None, error))

    thread = threading.Thread(target=load, name=f"import of {point.value}", daemon=True)
    thread.start()
    thread.join(LOADING)
    if not found:
        raise TimeoutError(f"its import did not end within {LOADING:g} seconds")
    value, error = found[0]
    if error is not None:
        raise error
    return value


def contained(name: str, call: Callable[[], Any], passing: tuple[type[BaseException], ...] = ()) -> Any:
    """Run somebody's code. What it raises, leaving included, is PluginBroken, apart from what is `passing`. What it
    prints goes to standard error, as long as no hub is at work beside that has something to say itself."""
    alone = threading.current_thread() is threading.main_thread()
    try:
        with redirect_stdout(sys.stderr) if alone else nullcontext():
            return call()
    except KeyboardInterrupt:
        raise
    except passing:
        raise
    except PluginBroken:  # what it rests on is broken, which has a name of its own
        raise
    except BaseException as error:
        raise PluginBroken(name, error) from error


def listing(groups: Sequence[str] = tuple(GROUPS)) -> tuple[Offer, ...]:
    """Every plug-in of some groups, each loaded to see whether it can be."""
    found: list[Offer] = []
    for group in groups:
        for name, points in offered(group).items():
            try:
                plugin(group, name)
                why = ""
            except (PluginBroken, PluginTwice) as error:
                why = str(error)
            found += [Offer(group, name, one.value, _package(one), _version(one), why) for one in points]
    return tuple(found)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist is not None else "?"


def _said(point: EntryPoint) -> str:
    return f"`{_package(point)}` {_version(point)} ({point.value})"
