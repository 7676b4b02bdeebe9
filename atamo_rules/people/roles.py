"""The roles that every hub has, and what everybody may without one."""

from __future__ import annotations

from typing import get_args

from atamo_rules.model.authority import EVERYTHING, OWN, Grant, Limits, Principal, Roles, Verb
from atamo_rules.model.people import User

_VIEWER: frozenset[Verb] = frozenset({"types.read", "rules.read", "message.read", "dead.read", "hub.read"})
_SENDER: frozenset[Verb] = frozenset({"types.read", "event.send", "request.send"})

ROLES: Roles = {
    "viewer": _VIEWER,
    "sender": _SENDER,
    "gateway": _SENDER | {"act.as"},
    "author": _VIEWER | {"rules.change"},
    "approver": _VIEWER | {"rules.approve"},
    "operator": _VIEWER | {"message.cancel", "work.operate", "audit.read"},
    "admin": frozenset(get_args(Verb)),
}
"""`gateway` sends in the names of others; who approves does not write, unless they have both roles."""

SELF: tuple[Grant, ...] = (
    Grant("oneself", frozenset({"message.read", "message.cancel", "secrets.manage"}), OWN, source="built in"),
)
"""What everybody may with what is their own."""

ADMIN = Grant("admin", ROLES["admin"], EVERYTHING, source="built in")

LOCAL = Principal(User(""), (ADMIN,), Limits(), key="local")
"""Whoever uses a hub of which no key was ever made: it listens on its own machine, and asks nobody who they are."""


def is_local(who: Principal) -> bool:
    """Whether somebody is `LOCAL`."""
    return who is LOCAL or (who.key == LOCAL.key and who == LOCAL)
