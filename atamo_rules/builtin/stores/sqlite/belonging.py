"""Which actions are an event's: a range of rows beside it, and an index of those that came later.

An index of all by event would have every commit write to pages all over the file. Nearly every action is kept with the
event that brought it, under a row that is next in line: the event's own row says from which to which. What comes later,
as after an answer or by a redrive, is `apart`, and so is what a file of an older version has. Rows may be given anew
once nobody has them, and a range outlives its actions, so whoever reads a range looks at the event, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from atamo_rules.builtin.stores.sqlite.statements import Row

BELONGING = """
alter table events add column first_row integer;  -- the rows between which its actions stand that were kept with it
alter table events add column last_row integer;
alter table actions add column apart integer not null default 1;  -- whether it is none of those
drop index actions_by_event;
create index actions_apart on actions (event) where apart = 1;
"""


def rows_of(key: str) -> str:
    """A query for the rows of an event's actions; `key` is a parameter or column that holds the event's key."""
    return (
        "select its.row from events as one join actions as its on its.row between one.first_row and one.last_row "
        f"and its.event = one.key and its.apart = 0 where one.key = {key} "
        f"union all select row from actions where event = {key} and apart = 1"
    )


OPEN = (
    f"exists (select 1 from actions where row in ({rows_of('events.key')}) "
    "and (open = 1 or row in (select row from letters where gone = 0)))"
)
"""Whether an event in `events` has actions that are open, or of which a dead letter is there."""


def range_of(actions: Sequence[Row]) -> tuple[int, int]:
    """The first and the last row of actions that are kept with their event; zeros, which no row has, without any."""
    if len(actions) < 2:
        return (actions[0][0], actions[0][0]) if actions else (0, 0)
    rows = [action[0] for action in actions]
    return min(rows), max(rows)
