"""`atamo pause`, `atamo resume` and `atamo cancel`, on a hub that runs."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write

RULES = """
event order.placed
  total: whole

agent desk
  uses file
    path: "out/desk.log"
  send note
    line: text

rule big
  on order.placed
  when total > 100
  do
    send desk.note
      line: "over {{ total }}"

rule huge
  on order.placed
  when total > 1000
  do
    send desk.note
      line: "huge {{ total }}"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    people = "users:\n  ann: { organisation: acme }\n"
    return write(tmp_path / "desk", {"rules/a.atamo": RULES, "people.yaml": people})


@pytest.fixture
def hub(project: Path) -> Iterator[str]:
    with Dispatcher(str(project), "--port", "0") as dispatcher:
        yield dispatcher.said("listening on").split()[-1]
        assert dispatcher.end(signal.SIGTERM) == 0


def ask(hub: str, *words: str) -> tuple[int, str, str]:
    done = atamo(*words, "--url", hub)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def send(hub: str, id: str, total: int, *more: str) -> int:
    return ask(hub, "send", "order.placed", json.dumps({"total": total}), "--id", id, *more)[0]


def test_pausing_resuming_and_cancelling(hub: str, project: Path) -> None:
    log = project / "out/desk.log"
    assert ask(hub, "pause", "agent", "desk") == (0, "agent desk is paused\n", "")
    assert ask(hub, "pause", "agent", "desk") == (0, "agent desk was paused already\n", "")
    code, out, _ = ask(hub, "pause", "rule", "big", "--why", "it pays twice", "--format", "json")
    made = json.loads(out)
    assert (code, made["name"], made["new"], made["why"]) == (0, "big", True, "it pays twice")
    assert ask(hub, "pause", "organisation", "acme")[0] == 0
    for id in ("o1", "o2"):
        assert send(hub, id, 5000) == 0
    code, out, _ = ask(hub, "top", "--once")
    for line in (
        r"agent desk, by \S+ since \S+ \S+",
        r"organisation acme, .*",
        r"rule big, .*: it pays twice",
    ):
        assert re.search(rf"^paused: {line}$", out, re.M), out
    assert "held 4 " in out
    assert not log.exists()

    assert ask(hub, "cancel", "o2", "--rule", "huge") == (0, "1 action of o2 cancelled\n", "")
    assert ask(hub, "cancel", "o2", "--rule", "huge") == (1, "nothing of o2 is open that fits\n", "")
    code, out, _ = ask(hub, "cancel", "o2", "--format", "json")
    assert (code, json.loads(out)) == (0, {"id": "o2", "cancelled": 1, "request": False})
    assert ask(hub, "cancel", "o2") == (1, "nothing of o2 is open\n", "")

    assert ask(hub, "resume", "rule", "big") == (0, "rule big goes on\n", "")
    assert not log.exists(), "the agent is paused too"
    code, out, _ = ask(hub, "resume", "agent", "desk", "--format", "json")
    assert (code, json.loads(out)["name"]) == (0, "desk")
    assert send(hub, "o3", 500, "--wait") == 0, "what was held is before it in line"
    lines = log.read_text()
    assert [word in lines for word in ("over 5000", "huge 5000", "over 500\\")] == [True, True, False]
    assert lines.count("5000") == 2, "what was cancelled is not done"
    code, out, _ = ask(hub, "audit", "search", "--kind", "work.", "--format", "jsonl")
    told = [json.loads(line) for line in out.splitlines()]
    assert [(one["kind"], one["what"]["name"]) for one in told] == [
        ("work.paused", "desk"),
        ("work.paused", "big"),
        ("work.paused", "acme"),
        ("work.resumed", "big"),
        ("work.resumed", "desk"),
    ]
    assert len({one["who"] for one in told}) == 1


def test_a_pause_outlives_the_hub(project: Path) -> None:
    with Dispatcher(str(project), "--port", "0") as first:
        url = first.said("listening on").split()[-1]
        assert ask(url, "pause", "rule", "big", "--why", "it pays twice")[0] == 0
        assert send(url, "o1", 500) == 0
        assert first.end(signal.SIGTERM) == 0
    with Dispatcher(str(project), "--port", "0") as second:
        url = second.said("listening on").split()[-1]
        assert re.search(r"^paused: rule big, .*: it pays twice$", ask(url, "top", "--once")[1], re.M)
        assert not (project / "out/desk.log").exists()
        assert ask(url, "resume", "rule", "big")[0] == 0
        second.until(lambda: (project / "out/desk.log").exists())
        assert second.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["pause", "agent", "desc"], 1, "there is no agent `desc`\n  did you mean `desk`?\n"),
        (["pause", "rule", "x/y z"], 1, "there is no rule `x/y z`\n  `atamo get rules` lists them\n"),
        (["pause", "organisation", "acne"], 1, "there is no organisation `acne`\n  did you mean `acme`?\n"),
        (["resume", "agent", "desk"], 1, "agent `desk` is not paused\n  nothing is paused\n"),
        (["cancel", "nobody"], 1, "nothing is kept under this id\n  search for it: atamo audit search --text\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_the_hub_refuses_is_said(hub: str, words: list[str], code: int, says: str) -> None:
    assert ask(hub, *words) == (code, "", says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["pause", "agnt", "desk"], "'agnt' is not one of 'agent', 'rule', 'organisation'"),
        (["pause", "agent"], "Missing argument 'NAME'"),
        (["resume", "rule"], "Missing argument 'NAME'"),
        (["cancel"], "Missing argument 'ID'"),
        (["pause", "agent", "desk", "--url", "http://127.0.0.1:9"], "No hub answers at http://127.0.0.1:9"),
        (["cancel", "o1", "--url", "desk"], "`desk` is not the address of a hub"),
        (["puase", "agent", "desk"], "Did you mean `pause`?"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_usage(words: list[str], says: str) -> None:
    done = atamo(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
