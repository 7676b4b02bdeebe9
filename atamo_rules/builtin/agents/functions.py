"""An agent made of functions of the program that holds the hub: one for each action, called with its arguments.

A coroutine function runs in the hub's loop, any other in a thread of its own, so that a slow one holds up nobody.
A generator is a feed: each value it yields is one piece of the answer.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final

from atamo_rules.builtin.agents.threads import Crowded, Threads
from atamo_rules.hub.agents.reading import Reads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Value:
    """Yielded by a feed: what `key` is now. Who reads late has only the last value of every key."""

    key: str
    body: Json


class _Loaded:
    def __repr__(self) -> str:
        return "LOADED"


LOADED: Final = _Loaded()
"""Yielded by a feed: that was all there is; what comes now are updates."""


class FunctionAgent:
    """`FunctionAgent(quote=price_of, changes=watch_prices)`: functions by the action's name.

    A function takes the action's arguments by name, and gives the answer; it may also give `Again` or `Failed`. A
    parameter that is annotated `Action` is given the action itself: as whom it is done, and its id. What a function
    raises counts as an attempt that may work later. A thread that is running cannot be stopped from outside: of a call
    that is cut off nothing is heard any more, but it keeps its thread to its end, or to that of the process; a feed
    ends at its next `yield`.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object", "additionalProperties": False}

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        concurrency: int = 8,
        **functions: Callable[..., Any],
    ) -> None:
        self.timeout = timeout
        self.concurrency = concurrency
        self.functions = functions
        self._threads = Threads("atamo-agent")

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        function = self.functions.get(action.action)
        if function is None:
            names = ", ".join(sorted(self.functions)) or "none"
            return Failed(f"`{action.agent}` has no function `{action.action}`; it has {names}")
        given: Mapping[str, Any] = action.body if isinstance(action.body, dict) else {"value": action.body}
        whole = _action_of(function)
        if whole and whole not in given:
            given = {**given, whole: action}
        try:
            inspect.signature(function).bind(**given)
        except TypeError as error:
            return Failed(f"`{action.target}` cannot be called with these arguments: {error}")
        if inspect.isasyncgenfunction(function):
            async with aclosing(function(**given)) as pieces:
                async for piece in pieces:
                    await _say(reply, piece)
            return Done()
        try:
            return await self._call(function, given, reply)
        except Crowded as crowded:
            return crowded.outcome()

    async def _call(self, function: Callable[..., Any], given: Mapping[str, Any], reply: Reply) -> Outcome:
        if inspect.isgeneratorfunction(function):
            return await self._feed(function, given, reply)
        if inspect.iscoroutinefunction(function):
            return _outcome(await function(**given))
        return _outcome(await self._threads.run(lambda: function(**given)))

    async def _feed(self, function: Callable[..., Any], given: Mapping[str, Any], reply: Reply) -> Outcome:
        """Drive a generator in a thread. It goes on only when its last piece was kept: a fast one cannot run ahead."""
        loop, over = asyncio.get_running_loop(), threading.Event()

        def drive() -> None:
            pieces = function(**given)
            try:
                for piece in pieces:
                    if over.is_set():
                        return
                    asyncio.run_coroutine_threadsafe(_say(reply, piece), loop).result()
                    if over.is_set():
                        return
            finally:
                pieces.close()

        try:
            await self._threads.run(drive)
        finally:
            over.set()
        return Done()

    async def close(self) -> None:
        return None


@lru_cache(maxsize=256)
def _action_of(function: Callable[..., Any]) -> str:
    """The parameter that is given the action itself, or nothing."""
    for name, parameter in inspect.signature(function).parameters.items():
        said = parameter.annotation
        if said is Action or (isinstance(said, str) and said.rpartition(".")[2] == "Action"):
            return name
    return ""


def read_by(function: Callable[..., Any]) -> Reads:
    """The arguments that a function is called with, as far as its signature tells."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return Reads()
    ours = _action_of(function)
    named = {one.name: one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    needed = frozenset(name for name, one in named.items() if one.default is one.empty and name != ours)
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters)
    return Reads(needed, None if takes_all else frozenset(named) - {ours})


async def _say(reply: Reply, piece: Any) -> None:
    if piece is LOADED:
        await reply.loaded()
    elif isinstance(piece, Value):
        await reply(piece.body, key=piece.key)
    else:
        await reply(piece)


def _outcome(given: Any) -> Outcome:
    return given if isinstance(given, Done | Again | Failed) else Done(given)
