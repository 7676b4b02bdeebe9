"""Erasing over HTTP: what one message said, or all of what somebody sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.erasing import Erased, erase, sent_by
from atamo_rules.hub.hub import Hub
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.authority import Resource
from atamo_rules.people.decide import everywhere
from atamo_rules.rest import meant
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.meant import of_event
from atamo_rules.rest.orders import order as ordered
from atamo_rules.rest.problem import Problem, json_response


class Erasing:
    """The handlers, over whichever hub is running. `by` says who asks, for the audit, where nobody is asked."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    async def erase(self, request: Request) -> Response:
        """Erase messages and what followed from them; with `dry_run` only say which. With `rewrite` the store is
        written anew afterwards."""
        order = await ordered(request, "Erasure")
        hub, rewrite = self.hub(), order.get("rewrite") is True
        if rewrite:
            await self.access.require(request, "message.erase", Resource("hub"))
        keys = await self._meant(request, order)
        if order.get("dry_run") is True:
            return json_response(_told(Erased(keys), erased=0))
        who, why = principal(request).name or str(order.get("by", "")), str(order.get("why", ""))
        all = Erased()
        for key in keys:
            found = await erase(hub, key, who, why)
            all.events += found.events
            all.left += found.left
            all.joined += found.joined
            all.kept += found.kept
            all.sent += found.sent
        if rewrite:
            await hub.store.rewrite()
        others = dict.fromkeys(key for key in all.joined if key not in all.events)
        all.joined = [key for key in others if await self._may(request, key)]
        if hidden := len(others) - len(all.joined):
            all.kept.append(f"{hidden} more that a rule joined with it, which who asks may not erase")
        return json_response(_told(all, erased=len(all.events)))

    async def _meant(self, request: Request, order: Mapping[str, Any]) -> list[str]:
        """The keys of the messages that an order is about, of those that whoever asks may erase. Raises Problem."""
        if "event" in order:
            key = await meant.named(self.access, request, order["event"], "message.erase")
            if key is None:
                raise Problem(
                    404, "unknown-id", "nothing is kept under this id",
                    remedy="search for it: atamo audit search --text",
                )  # fmt: skip
            return [key]
        return [key async for key in sent_by(self.hub(), order["user"]) if await self._may(request, key)]

    async def _may(self, request: Request, key: str) -> bool:
        """Whether somebody may erase a message that is still there."""
        event = await self.hub().store.event(key)
        if event is not None:
            return self.access.sees(request, "message.erase", of_event(event))
        told = await self.hub().store.told(key)
        gone = told is None or told["state"] == "erased"
        return not gone and everywhere(principal(request), "message.erase")


def _told(found: Erased, *, erased: int) -> dict[str, Any]:
    kept, sent = list(dict.fromkeys(found.kept)), sorted(set(found.sent))
    told = {"events": found.events, "left": found.left, "joined": found.joined, "kept": kept, "sent": sent}
    return {**told, "erased": erased}


def erased_problem(record: AuditRecord | None) -> Problem:
    """What is said of a message that was erased."""
    what = record.what if record is not None else {}
    by = f" by {what['by']}" if what.get("by") else ""
    at = f" on {jsonable(record.at)}" if record is not None else ""
    why = f": {what['why']}" if what.get("why") else ""
    return Problem(
        410, "erased", "what this message said was erased", f"erased{at}{by}{why}",
        "its steps are in the audit: atamo trace",
    )  # fmt: skip
