"""How a generated function reads what a path leads to, and how anything is read safely.

What a conforming event must have is read straight; the generated function stands in a `try`, which costs nothing until
something is missing. What may be left out is asked for. Values are null where they are missing: no index tells
the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from atamo_rules.engine.index.source import Source
from atamo_rules.engine.spelled import joined, texts_of
from atamo_rules.engine.through import reached
from atamo_rules.model.meaning import EACH, Each, Step
from atamo_rules.model.types import Anything, MapOf, Member, Record, Type


def value_at(body: Any, steps: Sequence[Step]) -> Any:
    """What a path without arrays leads to; None where it leads nowhere."""
    found = body
    for step in steps:
        if isinstance(step, str):
            if not isinstance(found, dict):
                return None
            found = found.get(step)
        elif isinstance(found, list | tuple) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found


def values_at(body: Any, steps: tuple[Step, ...]) -> list[Any]:
    """Everything a path through arrays leads to."""
    return reached(body, steps)


def several(steps: Sequence[Step]) -> bool:
    """Whether a path may lead to several values."""
    for step in steps:  # noqa: SIM110 - a generator takes five times as long, and this is asked for every test
        if type(step) is Each:
            return True
    return False


def spelled_at(body: Any, steps: Sequence[Step], *, everywhere: bool, fold: bool) -> list[str]:
    """The texts that what stands at a path is read as."""
    found = texts_of(value_at(body, steps), everywhere=everywhere)
    return [text.casefold() for text in found] if fold else list(found)


def _texts(value: Any) -> list[str]:
    return list(texts_of(value))


def _folded(value: Any) -> list[str]:
    return [text.casefold() for text in texts_of(value)]


class Reads:
    """The reads of one generated function: every prefix of every path is read once."""

    def __init__(self, source: Source, type: Type) -> None:
        self._source = source
        self._type = type
        self._known: dict[tuple[Step, ...], tuple[str, Type, bool]] = {(): ("e", type, True)}
        self._spelled: dict[tuple[tuple[Step, ...], bool, bool], str] = {}

    def value(self, steps: tuple[Step, ...]) -> tuple[str, bool]:
        """The name of the variable that holds what is at a path, and whether a conforming event must have it."""
        if not all(isinstance(step, str) for step in steps):
            return self._called(steps, value_at), False
        name, _, must = self._read(steps)
        return name, must

    def elements(self, steps: tuple[Step, ...]) -> tuple[str, bool]:
        """The same for a path that may lead to several values: the list of them, or what should be one."""
        if several(steps[:-1]) or steps[-1] is not EACH:
            return self._called(steps, values_at), True
        return self.value(steps[:-1])

    def spelled(self, steps: tuple[Step, ...], *, everywhere: bool, fold: bool) -> str:
        """The name of the variable that holds the texts that a value is read as, nearly always one; or of `everywhere`
        all of them joined to one, which is searched at once."""
        known = self._spelled.get((steps, everywhere, fold))
        if known is not None:
            return known
        name, _ = self.value(steps)
        made, folds = self._source.fresh("s"), ".casefold()" if fold else ""
        if everywhere:
            self._source.line(f"{made} = ({self._source.given(joined)}({name}){folds},)")
        else:
            read = self._source.given(_folded if fold else _texts)
            one = f"({name}{folds},) if {name}.__class__ is str"
            whole = f"(str({name}),) if {name}.__class__ is int"
            self._source.line(f"{made} = {one} else {whole} else () if {name} is None else {read}({name})")
        self._spelled[steps, everywhere, fold] = made
        return made

    def _called(self, steps: tuple[Step, ...], read: Callable[[Any, tuple[Step, ...]], Any]) -> str:
        known = self._known.get(steps)
        if known is None:
            name = self._source.fresh("p")
            self._source.line(f"{name} = {self._source.given(read)}(e, {self._source.given(steps)})")
            known = self._known[steps] = (name, self._type, False)
        return known[0]

    def _read(self, steps: tuple[Step, ...]) -> tuple[str, Type, bool]:
        known = self._known.get(steps)
        if known is not None:
            return known
        parent, type, sure = self._read(steps[:-1])
        step = steps[-1]
        assert isinstance(step, str)
        member, must = _member(type, step)
        name = self._source.fresh("p")
        whole = len(steps) == 1
        if must and sure:
            read = f"{parent}[{step!r}]"
        elif whole or (sure and isinstance(type, Record | MapOf)):
            read = f"{parent}.get({step!r})"
        elif isinstance(type, Record | MapOf):
            read = f"{parent}.get({step!r}) if {parent} is not None else None"
        else:
            read = f"{parent}.get({step!r}) if isinstance({parent}, dict) else None"
        self._source.line(f"{name} = {read}")
        found = self._known[steps] = (name, member, must and sure)
        return found


def _member(type: Type, step: str) -> tuple[Type, bool]:
    """The type of a field, and whether a conforming event must have it."""
    if isinstance(type, Record):
        member: Member | None = type.members.get(step)
        if member is not None:
            return member.type, not member.optional and not member.has_default
    if isinstance(type, MapOf):
        return type.value, False
    return Anything(), False
