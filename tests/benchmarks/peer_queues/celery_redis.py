"""Celery over Redis, whose file is written through before it answers."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.peer_queues import celery_any, common
from tests.benchmarks.peer_queues.common import program


def run(number: int, place: Path) -> None:
    with common.redis(place) as socket:
        celery_any.run(number, f"redis+socket://{socket}", {}, "redis")


program(run)
