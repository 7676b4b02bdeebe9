"""What terms read from while one rule is tried on one event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.event import Event

ANONYMOUS = {"name": "", "groups": [], "organisation": ""}
"""What `user` is for an event that nobody signed."""


NO_LETS: Mapping[str, Any] = {}


class Frame(Struct, frozen=True, eq=False, gc=False):
    """The `roots` of paths, by name. `event` and `user` are always there; `let` names, which are `lazy`, fill
    themselves when read. What makes them is never changed, and many frames share it."""

    event: Event
    roots: dict[str, Any]
    lazy: Mapping[str, Any] = NO_LETS

    def root(self, name: str) -> Any:
        """The value under a root name; a `let` is computed the first time it is read."""
        roots = self.roots
        if name in roots:
            return roots[name]
        make = self.lazy.get(name)
        if make is not None:
            value = roots[name] = make(self)
            return value
        if name == "user":
            value = roots["user"] = user_value(self.event)
            return value
        return ABSENT

    def bound(self, name: str, value: Any) -> Frame:
        """A frame with one more name, sharing nothing that the other could change."""
        return Frame(self.event, {**self.roots, name: value}, self.lazy)


_NO_EVENT = Event("", "", {}, datetime(1970, 1, 1, tzinfo=UTC))


def bare(body: Any, names: Mapping[str, Any] | None = None) -> Frame:
    """A frame of an event's body alone, for what reads neither the user nor the time nor a `let`."""
    return Frame(_NO_EVENT, {"event": body} if names is None else {"event": body, **names})


def user_value(event: Event) -> dict[str, Any]:
    """The acting user as rules see it."""
    user = event.user
    if user is None:
        return dict(ANONYMOUS)
    return {"name": user.name, "groups": sorted(user.groups), "organisation": user.organisation}
