"""A message is followed to its end, also where something is told of it after that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from atamo_rules.hub.history.follow import Followers
from atamo_rules.model.audit import AuditRecord, Kind, Note

NOW = datetime(2026, 1, 31, tzinfo=UTC)
KINDS: tuple[Kind, ...] = ("event.accepted", "event.decided", "event.finished", "request.completed")


@pytest.mark.parametrize("after", range(5))
def test_what_is_over_is_followed_to_what_is_told_of_it(after: int) -> None:
    async def nothing(at: int, most: int, event: str) -> Sequence[AuditRecord]:
        return ()

    async def story() -> list[str]:
        followers = Followers(nothing)
        followers.hear(1, [Note(NOW, kind, "e") for kind in KINDS])
        return [one.kind if one is not None else "" async for one in followers.follow("e", after, 0.01)]

    assert asyncio.run(asyncio.wait_for(story(), 5)) == [*KINDS[after:]]
