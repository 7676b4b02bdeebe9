"""An agent that appends what it was asked to do to a file of the project, a line each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Outcome
from atamo_rules.model.strict_json import encode


class FileAgent:
    """Settings: `path`, inside the project's folder. The line is the argument `line` if there is one, else all
    arguments as JSON with the action's name, rule and id. No argument chooses the file."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"path": {"type": "string", "minLength": 1}},
        "required": ["path"],
        "additionalProperties": False,
    }
    timeout = 10.0
    answers = False
    concurrency = 16
    """From opening the file to closing it nothing is waited for: no line tears, none overtakes one that began before
    it."""

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        root = Path(folder).resolve()
        self.path = (root / settings["path"]).resolve()
        if not self.path.is_relative_to(root):
            raise ValueError(f"`path` leads out of the project's folder: {settings['path']}")

    async def health(self) -> str:
        """Whether a line could be written: into the file, or into the folder where it would be made."""
        if self.path.exists():
            fits = self.path.is_file() and os.access(self.path, os.W_OK)
            return "" if fits else f"`{self.path}` is no file that can be written"
        place = next(one for one in self.path.parents if one.exists())
        fits = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
        return "" if fits else f"`{self.path}` cannot be made: `{place}` is no folder that can be written"

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        body = action.body if isinstance(action.body, dict) else {}
        if isinstance(body.get("line"), str) and len(body) == 1:
            line = str(body["line"]).replace("\r", "\\r").replace("\n", "\\n")
        else:
            line = encode(
                {"action": action.action, "rule": action.rule, "id": action.id, "body": action.body}
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            with os.fdopen(handle, "ab") as file:
                file.write(line.encode("utf-8") + b"\n")
        except OSError as error:
            return Again(f"{self.path.name} cannot be written: {error.strerror}", error="file")
        return Done({})

    async def close(self) -> None:
        return None
