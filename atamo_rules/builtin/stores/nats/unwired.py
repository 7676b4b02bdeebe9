"""A transaction of another hub, made of what stands in the stream."""

from __future__ import annotations

from collections.abc import Callable

from atamo_rules.builtin.stores.journal import Change, Erasure, Incoming, Moved
from atamo_rules.builtin.stores.nats.wire import WireChange, WireIncoming, WireMoved
from atamo_rules.builtin.stores.open_work import Item, item_of
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.via import Via
from atamo_rules.model.work import Arrival, DeadLetter, Decided, Put

UNDECIDED = Decision("", "", "", ())
"""In the place of a decision: what was decided is in the records."""


def change_of(wire: WireChange, open_item: Callable[[int], Item]) -> Change:
    """The transaction of another hub; `open_item` gives an open action by its row."""
    at = values.moment(wire.at)
    change = Change(at)
    change.notes = [_to_note(one) for one in wire.notes]
    change.incoming = [_to_incoming(one, open_item) for one in wire.incoming]
    change.decided = [(event, UNDECIDED) for event in wire.decided]
    for work, attempts in wire.added:
        item = item_of(0, values.to_work(work))
        item.attempts = attempts
        change.added.append(item)
    change.done = tuple((0, event, values.to_action(values.read(action))) for event, action in wire.done)
    change.moved = [_to_moved(one, change, open_item) for one in wire.moved]
    change.renewed = tuple(moved.item for moved in change.moved if moved.item.row in wire.renewed)
    change.problems = tuple(wire.problems)
    change.frames = tuple(values.to_frame(log, 0, frame) for log, frame in wire.frames)
    change.trimmed = tuple(wire.trimmed)
    change.closed = tuple(wire.closed)
    change.kept = tuple((log, values.moment(until)) for log, until in wire.kept)
    change.puts = tuple(
        Put(bucket, key, values.read(value), expect) for bucket, key, value, expect in wire.puts
    )
    change.dead = tuple(
        (DeadLetter(0, values.to_work(work), error, why, attempts, errors, values.moment(when)), row)
        for row, work, error, why, attempts, errors, when in wire.dead
    )
    change.undead = tuple(wire.undead)
    change.erased = tuple(Erasure(*one) for one in wire.erased)
    change.open = dict(wire.open)
    return change


def _to_note(one: tuple[str, str, str, str, str, str, str]) -> Note:
    at, kind, event, who, what, cause, rules = one
    return Note(values.moment(at), kind, event, who, values.read(what), cause, rules)  # type: ignore[arg-type]


def _to_incoming(one: WireIncoming, open_item: Callable[[int], Item]) -> Incoming:
    decided = Decided(UNDECIDED) if one.decided else None
    arrival = Arrival(
        values.to_event(one.event), one.digest, values.moment(one.at), one.reasons, one.quarantined, decided, one.seal,
        Via(*one.via),
    )  # fmt: skip
    return Incoming(arrival, change_of(one.change, open_item))


def _to_moved(one: WireMoved, change: Change, open_item: Callable[[int], Item]) -> Moved:
    if one.row < 0:
        item = change.added[-one.row - 1]
    elif one.work is None:
        item = open_item(one.row)
    else:
        item = item_of(one.row, values.to_work(one.work))
    moved = Moved(item, one.state, one.why, values.read(one.answer), one.wait, one.errors)
    if one.row > 0:
        # What others know of it is changed only once this is known to hold.
        moved.item = shadow(item, one.attempts, one.errors)
    return moved


def shadow(item: Item, attempts: int, errors: tuple[str, ...]) -> Item:
    """The same action as it is to be kept; the one in memory follows when it is."""
    return Item(item.row, item.id, item.event, item.hold, item.at, item.made, attempts, errors, item.limited)
