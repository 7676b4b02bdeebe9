"""The folder of real data that nobody here wrote: named by ATAMO_REALDATA, read as JSON lines.

`ATAMO_OCTOKIT_SCHEMA` names the `schema.json` of the npm package `@octokit/webhooks-schemas`, which is not ours to
keep: `npm pack @octokit/webhooks-schemas`, unpack it, and give the path.
"""

from __future__ import annotations

import lzma
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.model.strict_json import decode

Lines = Callable[[str], list[Any]]
GITHUB = Path(__file__).parents[2] / "rulesets/github"
"""The ruleset for GitHub's webhooks."""


def named_by(variable: str) -> Path:
    """The path that an environment variable names; skips the test when it names none."""
    value = os.environ.get(variable, "")
    if not value:
        pytest.skip(f"{variable} is not set")
    path = Path(value)
    if not path.exists():
        pytest.fail(f"{variable} names {value}, which does not exist")
    return path


@pytest.fixture(scope="session")
def lines() -> Lines:
    """Reads one file of the folder, `octokit.events`: a value a line, numbers exact."""
    folder = named_by("ATAMO_REALDATA")

    def read(name: str) -> list[Any]:
        with lzma.open(folder / f"{name}.jsonl.xz") as file:
            return [decode(line) for line in file if line.strip()]

    return read


@dataclass(frozen=True, slots=True)
class Octokit:
    """Real GitHub webhooks: the payloads in order, and the cases that say which of them a (type, action) means."""

    events: list[Mapping[str, Any]]
    routing: list[Mapping[str, Any]]
    schema: list[Mapping[str, Any]]

    @staticmethod
    def rule(case: Mapping[str, Any]) -> str:
        """The id of the rule that a routing case must reach in `rulesets/github`."""
        test = case["ast"]["test"]
        assert test["path"] == ["action"]
        if test["op"] == "absent":
            return str(case["type"])
        assert test["op"] == "eq"
        return f"{case['type']}.{test['value']}"


@pytest.fixture(scope="session")
def octokit(lines: Lines) -> Octokit:
    """The GitHub part of the folder."""
    return Octokit(lines("octokit.events"), lines("octokit.routing"), lines("octokit.schema"))


@pytest.fixture(scope="session")
def octokit_schema() -> Path:
    """The published schemas of GitHub's webhooks."""
    return named_by("ATAMO_OCTOKIT_SCHEMA")
