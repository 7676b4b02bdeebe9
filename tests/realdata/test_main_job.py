"""The main job: `atamo run rulesets/github` takes real GitHub webhooks over HTTP, and each reaches exactly its rule."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from atamo_rules.model.strict_json import encode
from tests.cli.dispatcher import Dispatcher
from tests.realdata.conftest import GITHUB, Octokit

pytestmark = pytest.mark.realdata


def test_every_payload_is_taken_over_http_and_every_routing_case_reaches_exactly_its_rule(
    octokit: Octokit, tmp_path: Path
) -> None:
    folder = tmp_path / "github"
    shutil.copytree(GITHUB, folder, ignore=shutil.ignore_patterns(".atamo", "out"))
    posted = [str(payload["id"]) for payload in octokit.events]
    with Dispatcher("github", "--port", "0", cwd=tmp_path) as hub, hub.web as web:
        for payload in octokit.events:
            event = {
                "type": payload["type"],
                "id": payload["id"],
                "source": "octokit",
                "data": payload["event"],
            }
            answer = web.post(
                "/v1/events", content=encode(event), headers={"content-type": "application/json"}
            )
            assert answer.status_code == 202, answer.text
            assert answer.json() == {"id": payload["id"], "state": "accepted"}
        assert hub.end(signal.SIGTERM) == 0

    records = [json.loads(line) for line in (folder / ".atamo/audit.jsonl").read_text("utf-8").splitlines()]
    matched = {
        r["event"].removeprefix("octokit#"): r["what"]["matched"]
        for r in records
        if r["kind"] == "event.decided" and r["event"].startswith("octokit#")
    }
    assert len(matched) == len(posted) == 404
    reached = 0
    for case in octokit.routing:
        wanted = {octokit.events[number]["id"] for number in case["expected_payloads"]}
        got = {
            payload["id"]
            for payload in octokit.events
            if payload["type"] == case["type"] and octokit.rule(case) in matched[payload["id"]]
        }
        assert got == wanted, case["id"]
        for id in wanted:
            assert matched[id] == [octokit.rule(case)], case["id"]
            reached += 1
    assert reached == sum(len(case["expected_payloads"]) for case in octokit.routing) > 149
    failed = [
        r for r in records if r["kind"] in ("action.failed", "action.retry", "event.refused", "event.hops")
    ]
    assert failed == []
    finished = {r["event"].removeprefix("octokit#") for r in records if r["kind"] == "event.finished"}
    assert set(posted) <= finished
