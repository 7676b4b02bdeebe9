"""How memory follows a change that was committed: leases begin, work lines up, and whoever waits for news is woken."""

from __future__ import annotations

from atamo_rules.builtin.stores.bells import Bells
from atamo_rules.builtin.stores.drafting import seconds_until
from atamo_rules.builtin.stores.journal import Change, Incoming
from atamo_rules.builtin.stores.open_work import OpenWork
from atamo_rules.model.work import Kept, Lease


def entered(work: OpenWork, bells: Bells, now: float, one: Incoming) -> Kept:
    """What came of an event that was handed in; memory follows where it was kept."""
    return Kept("new", *followed(work, bells, now, one.change)) if one.known == "new" else Kept(one.known)


def followed(
    work: OpenWork, bells: Bells, now: float, change: Change
) -> tuple[tuple[Lease, ...], tuple[str, ...], tuple[str, ...]]:
    """The leases that a change gave, the events that are over with it, and those that are still to be decided."""
    leases: list[Lease] = []
    for item in change.added:
        made = item.work
        if item.attempts:
            leases.append(work.lease(item, now + made.lease))
        elif made.due is not None:
            work.add(item, seconds_until(made.due, change.at), now)
        else:
            work.add(item)
    if not (change.incoming or change.frames or change.closed or change.puts):  # as most
        return tuple(leases), tuple(change.finished), ()
    pending: list[str] = []
    finished = list(change.finished)
    for one in change.incoming:
        if one.known == "new":
            if one.arrival.decided is None and not one.arrival.quarantined:
                pending.append(one.arrival.event.key)
            more, over, behind = followed(work, bells, now, one.change)
            leases += more
            finished += over
            pending += behind
    for frame in change.frames:
        bells.ring(f"log {frame.log}")
    for log in change.closed:
        bells.ring(f"log {log}")
    for put in change.puts:
        bells.ring(f"bucket {put.bucket}")
    return tuple(leases), tuple(finished), tuple(pending)
