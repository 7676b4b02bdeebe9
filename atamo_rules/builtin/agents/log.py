"""An agent that writes down what it was asked to do, a JSON line each, on standard output or standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.strict_json import encode


class LogAgent:
    """Settings: `to` (`stdout`, the default, or `stderr`)."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"to": {"enum": ["stdout", "stderr"]}},
        "additionalProperties": False,
    }
    timeout = 5.0
    answers = False
    concurrency = 64

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.to = settings.get("to", "stdout")

    async def health(self) -> str:
        """Whether somebody could still read what is written."""
        stream = sys.stderr if self.to == "stderr" else sys.stdout
        return "" if stream is not None and not stream.closed else f"{self.to} is closed"

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        stream = sys.stderr if self.to == "stderr" else sys.stdout
        line = {
            "agent": self.name,
            "action": action.action,
            "rule": action.rule,
            "id": action.id,
            "body": action.body,
        }
        stream.write(encode(line) + "\n")
        stream.flush()
        return Done({})

    async def close(self) -> None:
        return None
