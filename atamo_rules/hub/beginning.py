"""What may begin: slots taken for actions that are about to be kept, and what a transaction brought, begun."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from atamo_rules.hub.agents.slots import Slot
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.work import Following, HoldKind, Kept, Lease

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


def follow(hub: Hub, kept: Kept, following: Following) -> None:
    """Begin what a transaction brought: attempts, the lines of agents, events to decide, clocks; and see off what
    is over with it."""
    lanes = hub.lanes
    for lease in kept.leases:
        action = lease.work.action
        lane = lanes.get(action.agent) or hub.lane(action.agent)
        if hub.calls.free and hub.calls.joins(action):
            slot = Slot(lane, False)
            hub.underway.begin(slot, hub.attempts.run(slot, lease), action.id)
        else:
            lane.begin(lease, reserved=True)
    unreserve(hub, following, kept.leases)
    for work in following.work:
        if work.deadline is not None:
            hub.attempts.limit(work)
        lane = lanes.get(work.action.agent) or hub.lane(work.action.agent)
        if lane.pump is None:
            lane.start()
    if kept.pending:
        events = {arrival.event.key: arrival.event for arrival in following.arrivals}
        for key in kept.pending:
            hub.spawn(hub.decide_kept(key, events.get(key)))
    for key in kept.finished:
        hub.retiring.leave(key)
        hub.underway.over(key)


def reserve(hub: Hub, action: Action, event: Event) -> float:
    """Take a slot for an action that is about to be kept: for how long it is leased at once, 0 for not at once."""
    if hub.holds and held(hub.holds, action, event):
        return 0.0
    lane = hub.lanes.get(action.agent) or hub.lane(action.agent)
    return hub.calls.reserve(lane, action, event)


def held(holds: Container[tuple[HoldKind, str]], action: Action, event: Event) -> bool:
    """Whether a pause keeps an action of an event from beginning."""
    organisation = event.user.organisation if event.user is not None else ""
    pauses = ("agent", action.agent) in holds or ("rule", action.rule) in holds
    return pauses or ("organisation", organisation) in holds


def unreserve(hub: Hub, following: Following, leases: Sequence[Lease] = ()) -> None:
    """Give back the slots of work that was not kept, or is kept without its lease."""
    if not following.work:
        return
    if len(following.work) == len(leases) == 1 and leases[0].work is following.work[0]:  # as nearly always
        return
    begun = {lease.work.action.id for lease in leases} if leases else ()
    for work in following.work:
        action = work.action
        if work.lease > 0 and action.id not in begun:
            hub.calls.unreserve(hub.lane(action.agent), action)
