"""Event types from JSON Schema files: `event x.y from "schemas/y.json#/definitions/z"`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from atamo_rules.compiler.schema_types import type_of
from atamo_rules.model.schema_check import SchemaBroken, validator
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Anything, Record, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl


def imported(
    declared: decl.EventDecl, read: Callable[[str, str], str]
) -> tuple[Type, Mapping[str, object] | bool | None, Sequence[Diagnostic]]:
    """The type and the door's schema of an imported event type; unreadable files give `anything` and why."""
    assert declared.schema is not None
    written = declared.schema.path
    path, _, pointer = str(written.value).partition("#")
    span = written.span
    try:
        document = decode(read(span.source.name, path))
    except (JsonRefused, OSError, ValueError) as error:
        help = "the path begins at the folder of this file" if isinstance(error, FileNotFoundError) else None
        why = f"`{path}` cannot be read: {_sentence(error)}"
        return Anything(), None, [codes.SCHEMA_UNREADABLE.at(span, why, help=help)]
    schema, root = _pointed(document, pointer)
    if not isinstance(schema, dict | bool):
        return Anything(), None, [codes.SCHEMA_BROKEN.at(span, f"`{path}` is not a JSON Schema")]
    try:
        validator(schema)
    except SchemaBroken as error:
        help = "put that schema into the file, under `$defs`" if "elsewhere" in str(error) else None
        why = f"`{path}` is no schema to check events by: {str(error)[:300]}"
        return Anything(), None, [codes.SCHEMA_BROKEN.at(span, why, help=help)]
    type, notes = type_of(schema, root=root)
    found = [codes.SCHEMA_NOTE.at(span, f"{note.message} (at `{note.pointer or '#'}`)") for note in notes[:5]]
    if not isinstance(type, Record | Anything):
        why = f"`{path}` describes values that are not objects"
        found.append(codes.SCHEMA_BROKEN.at(span, why, help="events are objects"))
        type = Anything()
    return type, schema, found


def _pointed(document: object, pointer: str) -> tuple[object, object]:
    """The schema that a pointer names in a document, and the root that its references count from."""
    if not pointer.strip("/"):
        return document, document
    if not isinstance(document, dict):
        return {"$ref": f"#{pointer}", "$schema": _dialect(document)}, document
    beside = ("oneOf", "anyOf", "allOf", "type", "properties", "required")
    schema = {key: value for key, value in document.items() if key not in beside}
    schema["$ref"] = f"#{pointer}"
    return schema, schema


def _dialect(document: object) -> str:
    found = document.get("$schema") if isinstance(document, dict) else None
    return found if isinstance(found, str) else "https://json-schema.org/draft/2020-12/schema"


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
