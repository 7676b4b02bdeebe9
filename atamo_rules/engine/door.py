"""The door: does a body fit its event type's JSON Schema, and if not, why?"""

from __future__ import annotations

from typing import Any

from atamo_rules.engine.examples import may_fill, with_defaults
from atamo_rules.model.schema_check import SchemaBroken as SchemaBroken
from atamo_rules.model.schema_check import validator
from atamo_rules.model.types import EventType, Json

MOST = 20
"""Reasons told for one body."""


class Door:
    """The check of one event type. Built once, used by all threads. With `hidden` no reason repeats a value: it may be
    anybody's, and reasons are kept."""

    def __init__(self, event: EventType, *, hidden: bool = False) -> None:
        self._check: Any = None
        self._type = event.type if may_fill(event.type) else None
        schema: Any = event.schema
        if schema is None or schema is True:
            return
        # What rule files declare is meant as it is written; a schema from elsewhere only annotates with formats.
        self._check = validator(schema, formats=not event.foreign, hidden="its value" if hidden else None)

    def filled(self, body: Json) -> Json:
        """The body with declared defaults in the places of what was left out."""
        return body if self._type is None else with_defaults(body, self._type)

    def reasons(self, body: Json) -> tuple[str, ...]:
        """Why a body does not fit, at most `MOST` sentences; empty when it fits."""
        if self._check is None or self._check.is_valid(body):
            return ()
        found: list[str] = []
        for error in self._check.iter_errors(body):
            place = "".join(f"/{step}" for step in error.instance_path)
            message = error.message
            if len(message) > 160:
                message = message[:80] + "…" + message[-70:]
            found.append(f"{place or 'the body'}: {message}")
            if len(found) >= MOST:
                break
        return tuple(found) or ("the body does not fit its schema",)
