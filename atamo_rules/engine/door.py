"""The door: does a body fit its event type's JSON Schema, and if not, why?

Validation is jsonschema-rs (drafts 7 and 2020-12, exact on Decimals, patterns in linear time, no reference ever
fetched). Formats are asserted for types declared in rule files, whose schema we wrote; a schema from elsewhere is
held to what the specification says of formats: annotations.
"""

from __future__ import annotations

from typing import Any

from atamo_rules.model.types import EventType, Json

MOST = 20
"""Reasons told for one body."""


class SchemaBroken(ValueError):
    """A schema that cannot be used; the message is a sentence for its author."""


class Door:
    """The check of one event type. Built once, used by all threads."""

    def __init__(self, event: EventType) -> None:
        self._check: Any = None
        schema: Any = event.schema
        if schema is None or schema is True:
            return
        import jsonschema_rs

        options: dict[str, Any] = {
            "pattern_options": jsonschema_rs.RegexOptions(),
            "validate_formats": isinstance(schema, dict) and schema.get("title") == event.name,
            "retriever": _refuse,
        }
        dialect = str(schema.get("$schema", "")) if isinstance(schema, dict) else ""
        kind = jsonschema_rs.Draft7Validator if "draft-07" in dialect else jsonschema_rs.Draft202012Validator
        try:
            self._check = kind(schema, **options)
        except (ValueError, jsonschema_rs.ValidationError) as error:
            raise SchemaBroken(str(error).split("\n", 1)[0]) from None

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


def _refuse(uri: str) -> Any:
    raise ValueError(f"`{uri}` is elsewhere and is never fetched")
