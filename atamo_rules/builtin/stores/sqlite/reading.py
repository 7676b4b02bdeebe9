"""What the file holds of events and of the shared state, read on a connection of its own: readers hold up no writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice

from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.belonging import rows_of
from atamo_rules.builtin.stores.sqlite.opening import last, waiting_under
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.builtin.stores.telling import ActionLine, Outline, erased, told
from atamo_rules.engine.filling import action_id
from atamo_rules.model.decision import Action, Decision, Fired
from atamo_rules.model.event import Event, within
from atamo_rules.model.frame import Page
from atamo_rules.model.types import Json
from atamo_rules.model.work import Entry

_ROWS = rows_of("?1")


def find(connection: sqlite3.Connection, name: str, organisation: str) -> str | None:
    """The key of an event by its key, or by an id that only one has, or only one of an organisation's."""
    if connection.execute("select 1 from events where key = ?", (name,)).fetchone():
        return name
    rows = connection.execute("select key from events where id = ? and id <> key", (name,))
    keys = (str(key) for (key,) in rows)
    few = list(islice((key for key in keys if not organisation or within(key, organisation)), 2))
    return few[0] if len(few) == 1 else None


def event(connection: Connection, key: str) -> Event | None:
    """An event as it was taken."""
    row = connection.execute("select event from events where key = ?", (key,)).fetchone()
    return None if row is None or row[0] is None else values.to_event(connection.whole(row[0]))


def decided(connection: sqlite3.Connection, key: str) -> bool:
    """Whether an event is to be decided no more."""
    row = connection.execute("select state from events where key = ?", (key,)).fetchone()
    return row is None or row[0] != "accepted"


def told_of(connection: Connection, key: str) -> Mapping[str, Json] | None:
    """All that is kept of an event."""
    connection.execute("begin")
    try:
        row = connection.execute(
            "select id, state, event, reasons, outline, at from events where key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        id, state, written, reasons, outline, at = row
        if state == "erased":
            return erased(id, datetime.fromtimestamp(at, UTC), values.read(outline))
        if written is None:
            return {"id": id, "state": state}
        over, lines = True, []
        for work, how, attempts, why, answer, open in connection.execute(
            f"select work, state, attempts, why, answer, open from actions where row in ({_ROWS}) order by row",
            (key,),
        ):
            over = over and not open
            action = values.to_action(values.read(connection.whole(work))[0])
            said = None if answer is None else values.read(connection.whole(answer))
            lines.append(ActionLine(action, how, attempts, why or "", said))
        frames = [
            values.to_frame(key, seq, connection.whole(frame))
            for seq, frame in connection.execute(
                "select seq, frame from frames where log = ? order by seq", (key,)
            )
        ]
    finally:
        connection.execute("rollback")
    decided = None
    if outline is not None:
        said = values.read(outline)
        decided = Outline(said["digest"], said["matched"], said["shadow"], said["problems"])
    kept = values.to_event(connection.whole(written))
    return told(kept, state == "quarantined", values.read(reasons) or (), decided, over, lines, frames)


def page(connection: Connection, log: str, after: int, limit: int) -> Page:
    """Frames of a log after a cursor."""
    connection.execute("begin")
    try:
        row = connection.execute("select count, closed, expired from logs where log = ?", (log,)).fetchone()
        if row is None:
            return Page((), after)
        count, closed, expired = row
        if expired is not None:
            return Page((), after, True, expired)
        frames = tuple(
            values.to_frame(log, seq, connection.whole(frame))
            for seq, frame in connection.execute(
                "select seq, frame from frames where log = ? and seq > ? order by seq limit ?",
                (log, after, limit),
            )
        )
    finally:
        connection.execute("rollback")
    cursor = frames[-1].seq if frames else after
    return Page(frames, cursor, bool(closed) and cursor == count)


def entry(connection: sqlite3.Connection, bucket: str, key: str) -> Entry | None:
    """A value of the shared state."""
    row = connection.execute(
        "select value, revision from state where bucket = ? and key = ? and value is not null", (bucket, key)
    ).fetchone()
    return None if row is None else Entry(key, values.read(row[0]), row[1])


def entries(connection: sqlite3.Connection, bucket: str, after: int) -> list[Entry]:
    """Values of a bucket beyond a revision."""
    rows = connection.execute(
        "select key, value, revision from state where bucket = ? and revision > ? order by revision",
        (bucket, after),
    )
    return [Entry(key, values.read(value), revision) for key, value, revision in rows]


def decision(connection: Connection, key: str) -> Decision | None:
    """What was decided of an event, from what is kept of it: the actions that did not wait for an answer. The problems
    are left out."""
    row = connection.execute("select event, outline from events where key = ?", (key,)).fetchone()
    if row is None or row[0] is None or row[1] is None:
        return None
    kept, said = values.to_event(connection.whole(row[0])), values.read(row[1])
    actions: dict[str, list[Action]] = {}
    asked: set[str] = set()
    for (work,) in connection.execute(
        f"select work from actions where row in ({_ROWS}) order by row", (key,)
    ):
        action = values.to_action(values.read(connection.whole(work))[0])
        own = action.id == action_id(
            kept.key, action.rule, f"/{action.index}"
        )  # not of another branch, nor edited
        if not own or action.rule in asked:
            continue
        actions.setdefault(action.rule, []).append(action)
        if action.verb == "ask":
            asked.add(action.rule)  # what the rule did after it belongs to the answer
    fired = [Fired(rule, tuple(actions.get(rule, ()))) for rule in said["matched"]]
    fired += [Fired(rule, (), shadow=True) for rule in said["shadow"]]
    return Decision(key, kept.type, said["digest"], tuple(fired))


def rulesets(connection: Connection) -> frozenset[str]:
    """The digests of the rulesets of kept events and of open work that waits for an answer."""
    rows = connection.execute(
        "select distinct json_extract(outline, '$.digest') from events where outline is not null and state <> 'erased'"
    )
    return waiting_under(connection) | {digest for (digest,) in rows if digest}


def sizes(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many dead letters there are, and how many events that are still to be decided."""
    return (
        last(connection, "select count(*) from letters where gone = 0"),
        last(connection, "select count(*) from events where state = 'accepted'"),
    )
