"""Asking agents how they are: each in a thread of its own, so that one which hangs or blocks holds up no other."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from atamo_rules.hub.checks import Check

AT_ONCE = 8
"""Agents that are asked at one time."""
GRACE = 1.0
"""Seconds after its deadline in which an agent that is told to stop may do so."""
LONGEST = 500
"""Characters of what an agent says that are shown."""


async def agents(bound: Mapping[str, Any], seconds: float) -> tuple[Check, ...]:
    """What every agent says of its own health: some at a time, each in so many seconds, and closed after it."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, agent: Any) -> list[Check]:
        async with slots:
            asked = _apart(name, agent, seconds)
            done, _ = await asyncio.wait({asked}, timeout=2 * (seconds + GRACE))
        if done:
            return asked.result()
        asked.cancel()
        return [
            Check("agent", name, "wrong", f"no answer within {seconds:g} seconds, and it cannot be stopped")
        ]

    found = await asyncio.gather(*(one(name, each.agent) for name, each in sorted(bound.items())))
    return tuple(check for checks in found for check in checks)


def _apart(name: str, agent: Any, seconds: float) -> asyncio.Future[list[Check]]:
    """The checks of one agent, made in a loop of its own. The thread keeps no process from ending."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[list[Check]] = loop.create_future()

    def settle(checks: list[Check]) -> None:
        if not made.done():
            made.set_result(checks)

    def ask() -> None:
        try:
            checks = asyncio.run(_asked(name, agent, seconds))
        except BaseException as error:  # somebody's plug-in
            checks = [Check("agent", name, "wrong", _said(error))]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, checks)

    threading.Thread(target=ask, name=f"health of {name}", daemon=True).start()
    return made


async def _asked(name: str, agent: Any, seconds: float) -> list[Check]:
    ask = getattr(agent, "health", None)
    said: Any = ""
    if ask is not None:
        try:
            async with asyncio.timeout(seconds):
                said = ask()
                said = await said if inspect.isawaitable(said) else said
        except TimeoutError as error:
            said = str(error) or f"no answer within {seconds:g} seconds"
        except (Exception, SystemExit) as error:  # somebody's plug-in
            said = _said(error)
    if said:
        found = [Check("agent", name, "wrong", " ".join(str(said).split())[:LONGEST])]
    else:
        found = [Check("agent", name, "ok", "is well" if ask is not None else "cannot say how it is")]
    try:
        await asyncio.wait_for(agent.close(), seconds)
    except (Exception, SystemExit) as error:  # somebody's plug-in
        found.append(Check("agent", name, "warning", f"did not close: {_said(error)}"))
    return found


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
