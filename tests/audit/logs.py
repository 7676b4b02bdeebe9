"""Logs of random records for tests, and what was put down about them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from atamo_rules.hub.audit.checkpoint import Checkpoint
from atamo_rules.hub.audit.evidence import Evidence
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.merkle import Frontier, leaf_hash
from atamo_rules.hub.audit.note import Note
from atamo_rules.model.audit import KINDS, AuditRecord

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def record(position: int, by: random.Random) -> AuditRecord:
    """A record that could be one."""
    what = {"why": by.choice(["", "busy", "ü{{ 7*7 }}\n"]), "attempt": by.randrange(5), "rule": "page_oncall"}
    return AuditRecord(
        position,
        NOON + timedelta(seconds=position % 10**6),
        by.choice(KINDS),
        f"e{by.randrange(9)}",
        by.choice(["", "ann"]),
        what,
        f"event e{by.randrange(9)}",
        "ab" * 32,
    )


def log(count: int, by: random.Random) -> list[bytes]:
    """So many records, as they are kept."""
    return [record_bytes(record(position, by)) for position in range(1, count + 1)]


def evidence(
    records: Sequence[bytes], every: int, *, leaves: bool = True, origin: str = "test/log"
) -> Evidence:
    """Checkpoints of a log, each so many records, and one at its end."""
    hashes = [leaf_hash(raw) for raw in records]
    tree, made = Frontier(), []
    for size in range(1, len(hashes) + 1):
        tree = tree.append(hashes[size - 1])
        if size % every == 0 or size == len(hashes):
            one = Checkpoint.of(origin, tree)
            made.append((one, Note(one.text)))
    return Evidence(tuple(made), hashes if leaves else ())
