"""What is over and old leaves the store now and then, while nobody waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.archive import tidy

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

EVERY = 60.0
"""Seconds between two times of letting go of what is over."""
TIDY = 86_400.0
"""Seconds between two times of letting go of texts of rules that nothing refers to: every kept event is looked at."""


async def keep_house(hub: Hub) -> None:
    """Let go of what is over, again and again, until cancelled."""
    tidied = hub.clock.passed()
    while True:
        await asyncio.sleep(EVERY)
        try:
            if hub.clock.passed() - tidied >= TIDY:
                tidied = hub.clock.passed()
                await tidy(hub)
            while await hub.store.housekeeping():
                await asyncio.sleep(0.05)  # there is more; let others write meanwhile
        except StoreUnavailable as error:
            hub.came_back(error)
