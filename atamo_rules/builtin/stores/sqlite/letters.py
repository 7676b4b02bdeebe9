"""Dead letters, as the file holds them."""

from __future__ import annotations

import sqlite3
from typing import Any

from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.model.work import DeadLetter, Selector


def dead(
    connection: Connection, which: Selector, after: int, upto: int | None, limit: int
) -> list[tuple[DeadLetter, int]]:
    """Dead letters, each with the row of its action."""
    conditions = ["letters.gone = 0", "letters.number > ?"]
    given: list[Any] = [after]
    if upto is not None:
        conditions.append("letters.number <= ?")
        given.append(upto)
    for column, value in (
        ("actions.event", which.event),
        ("actions.id", which.action),
        ("letters.agent", which.agent),
        ("actions.rule", which.rule),
        ("actions.organisation", which.organisation),
        ("letters.error", which.error),
    ):
        if value:
            conditions.append(f"{column} = ?")
            given.append(value)
    rows = connection.execute(
        "select letters.number, letters.row, letters.error, letters.letter, actions.work from letters "
        f"join actions on actions.row = letters.row where {' and '.join(conditions)} order by letters.number limit ?",
        (*given, limit),
    )
    found = []
    for number, row, error, letter, work in rows:
        why, attempts, errors, at = values.read(letter)
        moment = values.moment(at)
        found.append(
            (
                DeadLetter(
                    number,
                    values.to_work(connection.whole(work)),
                    error,
                    why,
                    attempts,
                    tuple(errors),
                    moment,
                ),
                row,
            )
        )
    return found


def dead_groups(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """How many dead letters there are, by agent and class of error."""
    rows = connection.execute(
        "select agent, error, count(*) from letters where gone = 0 group by agent, error"
    )
    return {(agent, error): count for agent, error, count in rows}
