"""What `simulate` says will be done is what the hub has its agents do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from atamo_rules.cli.simulate import simulate
from atamo_rules.model.strict_json import encode
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import stage
from tests.properties.judging import decoded, world
from tests.strategies.choices import Seeded


def predicted(folder: Path, text: str, lines: list[str]) -> list[dict[str, Any]]:
    """The records of `atamo simulate`."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "a.atamo").write_text(text, "utf-8")
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    done = CliRunner().invoke(
        simulate,
        [str(folder / "rules"), "--events", str(folder / "events.jsonl"), "--format", "jsonl"],
        standalone_mode=False,
    )
    assert done.exception is None
    assert done.return_value == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


async def done(text: str, lines: list[str]) -> list[tuple[list[str], list[tuple[str, str, str]]]]:
    """What agents were really asked, event by event: (rules that acted, (id, target, body))."""
    desk = ScriptedAgent()
    hub, _ = stage(text, {"desk": desk})
    found = []
    for line in lines:
        before = len(desk.asked)
        message = decoded(line)
        await hub.submit_json(message)
        await hub.wait(message["id"], 60)
        asked = desk.asked[before:]
        found.append((sorted(a.rule for a in asked), sorted((a.id, a.target, encode(a.body)) for a in asked)))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_what_is_predicted_is_done(seed: int, tmp_path: Path) -> None:
    judged = world(Seeded(seed), 5, 12)
    text = judged.text.replace(
        "    send desk.note\n", '    send desk.note\n      line: "{{ event | json }} {{ now }}"\n'
    )
    lines = [
        encode({"type": "thing", "id": f"e{number}", "time": "2026-11-23T12:00:00Z", "data": decoded(raw)})
        for number, raw in enumerate(judged.bodies)
    ]
    said = predicted(tmp_path, text, lines)
    really = asyncio.run(done(text, lines))
    assert len(said) == len(really) == len(lines)
    assert sum(len(actions) for _, actions in really) > 0
    for record, (rules, actions) in zip(said, really, strict=True):
        assert sorted(record["matched"]) == rules
        told = sorted((a["id"], a["target"], json.dumps(a["body"])) for a in record["actions"])
        assert told == [(id, target, json.dumps(json.loads(body))) for id, target, body in actions]
