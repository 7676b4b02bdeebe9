"""A store in memory: nothing survives the process, and the oldest messages make room for new ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.ports import Known
from atamo_rules.model.decision import Action, Decision, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json

MOST = 20_000
"""Messages remembered."""


class MemoryStore:
    """Keeps what the hub tells it, for as long as the process lives."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.messages: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.digests: dict[str, bytes] = {}

    async def accept(self, event: Event, *, decided: bool, reasons: tuple[str, ...]) -> Known:
        digest = sha256(encode_sorted([event.type, event.source, event.body]).encode()).digest()
        if event.id in self.messages:
            return "same" if self.digests.get(event.id) == digest else "other"
        self.digests[event.id] = digest
        self.messages[event.id] = {
            "id": event.id,
            "type": event.type,
            "time": jsonable(event.at),
            "user": event.user.name if event.user else None,
            "conforms": event.conforms,
            "state": "accepted" if decided else "quarantined",
            "reasons": list(reasons),
            "actions": {},
            "replies": [],
        }
        while len(self.messages) > self.most:
            gone, _ = self.messages.popitem(last=False)
            self.digests.pop(gone, None)
        return "new"

    async def record(self, decision: Decision) -> None:
        message = self.messages.get(decision.event)
        if message is None:
            return
        message["state"] = "decided"
        message["digest"] = decision.digest
        message["matched"] = list(decision.matched)
        message["shadow"] = [fired.rule for fired in decision.fired if fired.shadow]
        message["problems"] = [problem for fired in decision.fired for problem in fired.problems]
        for action in decision.actions:
            self._action(message, action)

    async def resumed(self, event: str, fired: Fired) -> None:
        message = self.messages.get(event)
        if message is None:
            return
        message["problems"] = [*message["problems"], *fired.problems]
        for action in fired.actions:
            self._action(message, action)

    async def started(self, event: str, action: Action, attempt: int) -> None:
        message = self.messages.get(event)
        if message is not None:
            self._action(message, action).update(state="running", attempts=attempt)

    async def settle(self, event: str, action: Action, state: str, why: str, answer: Json) -> None:
        message = self.messages.get(event)
        if message is not None:
            self._action(message, action).update(state=state, why=why, answer=answer)

    async def reply(self, event: str, answer: Json, error: str | None) -> None:
        message = self.messages.get(event)
        if message is not None:
            message["replies"].append({"error": error} if error is not None else {"answer": answer})

    async def finish(self, event: str) -> None:
        message = self.messages.get(event)
        if message is not None:
            message["state"] = "finished"

    async def told(self, event: str) -> Mapping[str, Json] | None:
        message = self.messages.get(event)
        if message is None:
            return None
        return {**message, "actions": list(message["actions"].values())}

    def _action(self, message: dict[str, Any], action: Action) -> dict[str, Any]:
        known: dict[str, Any] = message["actions"].setdefault(
            action.id,
            {
                "id": action.id,
                "verb": action.verb,
                "target": action.target,
                "rule": action.rule,
                "because": action.because,
                "state": "done" if action.verb in ("emit", "reply") else "waiting",
                "attempts": 0,
                "why": "",
                "answer": None,
            },
        )
        return known
