"""How long the way of a message is, in calls of our functions: no neighbour on a machine changes those."""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import Any

from atamo_rules.builtin.stores.memory import MemoryStore
from tests.benchmarks.hub import state, whole

OURS = "/atamo_rules/"
MOST = 133
"""Calls a message, from end to end in memory. There were 152 before properties, and coroutines that only hand on, were
taken out of the way."""


def test_a_message_in_memory_calls_no_more_functions_than_it_did() -> None:
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call" and OURS in frame.f_code.co_filename

    def counted(messages: int) -> int:
        nonlocal calls
        calls = 0

        async def run() -> None:
            sys.setprofile(count)
            try:
                await whole(MemoryStore(), under, messages, 64)
            finally:
                sys.setprofile(None)

        asyncio.run(run())
        return calls

    under = state()
    counted(64)  # what is made once
    few, many = counted(64), counted(320)
    assert (many - few) / 256 < MOST
