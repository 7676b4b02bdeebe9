"""When two calls of an agent are the same call: same agent and settings, same action, same arguments, same eyes."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from atamo_rules.functions.printing import jsonable
from atamo_rules.model.decision import Action
from atamo_rules.model.people import User, Who
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json, Sharing


def share_key(
    action: Action, sharing: Sharing, plugin: str, settings: Mapping[str, Json], user: User | None
) -> bytes:
    """What names a call. Whoever may not see the same has another key: see `scope`."""
    facts = [
        action.agent, plugin, dict(settings), action.verb, action.action, jsonable(action.body),
        scope(sharing.by, action.acting_as, user),
    ]  # fmt: skip
    return sha256(encode_sorted(facts).encode()).digest()


def scope(by: Who | str, acting_as: Who | None, user: User | None) -> str:
    """Among whom a call is shared: as whom it is done, unless the agent's declaration widens that.

    Widening never reaches beyond who is in it: of somebody outside the group, or without an organisation, it is theirs.
    A name is somebody's within an organisation: whom keys alone know may be called the same in two.
    """
    own = str(acting_as) if acting_as is not None else f"user {user.name}" if user is not None else "nobody"
    if user is not None and user.organisation:
        own = f"{own}\0{user.organisation}"
    if by == "everyone":
        return "everyone"
    if by == "organisation":
        return f"organisation {user.organisation}" if user is not None and user.organisation else own
    if isinstance(by, Who):
        return str(by) if by.has(user) else own
    return own
