"""DBOS with SQLite: each message is a workflow, which is kept before it begins."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.peer_queues.common import (
    DRAIN,
    PAD,
    PATIENCE,
    Count,
    Missing,
    Timing,
    program,
    wal_and_full,
)


def run(number: int, place: Path) -> None:
    from dbos import DBOS

    if DRAIN:
        raise Missing("begins each as it is handed in: there is no backlog")
    wal_and_full()
    DBOS(
        config={
            "name": "peer",
            "system_database_url": f"sqlite:///{place / 'dbos.db'}",
            "run_admin_server": False,
            "log_level": "ERROR",
        }
    )
    count = Count(number)

    @DBOS.workflow()
    def work(n: int, pad: str) -> None:
        count(n)

    DBOS.launch()
    timing = Timing(count)
    for n in range(number):
        DBOS.start_workflow(work, n, PAD)
    timing.accepted()
    count.all.wait(PATIENCE)
    timing.idle(lambda n: DBOS.start_workflow(work, n, PAD))
    timing.over("dbos", "sqlalchemy")
    DBOS.destroy()


program(run)
