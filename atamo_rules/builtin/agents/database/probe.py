"""Asking a database whether it is there, and what its words mean where nobody has said who asks."""

from __future__ import annotations

import re

from atamo_rules.builtin.agents.database.statements import Statement

PROBES = {
    # SQLite answers `select 1` without looking into its file.
    "sqlite": Statement("select count(*) from sqlite_master", (), reads=True),
    "postgresql": Statement("select 1", (), reads=True),
}
_WHO = re.compile(
    r"no password supplied|authentication failed|no pg_hba\.conf entry|FATAL: +role .* does not exist"
)


def wants_a_name(why: str) -> bool:
    """Whether a server is there and asks for a name: only its users have names and passwords."""
    return _WHO.search(why) is not None
