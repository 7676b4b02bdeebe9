"""The page of limits says the numbers that the code holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from atamo_rules.builtin.events import drop, stdin
from atamo_rules.builtin.stores import memory
from atamo_rules.cli import foreign_files
from atamo_rules.engine import render as rendering
from atamo_rules.hub import files, hub, intake
from atamo_rules.importers import json_text
from atamo_rules.model import strict_json
from atamo_rules.rest import bodies
from atamo_rules.source import formats, render
from atamo_rules.syntax import clause, outline, yaml_nodes

PAGE = (Path(__file__).parents[2] / "docs/reference/limits.md").read_text("utf-8")
LIMITS = {
    "a rule file": f"{files.LARGEST >> 20} MiB",
    "a clause": f"{clause.LONGEST:,} characters; brackets {clause.DEEPEST} deep",
    "indentation": f"{outline.DEEPEST} deep",
    "indentation, and YAML": f"{yaml_nodes.DEEPEST} deep",
    "a YAML file": f"{yaml_nodes.MOST:,} nodes; {yaml_nodes.MOST_REPEATED:,} of them",
    "digits of a number": f"{strict_json.DIGITS:,}, and",
    "findings shown": f"{render.MOST}; {formats.MOST:,} in",
    "a JSON document": f"nested {strict_json.DEEPEST} deep",
    "an HTTP body": f"{bodies.LARGEST >> 20} MiB",
    "messages in one batch": f"{bodies.MOST:,} ",
    "an event id": f"{intake.LONGEST_ID} characters",
    "a line of standard input": f"{stdin.LONGEST >> 20} MiB",
    "a line of standard input, a dropped file": f"{drop.LARGEST >> 20} MiB",
    "a template": f"{rendering.MOST_STEPS:,} steps, {rendering.LONGEST >> 20} MiB",
    "events that follow": f"{hub.HOPS}, one",
    "messages under way": f"{hub.MOST_UNDER_WAY:,}; more",
    "a file that `atamo import` reads": f"{foreign_files.LARGEST >> 20} MiB; JSON nested {json_text.DEEPEST} deep",
    "messages that are remembered": f"the last {memory.MOST:,}",
}


@pytest.mark.parametrize("where", LIMITS)
def test_a_limit_is_the_one_that_holds(where: str) -> None:
    (line,) = [line for line in PAGE.split("\n") if line.startswith(f"| {where}")]
    assert LIMITS[where] in line
