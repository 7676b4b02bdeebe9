"""JSON-Schema-Test-Suite: a schema is followed to the letter at the door, or refused by name; nothing is fetched."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from atamo_rules.compiler.pipeline import Compilation, compile_sources
from atamo_rules.engine.door import Door, SchemaBroken
from atamo_rules.model.schema_check import DRAFT_7, DRAFT_2020
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Anything, EventType
from atamo_rules.source.span import Source
from tests.realdata.conftest import Lines
from tests.realdata.soundness import contradicts

pytestmark = pytest.mark.realdata
FORMATS = "optional/format/"
"""The suite's folders in which formats are asserted, as those are that rule files declare."""


@pytest.fixture(scope="module")
def cases(lines: Lines) -> list[Any]:
    return lines("hostile.schema")


def schema_of(case: Any) -> Any:
    schema = case["rule"]
    if isinstance(schema, dict) and "$schema" not in schema:
        return {"$schema": DRAFT_7 if case["dialect"] == "draft7" else DRAFT_2020, **schema}
    return schema


def typed(schema: str) -> Compilation:
    """An event type from a schema file."""
    return compile_sources([Source("v.atamo", 'event v from "s.json"\n')], lambda *_: schema)


def test_the_door_says_what_the_suite_says_or_refuses_the_schema_by_name(cases: list[Any]) -> None:
    wrong: list[str] = []
    refused: Counter[str] = Counter()
    for case in cases:
        event = EventType("v", Anything(), schema_of(case), foreign=FORMATS not in case["source"])
        try:
            fits = not Door(event).reasons(case["event"])
        except SchemaBroken as error:
            refused[str(error).partition("`http")[0]] += 1
            continue
        if fits is not case["expected"]:
            wrong.append(case["id"])
    assert wrong == []
    assert set(refused) == {"it refers to ", "its `$schema` is "}
    assert refused.total() < len(cases) / 50


def test_every_schema_makes_a_type_or_one_typed_error(cases: list[Any]) -> None:
    texts = list(dict.fromkeys(encode(schema_of(case)) for case in cases))
    made, refused = 0, Counter[str]()
    for text in texts:
        result = typed(text)
        if result.errors:
            assert len(result.errors) == 1
            assert result.errors[0].span.text == '"s.json"'
            refused[result.errors[0].code.id] += 1
        else:
            made += 1
    assert set(refused) == {"E0241"}, "the schema is not of objects, or leads out of its file"
    assert made > len(texts) / 2


def test_a_type_allows_whatever_its_schema_allows(cases: list[Any]) -> None:
    """Soundness: an object the suite calls valid is never at odds with what rules were told of it."""
    wrong, checked = [], 0
    for case in cases:
        if not case["expected"] or not isinstance(case["event"], dict):
            continue
        text = encode(schema_of(case))
        result = typed(text)
        if result.ruleset is None:
            continue
        checked += 1
        why = contradicts(case["event"], result.ruleset.events["v"].type)
        if why:
            wrong.append((case["id"], why))
    assert wrong == []
    assert checked > 300
