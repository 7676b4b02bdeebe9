"""The page of limits says the numbers that the code holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from atamo_rules.builtin.configuration import python_files
from atamo_rules.builtin.events import drop, stdin
from atamo_rules.builtin.stores import memory
from atamo_rules.builtin.stores.sqlite import blobs
from atamo_rules.builtin.stores.sqlite import store as sqlite
from atamo_rules.cli import foreign_files
from atamo_rules.engine import render as rendering
from atamo_rules.hub import consequences, intake
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.evaluators import panel
from atamo_rules.hub.history import follow
from atamo_rules.hub.people import keyring
from atamo_rules.hub.project import files, spreadsheet
from atamo_rules.hub.proposals import proposal, review
from atamo_rules.hub.requests import live, repeating, step
from atamo_rules.hub.sharing import flights
from atamo_rules.hub.telemetry import numbers
from atamo_rules.importers import json_text
from atamo_rules.model import strict_json
from atamo_rules.proof import search
from atamo_rules.rest import bodies, slow
from atamo_rules.sandbox.inside import printing
from atamo_rules.sandbox.limits import CodeLimits
from atamo_rules.source import formats, render
from atamo_rules.syntax import clause, outline, recipes, sheet_cells, yaml_composer
from atamo_rules.syntax.convert import MOST_RETRIES

PAGE = (Path(__file__).parents[2] / "docs/reference/limits.md").read_text("utf-8")
CODE = CodeLimits()
LIMITS = {
    "a rule file": f"{files.LARGEST >> 20} MiB",
    "a clause": f"{clause.LONGEST:,} characters; brackets {clause.DEEPEST} deep, parts within parts "
    f"{recipes.DEEPEST} deep",
    "indentation": f"{outline.DEEPEST} deep",
    "indentation, and YAML": f"{yaml_composer.DEEPEST} deep",
    "a YAML file": f"{yaml_composer.MOST:,} nodes; {yaml_composer.MOST_REPEATED:,} of them",
    "a sheet of rows": f"{sheet_cells.MOST:,} cells; a spreadsheet {spreadsheet.MOST_ROWS:,} rows, "
    f"{spreadsheet.MOST_COLUMNS} columns and {spreadsheet.MOST_BYTES >> 20} MiB",
    "a provider beside the rules": f"{panel.LONGEST:g} seconds and {panel.MOST} messages",
    "digits of a number": f"{strict_json.DIGITS:,}, and",
    "what one question about rules": f"{search.STEPS:,} steps, and {review.EFFORT:,} for all",
    "findings shown": f"{render.MOST}; {formats.MOST:,} in",
    "a JSON document": f"nested {strict_json.DEEPEST} deep",
    "an HTTP body": f"{bodies.LARGEST >> 20} MiB",
    "request line": f"{slow.HEADERS >> 10} KiB",
    "how long headers": f"{slow.PATIENCE:g} seconds, or what `--patience` says; {slow.LEAST} bytes",
    "wrong keys": f"{keyring.FAILURES} in {keyring.WINDOW:g} seconds",
    "messages in one batch": f"{bodies.MOST:,} ",
    "an event id": f"{intake.LONGEST_ID} characters",
    "a line of standard input": f"{stdin.LONGEST >> 20} MiB",
    "a line of standard input, a dropped file": f"{drop.LARGEST >> 20} MiB",
    "a template": f"{rendering.MOST_STEPS:,} steps, {rendering.LONGEST >> 20} MiB",
    "events that follow": f"{consequences.HOPS}, one",
    "actions open": f"{sqlite.MOST_OPEN:,}; {memory.MOST_OPEN:,} in memory; more",
    "an event, a message or an answer in a row": f"{blobs.LARGE >> 10} KiB",
    "updates of a feed": f"{live.WINDOW:,}; further",
    "answers kept that come after": f"{step.MOST_LATE}",
    "requests whose answers": f"{repeating.MOST_KEPT:,} of each; {flights.MOST_BYTES >> 20} MiB",
    "steps of messages": f"{follow.MOST:,}",
    "series of one metric": f"{numbers.MOST:,}; what",
    "how long what is over": f"{sqlite.RETAIN.days} days; in memory the last {memory.MOST:,}",
    "times an action": f"{RetryPolicy().attempts} in all, or what its rule or agent says; up to {MOST_RETRIES:,}",
    "code of users: a file": f"{CODE.source >> 20} MiB, {CODE.event >> 20} MiB, {CODE.answer >> 20} MiB",
    "code of users: time": f"{CODE.evaluation:g} second, {CODE.load:g} seconds",
    "code of users: memory": f"{CODE.memory >> 20} MiB, {CODE.processor} seconds",
    "code of users: files of": f"{proposal.MOST_CODE}, {python_files.MOST}",
    "code of users: what it prints": f"{printing.MOST:,} characters",
    "a file that `atamo import` reads": f"{foreign_files.LARGEST >> 20} MiB; JSON nested {json_text.DEEPEST} deep",
}


@pytest.mark.parametrize("where", LIMITS)
def test_a_limit_is_the_one_that_holds(where: str) -> None:
    (line,) = [line for line in PAGE.split("\n") if line.startswith(f"| {where}")]
    assert LIMITS[where] in line
