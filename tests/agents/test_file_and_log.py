"""The file and log agents: what they write, and that no value chooses where or breaks a line."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from atamo_rules.builtin.agents.file import FileAgent
from atamo_rules.builtin.agents.log import LogAgent
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Again, Done
from atamo_rules.model.work import Hold
from atamo_rules.testing.contracts import action
from tests.cli.dispatcher import ATAMO, environment
from tests.hub.stage import state
from tests.hub.test_failures import ONE
from tests.places import write


def perform(agent: Any, body: Any) -> Any:
    async def reply(answer: Any) -> None:
        return None

    return asyncio.run(agent.perform(replace(action(), body=body), reply))


def test_a_line_alone_is_written_as_it_is_and_stays_one_line(tmp_path: Path) -> None:
    agent = FileAgent("desk", {"path": "out/a.log"}, str(tmp_path))
    assert perform(agent, {"line": "Order 1\nforged: {{ 7*7 }}\r"}) == Done({})
    perform(agent, {"line": "ü"})
    assert (tmp_path / "out/a.log").read_bytes() == b"Order 1\\nforged: {{ 7*7 }}\\r\n\xc3\xbc\n"


def test_other_arguments_are_written_as_json(tmp_path: Path) -> None:
    agent = FileAgent("desk", {"path": "a.jsonl"}, str(tmp_path))
    perform(agent, {"line": "x", "more": "\n"})
    (line,) = (tmp_path / "a.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "action": "note",
        "rule": "r",
        "id": "a1",
        "body": {"line": "x", "more": "\n"},
    }


def test_the_file_stays_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/tmp")
    for path in ("../a", "/etc/passwd", "link/a", "a/../../b"):
        with pytest.raises(ValueError, match="leads out"):
            FileAgent("desk", {"path": path}, str(tmp_path))


def test_what_cannot_be_written_may_be_later(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    outcome = perform(FileAgent("desk", {"path": "a"}, str(tmp_path)), {"line": "x"})
    assert isinstance(outcome, Again)
    assert "directory" in outcome.why


def test_log_writes_json_lines_to_the_stream_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    perform(LogAgent("desk", {}, "."), {"line": "a\nb"})
    perform(LogAgent("desk", {"to": "stderr"}, "."), {"n": 1})
    got = capsys.readouterr()
    assert json.loads(got.out)["body"] == {"line": "a\nb"}
    assert json.loads(got.err) == {
        "agent": "desk",
        "action": "note",
        "rule": "r",
        "id": "a1",
        "body": {"n": 1},
    }


def test_a_line_of_a_backlog_is_whole_and_in_the_order_in_which_they_stood(tmp_path: Path) -> None:
    """Several at once: none of them waits for anything between opening the file and closing it."""

    async def story() -> None:
        agent = FileAgent("desk", {"path": "a.jsonl"}, str(tmp_path))
        hub = Hub(state(ONE, {"desk": agent}), MemoryStore())
        await hub.pause(Hold("agent", "desk"))
        for n in range(200):
            await hub.submit_json({"type": "thing.happened", "id": f"e{n}", "data": {"n": n}})
        most = 0
        await hub.resume(Hold("agent", "desk"))
        while (await hub.store.depth()).waiting or hub.lane("desk").running:
            most = max(most, hub.lane("desk").running)
            await asyncio.sleep(0)
        assert await hub.drain(60) == 0
        assert most > 1

    asyncio.run(asyncio.wait_for(story(), 30))
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["body"]["n"] for line in lines] == list(range(200))


STALLED = {
    "a.atamo": "event note\n  text: text\n\nagent out\n  uses log\n  send say\n    text: text\n\n"
    "rule say\n  on note\n  do\n    send out.say\n      text: text\n"
}


def test_a_reader_of_standard_output_who_stops_reading_holds_up_no_other_work(tmp_path: Path) -> None:
    """One that reads again has whole lines, the long ones, too."""
    with subprocess.Popen(
        [*ATAMO, "run", str(write(tmp_path, STALLED)), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            url = next(line for line in process.stderr if "listening on" in line).split()[-1]
            with httpx2.Client(base_url=url, trust_env=False, timeout=20) as web:
                for n in range(8):  # far more than a pipe holds
                    event = {"type": "note", "id": f"n{n}", "data": {"text": str(n) * 20_000}}
                    assert web.post("/v1/events", json=event).status_code == 202
                assert web.get("/readyz").status_code == 200
                found = [json.loads(process.stdout.readline()) for _ in range(8)]
                assert {one["body"]["text"] for one in found} == {str(n) * 20_000 for n in range(8)}
        finally:
            process.terminate()
            process.stdout.read()
        assert process.wait(20) == 0


def test_a_standard_output_that_is_closed_may_be_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "__stdout__", stream)
        outcome = perform(LogAgent("desk", {}, "."), {"line": "x"})
    assert outcome == Again("stdout cannot be written: Broken pipe", error="stream")
