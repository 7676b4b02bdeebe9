"""`atamo run --provider`: plug-ins asked beside the rules, chosen on the command line or in `atamo.toml`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.cli.forked import decoded, forked
from tests.cli.test_plugins import package
from tests.places import ORDERS, write

PRICING = """
from atamo_rules import FunctionEvaluator

def evaluate(event):
    return [{"send": "desk.note", "with": {"line": "priced " + event["id"]}, "why": "it has a price"}]

def Pager(place, folder):
    if place == "bad":
        raise ValueError("there is no such price list")
    return FunctionEvaluator(evaluate, name="pricing", version="2.1")
"""
EVENT = '{"type": "order.placed", "id": "x1", "data": {"id": "x1", "total": 1}}\n'


def run(folder: Path, *more: str, stdin: str = EVENT) -> subprocess.CompletedProcess[str]:
    words = ("run", "rules", "--stdin", "--no-http", "--store", "memory", *more)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return decoded(forked(*words, cwd=folder, stdin=stdin.encode(), env=environment))


def project(folder: Path) -> None:
    package(folder, "acme-pricing", "atamo.configuration_providers", "pricing", PRICING)
    write(folder / "rules", {"a.atamo": ORDERS})


def test_a_provider_is_asked_beside_the_rules(tmp_path: Path) -> None:
    project(tmp_path)
    done = run(tmp_path, "--provider", "pricing")
    assert done.returncode == 0, done.stderr
    assert "asking the provider pricing 2.1 beside the rules" in done.stderr
    records = [json.loads(line) for line in (tmp_path / "rules/.atamo/audit.jsonl").read_text().splitlines()]
    (decided,) = [one["what"] for one in records if one["kind"] == "event.decided"]
    assert decided["providers"] == ["rules", "pricing 2.1"]
    created = [one["what"] for one in records if one["kind"] == "action.created"]
    assert [(one["provider"], one["because"]) for one in created] == [("pricing 2.1", "it has a price")]
    assert "priced x1" in (tmp_path / "rules/out/desk.log").read_text()


def test_the_settings_of_a_project_name_it(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "atamo.toml").write_text('[run]\nprovider = ["pricing"]\n')
    done = run(tmp_path, stdin="")
    assert (done.returncode, "asking the provider pricing 2.1" in done.stderr) == (0, True)


def test_one_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    project(tmp_path)
    for provider, said in {
        "pricng": "no configuration provider `pricng`",
        "pricing:bad": "The configuration provider `pricing:bad` cannot be used: there is no such price list.",
        "folder": "--provider: `FolderProvider` cannot be asked beside the rules",
    }.items():
        done = run(tmp_path, "--provider", provider)
        assert (done.returncode, said.lower() in done.stderr.lower()) == (2, True), done.stderr
    twice = run(tmp_path, "--provider", "pricing", "--provider", "pricing")
    assert (twice.returncode, "two providers are called `pricing`" in twice.stderr) == (2, True)
