"""`atamo run` with a `sources.yaml`: what it opens, what it says, and what stands in the way."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher, atamo
from tests.events.test_signatures import sign
from tests.places import write

RULES = """
event push
  ref: text
"""
SOURCES = """
sources:
  github: { uses: webhook, path: /hooks/github, scheme: github, secrets: [{ file: secret }], user: robot }
  inbox: { uses: drop, place: inbox }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, {"a.atamo": RULES, "sources.yaml": SOURCES, "secret": "s3cret"})


def test_sources_are_opened_and_seen(project: Path) -> None:
    with Dispatcher("--port", "0", cwd=project) as hub:
        hub.said("`github` receives posts to /hooks/github")
        body = b'{"ref": "main"}'
        headers = {**sign("github", body, "s3cret"), "X-GitHub-Event": "push", "X-GitHub-Delivery": "d1"}
        with hub.web as web:
            assert web.post("/hooks/github", content=body, headers=headers).status_code == 202
            (project / "inbox/.part").write_text('{"type": "push", "id": "f1", "data": {"ref": "x"}}\n')
            (project / "inbox/.part").rename(project / "inbox/f.json")
            hub.until(lambda: (project / "inbox/done/f.json").exists())
            top = atamo("top", "--once", "--url", str(web.base_url), cwd=project).stdout
        assert hub.end(signal.SIGTERM) == 0
    lines = [line.split() for line in top.splitlines()]
    assert ["github", "open", "1", "0", "0"] in lines
    assert ["inbox", "open", "1", "0", "0"] in lines
    told = atamo(
        "audit", "search", "--kind", "event.accepted", "--format", "jsonl", "--folder", ".", cwd=project
    )
    assert '"via":"github"' in told.stdout.replace(" ", "")
    assert '"via":"inbox"' in told.stdout.replace(" ", "")


def test_a_source_without_its_secret_stops_the_start_with_a_sentence(project: Path) -> None:
    (project / "secret").unlink()
    done = atamo("run", ".", "--port", "0", cwd=project)
    assert done.returncode == 2
    said = "The source `github` cannot be used: the file `secret` cannot be read: no such file or directory."
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_places_are_taken_from_the_project(project: Path) -> None:
    (project / "sources.yaml").write_text("sources:\n  inbox: { uses: drop, place: inbox }\n")
    with Dispatcher(project.name, "--port", "0", cwd=project.parent) as hub:
        hub.said("listening")
        hub.until((project / "inbox/answers").exists)
        assert hub.end(signal.SIGTERM) == 0


def test_what_has_settings_is_not_made_for_a_place(project: Path) -> None:
    done = atamo("run", ".", "--port", "0", "--events", "webhook:/x", cwd=project)
    assert done.returncode == 2
    assert "it has settings: give it an entry in `sources.yaml`" in done.stderr


def test_sources_that_are_wrong_are_said_with_the_rules(project: Path) -> None:
    (project / "sources.yaml").write_text("sources: [github]\n")
    done = atamo("run", ".", "--port", "0", cwd=project)
    assert done.returncode == 1
    assert "error[E0806]: `sources`:" in done.stderr


def test_posts_need_a_door(project: Path) -> None:
    done = atamo("run", ".", "--stdin", cwd=project, stdin='{"type": "push", "data": {"ref": "x"}}\n')
    assert "nobody can post to the source `github`: there is no HTTP door" in done.stderr
