"""Celery over the SQLAlchemy transport, on a SQLite file."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.peer_queues import celery_any
from tests.benchmarks.peer_queues.common import program, wal_and_full


def run(number: int, place: Path) -> None:
    from kombu.transport.sqlalchemy import Transport

    wal_and_full()
    Transport.polling_interval = (
        0.01  # it asks once a second otherwise, and hands the option on to SQLAlchemy
    )
    broker = f"sqla+sqlite:///{place / 'celery.db'}"
    celery_any.run(number, broker, {}, "sqlalchemy")


program(run)
