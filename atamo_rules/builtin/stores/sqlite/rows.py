"""A change as the rows that it makes: made in the loop, so that what cannot be written fails before any is begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from atamo_rules.builtin.stores.journal import Change, Incoming, Moved
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.belonging import range_of
from atamo_rules.builtin.stores.sqlite.blobs import aside
from atamo_rules.builtin.stores.sqlite.leaves import note_text
from atamo_rules.builtin.stores.sqlite.statements import Row
from atamo_rules.hub.audit.form import Same
from atamo_rules.model.audit import Note
from atamo_rules.model.work import DeadLetter

OVER = ("done", "failed", "timeout", "cancelled")


class Prepared(Struct, gc=False):
    """A change with its rows made: what cannot be written fails here, before anybody else's is touched."""

    change: Change
    notes: list[Row]
    event: Row | None = None
    incoming: Sequence[tuple[Incoming, Prepared]] = ()
    actions: Sequence[Row] = ()
    moved: Sequence[Row] = ()
    outlines: Sequence[Row] = ()
    frames: Sequence[Row] = ()
    letters: Sequence[Row] = ()
    renewed: Sequence[Row] = ()
    more: bool = False
    """Whether it has any of the parts that most changes lack."""
    large: dict[str, bytes] = {}
    """What rows only refer to, by name; of what came in with it, too."""
    told: list[Note] = []
    """All its records and those of what came in with it, in order; filled in when it is written."""
    leaves: list[bytes] = []
    """The hashes of those, where they are wanted; good only once the group is committed."""


def prepare(change: Change, one: Incoming | None = None, large: dict[str, bytes] | None = None) -> Prepared:
    """Make the rows of a change; those of an event that comes in with it too."""
    written = Moments(change.at)
    notes = note_rows(change.notes, written)
    made = Prepared(change, notes)
    if large is None:
        large = made.large
    if change.added or change.done:
        key = "" if one is None else one.arrival.event.key
        made.actions = [*_added(change, key, written, large), *_done(change, key, large)]
    if one is not None:
        made.event = _event(one, change, made, written, large)
    elif change.decided:
        # What is told of a decision is what the audit says of it.
        made.outlines = [(note[2], note[4]) for note in notes if note[1] == "event.decided"]
    if change.incoming:
        made.incoming = [(inner, prepare(inner.change, inner, large)) for inner in change.incoming]
    if change.moved:
        made.moved = [_moved(change, moved, large) for moved in change.moved]
    if change.frames:
        made.frames = [
            (frame.log, aside(values.of_frame(frame, change.at), large)) for frame in change.frames
        ]
    if change.renewed:
        made.renewed = [_renewed(item, written, large) for item in change.renewed]
    if change.dead:
        made.letters = [_letter(letter, row) for letter, row in change.dead]
    made.more = bool(
        change.frames
        or change.puts
        or change.kept
        or change.closed
        or change.trimmed
        or change.problems
        or change.undead
        or change.erased
    )
    return made


class Moments:
    """Moments as text: most of those in a transaction are its own, and that one is written once."""

    __slots__ = ("at", "text")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.text = ""

    def __call__(self, moment: datetime) -> str:
        if moment is not self.at:
            return moment.isoformat()
        if not self.text:
            self.text = moment.isoformat()
        return self.text


def _event(one: Incoming, change: Change, made: Prepared, written: Moments, large: dict[str, bytes]) -> Row:
    arrival, event = one.arrival, one.arrival.event
    state = "quarantined" if arrival.quarantined else "accepted" if arrival.decided is None else "decided"
    outline = next((note[4] for note in made.notes if note[1] == "event.decided"), None)
    reasons = values.text(arrival.reasons) if arrival.reasons else ""
    at = change.at.timestamp()
    return (
        event.key,
        event.id,
        bytearray(arrival.digest),
        state,
        at,
        aside(values.of_event(event, written(event.at)), large),
        outline,
        *range_of(made.actions),
        reasons,
    )


def _added(change: Change, key: str, written: Moments, large: dict[str, bytes]) -> Iterator[Row]:
    """The rows of new open actions; those of the event of this key are kept with it."""
    for item in change.added:
        work, state = item.work, "running" if item.attempts else "waiting"
        yield (
            item.row, work.event, item.id, *item.hold, work.since.timestamp(), state, 1, 1 if item.limited else 0,
            item.attempts,
            aside(values.of_work(work, written(work.at)), large), 0 if work.event == key else 1,
        )  # fmt: skip


def _done(change: Change, key: str, large: dict[str, bytes]) -> Iterator[Row]:
    for row, event, action in change.done:
        written = aside(values.text([values.of_action(action)]), large)
        at = change.at.timestamp()
        apart = 0 if event == key else 1
        yield row, event, action.id, action.agent, action.rule, "", at, "done", 0, 0, 0, written, apart


def _letter(letter: DeadLetter, row: int) -> Row:
    written = values.text([letter.why, letter.attempts, letter.errors, letter.at.isoformat()])
    return letter.number, row, letter.work.action.agent, values.clean(letter.error), written


def _moved(change: Change, moved: Moved, large: dict[str, bytes]) -> Row:
    item = moved.item
    answer = aside(values.text(moved.answer), large) if moved.answer is not None else ""
    kept = moved.errors or item.errors
    errors = values.text(kept) if kept else ""
    over = moved.state in OVER
    due = "" if over else change.at.timestamp() + moved.wait
    why = values.clean(moved.why)
    return item.row, moved.state, 0 if over else 1, item.attempts, why, answer, errors, due, moved.wait


def _renewed(item: Item, written: Moments, large: dict[str, bytes]) -> Row:
    work = item.work
    return aside(values.of_work(work, written(work.at)), large), work.since.timestamp(), item.row


def note_rows(notes: Sequence[Note], written: Moments) -> list[Row]:
    """The rows of records, without their positions."""
    rows: list[Row] = []
    last, moment = None, ""
    for note in notes:
        what = note.what
        if note.at is not last:
            last = note.at
            moment = written(last)
        said = what.text if type(what) is Same else ""  # no call for what was written before
        rows.append(
            (moment, note.kind, note.event, note.who, said or note_text(note), note.cause, note.rules)
        )
    return rows
