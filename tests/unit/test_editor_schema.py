"""The JSON Schema that editors check YAML rule files with agrees with the reader about their shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.source.span import Source
from atamo_rules.syntax.clauses import METADATA
from atamo_rules.syntax.read import read
from atamo_rules.syntax.yaml_file import TOP
from atamo_rules.syntax.yaml_nodes import to_json
from atamo_rules.syntax.yaml_reading import read_yaml
from atamo_rules.syntax.yaml_rules import RULE

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(files("atamo_rules.grammar").joinpath("ruleset.schema.json").read_text("utf-8"))
CHECK = jsonschema_rs.Draft202012Validator(SCHEMA)


def _data(text: str) -> Any:
    node, found = read_yaml(Source("x.yaml", text))
    assert node is not None, found
    return to_json(node)


def _written() -> Iterator[tuple[str, str]]:
    for folder in ("rulesets", "atamo_rules/cli/templates"):
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            if path.name != "people.yaml":
                yield str(path.relative_to(ROOT)), path.read_text("utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for number, found in enumerate(
            re.finditer(r"```yaml title=.*?\n(.*?)```", path.read_text("utf-8"), re.S)
        ):
            yield f"{path.relative_to(ROOT)}:{number}", found[1]


WRITTEN = {name: text for name, text in _written() if not read(Source("x.yaml", text))[1]}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_reader_takes_the_editor_takes(name: str) -> None:
    assert [f"{list(e.instance_path)}: {e.message}" for e in CHECK.iter_errors(_data(WRITTEN[name]))] == []


def test_there_is_something_to_take() -> None:
    assert len(WRITTEN) > 8


@pytest.mark.parametrize(
    "text",
    [
        "rulez: []",
        "rules: {a: {on: b}}",
        "rules: [{name: a, on: b, do: [reply]}]",
        "rules: [{rule: a, do: [reply]}]",
        "rules: [{rule: a, on: b, if: x, do: [reply]}]",
        "rules: [{rule: a, on: b, when: [x], do: [reply]}]",
        "rules: [{rule: a, on: b, when: {every: [x]}, do: [reply]}]",
        "rules: [{rule: a, on: b, do: {send x.y: {}}}]",
        "rules: [{rule: a, on: b, do: [call x.y]}]",
        "rules: [{rule: a, on: b, stop: 'yes'}]",
        "events: {a: {id: text}}",
        "events: {a: {of: nothing}}",
        "events: {a: {fields: {id: 5}}}",
        "events: {a: {fields: {id: text}, when invalid: drop}}",
        "agents: {a: {sends x: {}}}",
        "tables: {t: {on: a, columns: [x], rows: [[1]]}}",
        "tests: [{name: a}]",
        "define: {a: b}",
        "lists: {a: b}",
    ],
)
def test_what_the_editor_marks_is_a_mistake(text: str) -> None:
    assert not CHECK.is_valid(_data(text))
    assert compile_sources([Source("x.yaml", text)], lambda *_: "").errors


def test_every_word_is_known() -> None:
    assert set(SCHEMA["properties"]) == set(TOP)
    assert set(SCHEMA["$defs"]["rule"]["properties"]) == set(RULE)
    assert set(METADATA) < set(RULE)
