"""Random rules and events decide as npm's json-logic-js decides them, where npm and node are there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.model.strict_json import encode
from tests import pairs
from tests.importers.json_rules import imported, numbered
from tests.strategies import jsonlogic as random
from tests.strategies.choices import Seeded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]
PACKAGE = "json-logic-js@2.0.5"
RULES, EVENTS = 400, 8
ASK = """
const logic = require("./package/logic.js");
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { rule, events } = JSON.parse(line);
  console.log(JSON.stringify(events.map((event) => logic.truthy(logic.apply(rule, event)))));
});
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with json-logic-js in it, and a program that asks it."""
    folder = tmp_path_factory.mktemp("json-logic-js")
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm and node are not there, so json-logic-js cannot be asked")
    packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True)
    if packed.returncode != 0:
        pytest.skip(f"npm does not give {PACKAGE}: {packed.stderr.strip()[-200:]}")
    shutil.unpack_archive(folder / packed.stdout.split()[-1], folder)
    (folder / "ask.js").write_text(ASK)
    return folder


def asked(engine: Path, rules: list[Any], events: list[Any]) -> list[list[bool]]:
    """What json-logic-js says of every rule and event."""
    lines = "".join(f"{encode({'rule': rule, 'events': events})}\n" for rule in rules)
    done = subprocess.run(
        ["node", "ask.js"], cwd=engine, input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_imported_rules_decide_as_json_logic_js(engine: Path) -> None:
    def differences(seed: int) -> tuple[list[str], int]:
        choose = Seeded(seed)
        rules = numbered(random.rule(choose) for _ in range(RULES))
        events = [random.event(choose) for _ in range(EVENTS)]
        world = imported(rules)
        matched = [world.matched(event) for event in events]
        names = sorted(world.names)
        verdicts = asked(engine, [rules[name] for name in names], events)
        wrong = [
            f"{encode(rules[name])} on {encode(event)}: json-logic-js says {verdict}"
            for name, row in zip(names, verdicts, strict=True)
            for event, found, verdict in zip(events, matched, row, strict=True)
            if (name in found) is not verdict
        ]
        return wrong, len(names) * EVENTS

    assert pairs.ask(differences, pairs=50_000, seed=5000) > RULES * EVENTS / 2
