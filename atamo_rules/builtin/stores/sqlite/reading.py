"""What the file holds, read on connections of their own: a reader holds up no writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from atamo_rules.builtin.stores.journal import Loaded
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.operating import PAUSED, hold_of
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.builtin.stores.sqlite.spans import where
from atamo_rules.builtin.stores.telling import ActionLine, Outline, erased, told
from atamo_rules.engine.decide import action_id
from atamo_rules.hub.audit.erased import leaf_of
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Action, Decision, Fired
from atamo_rules.model.event import Event, within
from atamo_rules.model.frame import Page
from atamo_rules.model.types import Json
from atamo_rules.model.work import DeadLetter, Entry, Selector


def load(connection: Connection, now: datetime) -> tuple[Loaded, dict[str, int], int, int]:
    """All that is open; how many open actions each event has; the last record's position, the last revision."""
    execute = connection.execute
    loaded = Loaded()
    counts: dict[str, int] = {}
    rows = execute(
        "select row, event, id, agent, rule, organisation, at, state, attempts, work, errors, due, wait, limited "
        "from actions where open = 1 order by row"
    )
    clock = now.timestamp()
    for (
        row,
        event,
        id,
        agent,
        rule,
        organisation,
        at,
        state,
        attempts,
        work,
        errors,
        due,
        wait,
        limited,
    ) in rows:
        counts[event] = counts.get(event, 0) + 1
        item = Item(
            row, id, (agent, rule, organisation), datetime.fromtimestamp(at, UTC), _later(connection, work), attempts,
            tuple(values.read(errors) or ()), bool(limited),
        )  # fmt: skip
        if state == "running":
            loaded.lost.append(item)
        else:
            # The wall clock may have been set while nobody looked: it waits no longer than was asked.
            left = min(wait, max(0.0, due - clock)) if state in ("again", "later") else 0.0
            loaded.items.append((item, left))
    loaded.pending = [
        key for (key,) in execute("select key from events where state = 'accepted' order by seq")
    ]
    loaded.holds = [
        hold_of(key, values.read(kept))
        for key, kept in execute(
            "select key, value from state where bucket = ? and value is not null", (PAUSED,)
        )
    ]
    loaded.rules = _waiting_under(connection)
    loaded.row = _last(connection, "select max(row) from actions")
    loaded.letter = _last(connection, "select max(number) from letters")
    position = _last(connection, "select max(position) from audit")
    revision = _last(connection, "select max(revision) from state")
    return loaded, counts, position, revision


def _later(connection: Connection, work: str) -> Any:
    blobs = connection.blobs
    return lambda: values.to_work(blobs.whole(work))


def _last(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0] or 0)


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
        lines = [
            ActionLine(
                values.to_action(values.read(connection.whole(work))[0]),
                how,
                attempts,
                why or "",
                None if answer is None else values.read(connection.whole(answer)),
            )
            for work, how, attempts, why, answer in connection.execute(
                "select work, state, attempts, why, answer from actions where event = ? order by row", (key,)
            )
        ]
        over = not connection.execute(
            "select 1 from actions where event = ? and open = 1 limit 1", (key,)
        ).fetchone()
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
    for (work,) in connection.execute("select work from actions where event = ? order by row", (key,)):
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


_RECORDS = "select position, at, kind, event, who, what, cause, rules from audit where position > ?"


def audit(connection: sqlite3.Connection, after: int, limit: int, about: str = "") -> list[AuditRecord]:
    """Records after a position; with `about` only those of one event."""
    if not about:
        rows = connection.execute(f"{_RECORDS} order by position limit ?", (after, limit))
        return [record_of(row) for row in rows]
    query = f"{_RECORDS} and position <= ? and event = ? order by position limit ?"
    found: list[Any] = []
    connection.execute("begin")
    try:
        for first, last in where(connection, about, after):
            span = (max(after, first - 1), last, about, limit - len(found))
            found += connection.execute(query, span)
            if len(found) >= limit:
                break
    finally:
        connection.execute("rollback")
    return [record_of(row) for row in found]


def leaves(connection: sqlite3.Connection, after: int, limit: int) -> list[bytes]:
    """The hashes of the records after a position."""
    return [leaf_of(record) for record in audit(connection, after, limit)]


def record_of(row: Any) -> AuditRecord:
    """The record of a row."""
    position, at, kind, about, who, what, cause, rules = row
    return AuditRecord(position, values.moment(at), kind, about, who, values.read(what), cause, rules)


def log(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Every record as it is hashed, whatever was done to its row: what can no longer be read is given as it stands. The
    connection is of no other use after it."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    for row in connection.execute(f"{_RECORDS} order by position", (-1,)):
        try:
            yield record_bytes(record_of(row))
        except (ValueError, TypeError, AttributeError):
            yield repr(row).encode()


def rulesets(connection: Connection) -> frozenset[str]:
    """The digests of the rulesets of kept events and of open work that waits for an answer."""
    rows = connection.execute(
        "select distinct json_extract(outline, '$.digest') from events where outline is not null and state <> 'erased'"
    )
    return _waiting_under(connection) | {digest for (digest,) in rows if digest}


def _waiting_under(connection: Connection) -> frozenset[str]:
    """The digests of the rulesets whose rules wait for an answer. Their places are those of `values.of_work`."""
    rows = connection.execute(
        "select distinct json_extract(work, '$[9]') from ("
        "select case when work >= 'A' then work end as work from actions where open = 1) "
        "where json_extract(work, '$[7]') is not null"
    )
    large = connection.execute("select work from actions where open = 1 and work >= '@' and work < 'A'")
    works = [values.to_work(connection.whole(work)) for (work,) in large]
    digests = [digest for (digest,) in rows] + [work.rules for work in works if work.waiting is not None]
    return frozenset(digest for digest in digests if digest)


def sizes(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many dead letters there are, and how many events that are still to be decided."""
    return (
        _last(connection, "select count(*) from letters where gone = 0"),
        _last(connection, "select count(*) from events where state = 'accepted'"),
    )
