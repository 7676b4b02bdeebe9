"""`atamo simulate` names the providers of plug-ins that `atamo run` would ask and it does not."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_hub_commands import atamo
from tests.places import write

RULES = "event tick\n  n: whole\n\nrule base\n  on tick\n  stop\n"
EVENT = '{"type": "tick", "id": "t", "data": {"n": 1}}\n'


def test_providers_that_are_not_asked_are_named(tmp_path: Path) -> None:
    toml = '[run]\nprovider = ["stock:routes.json", "other"]\n'
    write(tmp_path, {"a.atamo": RULES, "e.jsonl": EVENT, "atamo.toml": toml})
    done = atamo("simulate", ".", "--events", "e.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "providers of plug-ins are not asked: stock, other\n")
    done = atamo("--no-config", "simulate", ".", "--events", "e.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
