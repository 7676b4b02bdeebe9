"""What JSON Schema says in its several ways, as the types that rules rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atamo_rules.compiler.schema_types import type_of
from atamo_rules.model.types import Anything, ListOf, Number, OneOf, Record, Text

OLD = "http://json-schema.org/draft-07/schema#"


def member(schema: dict[str, Any], **around: Any) -> Any:
    """The member `x` of an object that must have it."""
    whole = {"type": "object", "required": ["x"], "properties": {"x": schema}, **around}
    type, _ = type_of(json.loads(json.dumps(whole)))
    assert isinstance(type, Record)
    return type.members["x"]


@pytest.mark.parametrize(
    "schema", [{"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}]
)
def test_null_among_the_types_makes_a_field_optional(schema: dict[str, Any]) -> None:
    found = member(schema)
    assert found.type == Text()
    assert found.optional


def test_null_in_an_enumeration_makes_a_field_optional() -> None:
    found = member({"enum": ["a", "b", None]})
    assert found.type == OneOf(("a", "b"))
    assert found.optional


@pytest.mark.parametrize("place", ["definitions", "$defs"])
@pytest.mark.parametrize("dialect", [OLD, "https://json-schema.org/draft/2020-12/schema"])
def test_references_lead_on(place: str, dialect: str) -> None:
    parts = {"one": {"$ref": f"#/{place}/two"}, "two": {"type": "integer"}}
    found = member({"$ref": f"#/{place}/one"}, **{"$schema": dialect, place: parts})
    assert found.type == Number(whole=True)
    assert not found.optional


def test_a_reference_that_leads_round_ends_as_anything() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    type: Any = member({"$ref": "#/$defs/node"}, **{"$defs": {"node": node}}).type
    depth = 0
    while isinstance(type, Record):
        type, depth = type.members["next"].type, depth + 1
    assert isinstance(type, Anything)
    assert 1 <= depth < 64


def test_lists() -> None:
    assert member({"type": "array", "items": {"type": "string"}}).type == ListOf(Text())
