"""Generations that are no longer in force: their agents are closed once the last event under them is over."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from atamo_rules.hub.generation import Generation


class Retiring:
    """Knows which generation each event began under."""

    def __init__(self, first: Generation) -> None:
        self.current = first
        self._under: dict[str, Generation] = {}
        self._old: list[Generation] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def all(self) -> tuple[Generation, ...]:
        """The generation in force, and those before it that events are still under."""
        return (self.current, *self._old)

    def enter(self, event: str, generation: Generation) -> bool:
        """An event begins under a generation; False when it began before."""
        if event in self._under:
            return False
        self._under[event] = generation
        return True

    def under(self, event: str) -> Generation:
        """The generation an event began under; the current one for an event of a process before."""
        return self._under.get(event, self.current)

    def leave(self, event: str) -> None:
        """An event is over."""
        self._under.pop(event, None)
        if self._old:
            self._close()

    def swap(self, generation: Generation) -> None:
        """Another generation is in force from here on."""
        self._old.append(self.current)
        self.current = generation
        self._close()

    def _close(self) -> None:
        used = set(map(id, self._under.values()))
        kept = [old for old in self._old if id(old) in used]
        gone = [old for old in self._old if id(old) not in used]
        self._old = kept
        alive = {id(bound) for one in (*kept, self.current) for bound in one.agents.values()}
        for bound in {id(b): b for old in gone for b in old.agents.values()}.values():
            if id(bound) not in alive:
                task = asyncio.get_running_loop().create_task(close(bound))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def end(self) -> None:
        """Close the agents of every generation that is left."""
        everyone = (*self._old, self.current)
        await asyncio.gather(*self._closing)
        for bound in {id(b): b for one in everyone for b in one.agents.values()}.values():
            await close(bound)


async def close(bound: Any) -> None:
    """Close one agent; what it raises is said, and stops nobody."""
    try:
        await asyncio.wait_for(bound.agent.close(), 5)
    except Exception as error:  # somebody's plug-in
        sys.stderr.write(f"atamo: the agent `{bound.name}` did not close: {type(error).__name__}: {error}\n")
