"""A transaction as it stands in the stream: plain values, the same on every machine.

Nothing in it is a number that only its author knows. Rows of actions and numbers of dead letters are given by the place
in the stream, so an action that is new is named by its place among those of its transaction, and one that is open by
its row, with what its author believed of it: who follows the stream sees whether that still holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from atamo_rules.builtin.stores.journal import Change, Incoming, Moved
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.model.audit import Note

Believed = tuple[int, str]
"""What a transaction expects of an open action: how many attempts were begun, and by whom it is held; `-1` and nobody
for one that is not open."""
NOT_OPEN: Believed = (-1, "")


class WireMoved(Struct, array_like=True):
    """An action in another state. `row` below 0 is a new one of the same transaction, -1 the first."""

    row: int
    believed: Believed
    state: str
    attempts: int
    why: str
    answer: str | None
    wait: float
    errors: tuple[str, ...]
    work: str | None
    """What it is, where it was not open."""


class WireChange(Struct, array_like=True):
    """One transaction; its parts are those of `Change`."""

    at: str
    notes: list[tuple[str, str, str, str, str, str, str]]
    incoming: list[WireIncoming] = []
    decided: list[str] = []
    added: list[tuple[str, int]] = []
    done: list[tuple[str, str]] = []
    moved: list[WireMoved] = []
    problems: Sequence[tuple[str, tuple[str, ...]]] = ()
    frames: list[tuple[str, str]] = []
    trimmed: Sequence[tuple[str, int]] = ()
    closed: Sequence[str] = ()
    kept: list[tuple[str, str]] = []
    puts: list[tuple[str, str, str, int | None]] = []
    dead: list[tuple[int, str, str, str, int, tuple[str, ...], str]] = []
    undead: Sequence[int] = ()
    erased: list[tuple[str, str, str]] = []
    open: dict[str, int] = {}
    renewed: Sequence[int] = ()

    def begun(self) -> Iterator[tuple[str, str, str]]:
        """The agent, rule and organisation of each new action that is leased with it."""
        for work, attempts in self.added:
            if attempts:
                made = values.to_work(work)
                yield made.action.agent, made.action.rule, made.organisation
        for one in self.incoming:
            yield from one.change.begun()


class WireIncoming(Struct, array_like=True):
    """An event, and what follows where it is new."""

    event: str
    digest: bytes
    at: str
    reasons: tuple[str, ...]
    quarantined: bool
    decided: bool
    seal: str
    via: tuple[str, str]
    change: WireChange


class Bundle(Struct, array_like=True):
    """What one hub hands in at once. With `takes`, what those had not decided is left to `to`; with `over`, what was
    over by then is let go of; with `anew`, all views are written anew."""

    changes: list[WireChange]
    takes: tuple[str, ...] = ()
    to: str = ""
    over: str = ""
    anew: bool = False

    @property
    def alone(self) -> bool:
        """Whether nothing else may go along with it."""
        return bool(self.takes or self.over or self.anew)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Bundle)


def packed(bundle: Bundle) -> bytes:
    """A bundle as bytes."""
    return _ENCODER.encode(bundle)


def unpacked(data: bytes) -> Bundle:
    """The bundle of bytes. Raises msgspec.DecodeError."""
    return _DECODER.decode(data)


def written(change: Change, believed: dict[int, Believed]) -> WireChange:
    """A transaction of this hub; `believed` is what it knows of each open action, by its row."""
    new = {id(item): -number for number, item in enumerate(change.added, 1)}
    at = change.at.isoformat()
    return WireChange(
        at,
        [_note(note) for note in change.notes],
        [_incoming(one) for one in change.incoming],
        [event for event, _ in change.decided],
        [(values.of_work(item.work, item.work.at.isoformat()), item.attempts) for item in change.added],
        [(event, values.text(values.of_action(action))) for _, event, action in change.done],
        [_moved(moved, new, believed) for moved in change.moved],
        change.problems,
        [(frame.log, values.of_frame(frame, change.at)) for frame in change.frames],
        change.trimmed,
        change.closed,
        [(log, until.isoformat()) for log, until in change.kept],
        [(put.bucket, put.key, values.text(put.value), put.expect) for put in change.puts],
        [
            (row, values.of_work(letter.work, letter.work.at.isoformat()), values.clean(letter.error),
             values.clean(letter.why), letter.attempts, tuple(map(values.clean, letter.errors)), letter.at.isoformat())
            for letter, row in change.dead
        ],
        change.undead,
        [(one.event, one.who, one.why) for one in change.erased],
        change.open,
        [item.row for item in change.renewed],
    )  # fmt: skip


def _note(note: Note) -> tuple[str, str, str, str, str, str, str]:
    what = values.text(note.what)
    return note.at.isoformat(), note.kind, note.event, note.who, what, note.cause, note.rules


def _incoming(one: Incoming) -> WireIncoming:
    arrival = one.arrival
    event = values.of_event(arrival.event, arrival.event.at.isoformat())
    return WireIncoming(
        event, arrival.digest, arrival.at.isoformat(), tuple(map(values.clean, arrival.reasons)), arrival.quarantined,
        arrival.decided is not None, arrival.seal, (arrival.via.provider, arrival.via.client), written(one.change, {}),
    )  # fmt: skip


def _moved(moved: Moved, new: dict[int, int], believed: dict[int, Believed]) -> WireMoved:
    item = moved.item
    row = new.get(id(item), item.row)
    known = believed.get(item.row, NOT_OPEN) if row > 0 else NOT_OPEN
    closed = row > 0 and known == NOT_OPEN
    answer = None if moved.answer is None else values.text(moved.answer)
    errors = tuple(map(values.clean, moved.errors or item.errors))
    work = values.of_work(item.work, item.work.at.isoformat()) if closed else None
    return WireMoved(
        row, known, moved.state, item.attempts, values.clean(moved.why), answer, moved.wait, errors, work
    )
