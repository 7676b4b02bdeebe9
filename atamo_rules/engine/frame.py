"""What terms read from while one rule is tried on one event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.event import Event

ANONYMOUS = {"name": "", "groups": [], "organisation": ""}
"""What `user` is for an event that nobody signed."""


class Frame:
    """The roots of paths, by name. `event` and `user` are always there; `let` names fill themselves when read."""

    __slots__ = ("event", "lazy", "roots")

    def __init__(self, event: Event, names: Mapping[str, Any] | None = None) -> None:
        self.event = event
        self.roots: dict[str, Any] = {"event": event.body}
        self.lazy: dict[str, Any] = {}
        if names:
            self.roots.update(names)

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
        inner = Frame.__new__(Frame)
        inner.event, inner.lazy = self.event, self.lazy
        inner.roots = {**self.roots, name: value}
        return inner


_NO_EVENT = Event("", "", {}, datetime(1970, 1, 1, tzinfo=UTC))


def bare(body: Any, names: Mapping[str, Any] | None = None) -> Frame:
    """A frame of an event's body alone, for what reads neither the user nor the time nor a `let`."""
    made = Frame.__new__(Frame)
    made.event, made.lazy = _NO_EVENT, {}
    made.roots = {"event": body} if names is None else {"event": body, **names}
    return made


def user_value(event: Event) -> dict[str, Any]:
    """The acting user as rules see it."""
    user = event.user
    if user is None:
        return dict(ANONYMOUS)
    return {"name": user.name, "groups": sorted(user.groups), "organisation": user.organisation}
