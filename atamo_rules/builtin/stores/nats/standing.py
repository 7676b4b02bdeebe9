"""What every hub knows of open work at one place of the stream, and whether a transaction still holds there.

All of it follows from the messages up to that place, so that all hubs come to the same answer without asking each
other: of two that claim one action, the one that stands first in the stream has it, and the other came to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from atamo_rules.builtin.stores.journal import Change
from atamo_rules.builtin.stores.nats.wire import NOT_OPEN, Believed, Bundle, WireChange
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.operating import PAUSED
from atamo_rules.model.work import Hold

OVER = ("done", "failed", "timeout", "cancelled")


@dataclass(slots=True)
class Line:
    """An open action: by which session it is held, and how many attempts were begun."""

    item: Item
    attempts: int
    session: str = ""


class Standing:
    """Open actions by their rows, events to decide with the session that is to do it, dead letters by their numbers,
    pauses; and the last row and number that were given."""

    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.undecided: dict[str, str] = {}
        self.letters: set[int] = set()
        self.pauses: set[tuple[str, str]] = set()
        self.row = 0
        self.letter = 0

    def believed(self, change: Change) -> dict[int, Believed]:
        """What is known of the actions that a transaction moves."""
        known = ((moved.item.row, self.lines.get(moved.item.row)) for moved in change.moved)
        return {row: (line.attempts, line.session) for row, line in known if line is not None}

    def item(self, row: int) -> Item:
        """The open action of a row."""
        return self.lines[row].item

    # --- does it hold -----------------------------------------------------------------------------------

    def holds(self, wire: WireChange) -> bool:
        """Whether what its author believed is still so, and nothing begins that is paused by now."""
        for moved in wire.moved:
            if moved.row < 0:
                continue
            line = self.lines.get(moved.row)
            if moved.believed != (NOT_OPEN if line is None else (line.attempts, line.session)):
                return False
            if line is not None and moved.state == "running" and self.paused(line.item.hold):
                return False
        return (
            all(number in self.letters for number in wire.undead)
            and all(event in self.undecided for event in wire.decided)
            and not (self.pauses and any(self.paused(hold) for hold in wire.begun()))
        )

    def paused(self, hold: tuple[str, str, str]) -> bool:
        """Whether the actions of such an agent, rule and organisation are paused."""
        return any(pair in self.pauses for pair in zip(("agent", "rule", "organisation"), hold, strict=True))

    # --- numbers ----------------------------------------------------------------------------------------

    def number(self, change: Change) -> None:
        """Give rows to what is new, and numbers to dead letters, in the order in which they stand."""
        for item in change.added:
            self.row += 1
            item.row = self.row
        if change.done:
            first = self.row + 1
            self.row += len(change.done)
            change.done = tuple(
                (row, event, action) for row, (_, event, action) in enumerate(change.done, first)
            )
        if change.dead:
            first = self.letter + 1
            self.letter += len(change.dead)
            change.dead = tuple(
                (replace(letter, number=number), row)
                for number, (letter, row) in enumerate(change.dead, first)
            )
        for one in change.incoming:
            self.number(one.change)

    # --- and follows ------------------------------------------------------------------------------------

    def follow(self, change: Change, session: str) -> None:
        """Take a transaction into account that was kept."""
        for item in change.added:
            self.lines[item.row] = Line(item, item.attempts, session if item.attempts else "")
        for moved in change.moved:
            item, state = moved.item, moved.state
            if state in OVER:
                self.lines.pop(item.row, None)
                continue
            line = self.lines.setdefault(item.row, Line(item, item.attempts))
            line.attempts, line.session = item.attempts, session if state == "running" else ""
        for event, _ in change.decided:
            self.undecided.pop(event, None)
        for letter, _ in change.dead:
            self.letters.add(letter.number)
        self.letters.difference_update(change.undead)
        for put in change.puts:
            if put.bucket == PAUSED:
                kind, _, name = put.key.partition(" ")
                (self.pauses.discard if put.value is None else self.pauses.add)((kind, name))
        for one in change.incoming:
            if one.known == "new":
                if one.arrival.decided is None and not one.arrival.quarantined:
                    self.undecided[one.arrival.event.key] = session
                self.follow(one.change, session)

    def take(self, bundle: Bundle) -> list[str]:
        """Hand what some sessions had not decided to another; gives those events."""
        moved = [event for event, session in self.undecided.items() if session in bundle.takes]
        for event in moved:
            self.undecided[event] = bundle.to
        return moved

    def load(self, holds: Iterable[Hold]) -> None:
        """The pauses that are kept."""
        self.pauses = {(hold.kind, hold.name) for hold in holds}
