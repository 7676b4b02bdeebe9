"""JSON Schemas as checks: built once, by jsonschema-rs, or refused with a sentence for their author.

Drafts 7 and 2020-12, exact on Decimals, patterns in linear time, no reference ever fetched. Formats are asserted only
where that is asked for; otherwise they are what the specification says they are: annotations.
"""

from __future__ import annotations

from typing import Any


class SchemaBroken(ValueError):
    """A schema that cannot be used; the message is a sentence for its author."""


DRAFT_7 = "http://json-schema.org/draft-07/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"


def validator(schema: Any, *, formats: bool = False, hidden: str | None = None) -> Any:
    """The jsonschema-rs validator of a schema; `hidden` are the words that stand for values in what it says. Raises
    SchemaBroken."""
    import jsonschema_rs

    dialect = schema.get("$schema", DRAFT_2020) if isinstance(schema, dict) else DRAFT_2020
    bare = str(dialect).removesuffix("#").replace("http://", "https://", 1)
    if bare not in (DRAFT_2020, DRAFT_7.replace("http://", "https://")):
        raise SchemaBroken(
            f"its `$schema` is `{str(dialect)[:120]}`, and draft-07 and 2020-12 are understood"
        )
    kind = jsonschema_rs.Draft202012Validator if bare == DRAFT_2020 else jsonschema_rs.Draft7Validator
    options: dict[str, Any] = {
        "pattern_options": jsonschema_rs.RegexOptions(),
        "validate_formats": formats,
        "retriever": _refuse,
        "mask": hidden,
    }
    try:
        return kind(schema, **options)
    except (ValueError, jsonschema_rs.ValidationError) as error:
        message = str(error).split("\n", 1)[0]
        if _ELSEWHERE in message:
            message = f"it refers to {message.partition('ValueError: ')[2]}"
        raise SchemaBroken(message) from None


_ELSEWHERE = "which is elsewhere and is never fetched"


def _refuse(uri: str) -> Any:
    raise ValueError(f"`{uri}`, {_ELSEWHERE}")
