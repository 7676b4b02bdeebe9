"""What housekeeping lets go of in slices is what one look at the whole table would find, and no slice is a long one."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.builtin.stores.sqlite import forgetting, schema
from atamo_rules.builtin.stores.sqlite.forgetting import Events, Logs, Walk, Windows

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RETAIN = timedelta(days=30)
states = st.sampled_from(["decided", "decided", "quarantined", "accepted", "forgotten"])
holds = st.sampled_from(["", "", "done", "open", "letter", "letter that is gone"])
one_event = st.tuples(states, holds, st.booleans(), st.booleans())
"""Its state, what its action is, whether it is old, and whether its action came later than itself."""


def _tables() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    for migration in schema.MIGRATIONS:
        made.executescript(migration)
    return made


def _event(tables: sqlite3.Connection, number: int, state: str, holds: str, age: float, apart: bool) -> None:
    key, at = f"e{number}", (NOW - timedelta(days=age)).timestamp()
    event = None if state == "forgotten" else "[]"
    range = (number, number) if holds and not apart else (0, 0)
    row = (number, key, key, b"", state, at, event, *range)
    tables.execute(
        "insert into events (seq, key, id, digest, state, at, event, first_row, last_row) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    if not holds:
        return
    tables.execute(
        "insert into actions "
        "(row, event, id, agent, rule, organisation, at, state, open, limited, attempts, work, apart) "
        "values (?, ?, '', '', '', '', 0, '', ?, 0, 0, '', ?)",
        (number, key, holds == "open", apart),
    )
    if holds.startswith("letter"):
        tables.execute(
            "insert into letters values (?, ?, '', '', '', ?)", (number, number, holds != "letter")
        )


def _round(walk: Walk[Any], tables: sqlite3.Connection) -> int:
    gone = walk.turn(tables, NOW)
    while not walk.ended:
        gone += walk.turn(tables, NOW)
    return gone


@settings(max_examples=60)
@given(st.lists(one_event, max_size=40), st.integers(1, 9), st.integers(1, 5))
def test_the_events_of_all_slices_are_those_that_are_old_and_over(
    given: list[tuple[str, str, bool, bool]], looked_at: int, at_once: int
) -> None:
    tables = _tables()
    given = sorted(given, key=lambda one: not one[2])
    for number, (state, holds, old, apart) in enumerate(given, 1):
        _event(tables, number, state, holds, 31 if old else 29, apart)
    kept = {"open", "letter"}
    over = {
        number
        for number, (state, holds, old, _) in enumerate(given, 1)
        if old and state in ("decided", "quarantined") and holds not in kept
    }
    walk = Events(RETAIN)
    with patch.multiple(forgetting, LOOKED_AT=looked_at, AT_ONCE=at_once):
        assert _round(walk, tables) == len(over)
        assert _round(walk, tables) == 0
        before = {number for number, (state, *_) in enumerate(given, 1) if state == "forgotten"}
        assert {
            seq for (seq,) in tables.execute("select seq from events where event is null")
        } == over | before
        left = {
            f"e{number}" for number, (_, holds, *_) in enumerate(given, 1) if holds and number not in over
        }
        assert {event for (event,) in tables.execute("select event from actions")} == left
        tables.execute("update actions set open = 0")
        tables.execute("update letters set gone = 1")
        again = {
            number
            for number, (state, holds, old, _) in enumerate(given, 1)
            if old and state in ("decided", "quarantined") and holds in kept
        }
        assert _round(walk, tables) == len(again), "what was kept for what was open is found by a later round"


@settings(max_examples=60)
@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from([None, -1.0, 1.0]), max_size=30),
    st.integers(1, 7),
    st.integers(1, 4),
)
def test_the_logs_of_all_slices_are_those_whose_time_is_over(
    logs: dict[str, float | None], looked_at: int, at_once: int
) -> None:
    tables = _tables()
    for log, ahead in logs.items():
        until = None if ahead is None else NOW.timestamp() + ahead
        tables.execute("insert into logs (log, count, until) values (?, 3, ?)", (log, until))
        tables.execute("insert into frames values (?, 1, '')", (log,))
    over = {log for log, ahead in logs.items() if ahead == -1.0}
    with patch.multiple(forgetting, LOOKED_AT=looked_at, AT_ONCE=at_once):
        walk = Logs()
        assert _round(walk, tables) == len(over)
        assert _round(walk, tables) == 0
    assert {log for (log,) in tables.execute("select log from logs where expired = 3")} == over
    assert {log for (log,) in tables.execute("select log from frames")} == logs.keys() - over


def test_windows_that_hold_nothing_go_and_nothing_else_of_the_shared_state() -> None:
    tables = _tables()
    for number in range(40):
        for bucket in ("windows", "rules"):
            value = None if number % 3 else "[]"
            tables.execute("insert into state values (?, ?, ?, 1)", (bucket, f"k{number}", value))
    with patch.object(forgetting, "AT_ONCE", 7):
        assert _round(Windows(), tables) == 26
    assert dict(tables.execute("select bucket, count(*) from state group by bucket")) == {
        "rules": 40,
        "windows": 14,
    }


@pytest.mark.parametrize("state", ["decided", "forgotten"])
def test_no_turn_looks_through_a_large_table(state: str) -> None:
    tables = _tables()
    old = 31 if state == "forgotten" else 29
    at = (NOW - timedelta(days=old)).timestamp()
    tables.execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000) "
        "insert into events (key, id, digest, state, at) select i, i, x'', ?, ? from n",
        (state, at),
    )
    steps: list[int] = []
    tables.set_progress_handler(lambda: steps.append(1), 1000)  # instructions of SQLite, in thousands
    walk, most = Events(RETAIN), 0
    while True:
        steps.clear()
        walk.turn(tables, NOW)
        most = max(most, len(steps))
        if walk.ended:
            break
    assert 0 < most < 30 * forgetting.LOOKED_AT / 1000
