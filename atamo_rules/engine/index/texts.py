"""The texts at a place, as they are looked up: in lines of the generated function, and of whatever body there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atamo_rules.engine.index.paths import Reads, several, spelled_at, value_at, values_at
from atamo_rules.engine.index.places import EVERYWHERE, Place
from atamo_rules.engine.index.source import Source


def listed(source: Source, name: str) -> None:
    """Only a list has elements: a text would give its characters, and an object its keys."""
    with source.block(f"if {name}.__class__ is not list:"):
        source.line("raise TypeError")


def folded(source: Source, name: str, must: bool) -> str:
    """The casefolded text in a variable."""
    made = f"{name}f"
    source.line(f"{made} = {name}.casefold()" + ("" if must else f" if {name} is not None else None"))
    return made


def texts(source: Source, reads: Reads, place: Place, look: Callable[[Source, str], None]) -> None:
    """Lines that look at the text at a path, or at each text of a path that may lead to several. Values that are read
    as text are folded already."""
    if place.read:
        # Of a hundred fields that rules name an event has a few: what is absent is passed by at once.
        name, must = reads.value(place.steps)
        with source.block("if True:" if must else f"if {name} is not None:"):
            name = reads.spelled(place.steps, everywhere=place.read == EVERYWHERE, fold=place.fold)
            with source.block(f"for t in {name}:"):
                look(source, "t")
        return
    if several(place.steps):
        name, must = reads.elements(place.steps)
        with source.block("if True:" if must else f"if {name} is not None:"):
            listed(source, name)
            with source.block(f"for t in {name}:"):
                if place.open:
                    with source.block("if isinstance(t, (list, tuple)):"):
                        source.line("raise TypeError")
                with source.block("if isinstance(t, str):"):
                    look(source, "t")
        return
    name, must = reads.value(place.steps)
    if must:
        look(source, name)
    else:
        with source.block(f"if {name} is not None:"):
            look(source, name)


def texts_at(body: Any, place: Place) -> list[str]:
    """The texts that a place is about, as they are looked up, whatever the body is."""
    if place.read:
        return spelled_at(body, place.steps, everywhere=place.read == EVERYWHERE, fold=place.fold)
    found = values_at(body, place.steps) if several(place.steps) else [value_at(body, place.steps)]
    if place.open:
        found = [item for one in found for item in (one if isinstance(one, list | tuple) else (one,))]
    return [one.casefold() if place.fold else one for one in found if isinstance(one, str)]
