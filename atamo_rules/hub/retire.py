"""Generations that are no longer in force: their agents are closed once the last event under them is over."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from atamo_rules.hub.generation import Generation

MOST_BORROWED = 4
"""Generations of other hubs that are kept: their folders differ for a moment, when rules are new."""


class Retiring:
    """Knows which generation each event began under."""

    def __init__(self, first: Generation) -> None:
        self.current = first
        self._under: dict[str, Generation] = {}
        self._old: list[Generation] = []
        self._revived: dict[str, Generation] = {}
        """By digest, those of processes before, whose rules wait for an answer."""
        self._borrowed: deque[str] = deque()
        """Digests of those that other hubs decide under, in the order in which they came."""
        self._calls = count()
        self._closing: set[asyncio.Task[None]] = set()
        self.swapped: Callable[[], None] = lambda: None
        """Called when another generation is in force."""

    @property
    def all(self) -> tuple[Generation, ...]:
        """The generation in force, and those before it that events are still under."""
        return (self.current, *self._old, *self._revived.values())

    def revive(self, generation: Generation) -> None:
        """Events of a process before go on under a generation of then, to the end of this one."""
        self._revived[generation.digest] = generation

    def borrow(self, generation: Generation) -> None:
        """Work of another hub goes on under a generation that is in force there. Those that came first make room, once
        nothing is done under them."""
        self._revived[generation.digest] = generation
        self._borrowed.append(generation.digest)
        if len(self._borrowed) > MOST_BORROWED:
            self._old.append(self._revived.pop(self._borrowed.popleft()))
            self._close()

    def enter(self, event: str, generation: Generation) -> bool:
        """An event begins under a generation; False when it began before."""
        if event in self._under:
            return False
        self._under[event] = generation
        return True

    def under(self, event: str, rules: str = "") -> Generation:
        """The generation an event began under; for an event of a process before the one of the digest `rules`, where it
        was revived, else the current one. An event that is being taken a second time is for a moment under two."""
        known = self._under.get(event)
        if known is not None and rules in ("", known.digest):
            return known
        return self._revived.get(rules) or known or self.current

    @contextmanager
    def held(self, generation: Generation, *, linger: bool = False) -> Iterator[None]:
        """Inside, a generation keeps its agents: a shared call goes on for those who joined it, also after its own
        event is over. With `linger` it keeps them until the loop turns, so that an event can be entered right after."""
        name = f"\0call {next(self._calls)}"
        self.enter(name, generation)
        try:
            yield
        finally:
            if linger:
                asyncio.get_running_loop().call_soon(self.leave, name)
            else:
                self.leave(name)

    def leave(self, event: str) -> None:
        """An event is over."""
        self._under.pop(event, None)
        if self._old:
            self._close()

    def swap(self, generation: Generation) -> None:
        """Another generation is in force from here on."""
        self._old.append(self.current)
        self.current = generation
        self.swapped()
        self._close()

    def _close(self) -> None:
        used = set(map(id, self._under.values()))
        kept = [old for old in self._old if id(old) in used]
        gone = [old for old in self._old if id(old) not in used]
        self._old = kept
        alive = {id(part) for one in (*kept, *self._revived.values(), self.current) for part in parts(one)}
        for part in {id(p): p for old in gone for p in parts(old)}.values():
            if id(part) not in alive:
                task = asyncio.get_running_loop().create_task(close(part))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def end(self) -> None:
        """Close the agents and evaluators of every generation that is left."""
        everyone = self.all
        await asyncio.gather(*self._closing)
        for part in {id(p): p for one in everyone for p in parts(one)}.values():
            await close(part)


def parts(generation: Generation) -> tuple[Any, ...]:
    """What a generation holds that is closed once nobody needs it: its agents, bound, and its evaluators."""
    return (*generation.agents.values(), *generation.evaluators)


async def close(part: Any) -> None:
    """Close one agent or evaluator; what it raises is said, and stops nobody."""
    try:
        await asyncio.wait_for(getattr(part, "agent", part).close(), 5)
    except (Exception, SystemExit) as error:  # somebody's plug-in
        what = "agent" if hasattr(part, "agent") else "provider"
        sys.stderr.write(f"atamo: the {what} `{part.name}` did not close: {type(error).__name__}: {error}\n")
