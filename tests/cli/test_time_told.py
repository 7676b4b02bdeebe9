"""trace, why and replay of rules about time: what an event did to their windows, and what cannot be decided again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.dispatcher import atamo
from tests.places import write

RULES = """
event login.failed
  ip: text
event login.done
  ip: text
agent desk
  uses file
    path: "out/desk.log"
  send note
    line: text

rule brute_force
  on login.failed 3 times within 10 minutes by ip
  when ip is not "::1"
  do
    send desk.note
      line: "three by {{ ip }}"
    send desk.note after 90 minutes
      line: "an hour and a half ago: {{ ip }}"

rule got_in
  on login.failed as bad then login.done as good within 10 minutes by ip
  do
    send desk.note
      line: "{{ good.ip }} got in"

rule plain
  on login.done
  do
    send desk.note
      line: "done"
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose hub took four events, and ended."""
    place = write(tmp_path_factory.mktemp("time"), {"desk/rules/a.atamo": RULES})
    events = "".join(
        json.dumps({"type": f"login.{kind}", "id": id, "data": {"ip": "1.2.3.4"}}) + "\n"
        for id, kind in (("f1", "failed"), ("f2", "failed"), ("f3", "failed"), ("d1", "done"))
    )
    done = atamo("run", "desk", "--stdin", "--quiet", cwd=place, stdin=events)
    assert done.returncode == 0, done.stderr
    return place


def ask(place: Path, *words: str) -> tuple[int, str]:
    done = atamo(*words, "--folder", "desk", cwd=place)
    assert "Traceback" not in done.stderr
    return done.returncode, re.sub(r" +\n", "\n", done.stdout + done.stderr)


def test_a_trace_tells_what_an_event_did_to_windows(ended: Path) -> None:
    code, out = ask(ended, "trace", "f2")
    assert code == 0
    assert "· brute_force holds, and does not fire yet or again" in out
    assert "brute_force: 2 of 3 within 10 minutes, by 1.2.3.4" in out
    assert "got_in: step 1 of 2, 2 under way, by 1.2.3.4" in out
    assert "2 rules considered, none matched" in out
    code, out = ask(ended, "trace", "f3")
    assert "+ brute_force" in out
    assert "brute_force: 3 of 3 within 10 minutes, by 1.2.3.4" in out
    assert re.search(r"send desk\.note waits until \d{4}-\d\d-\d\dT\S+Z  of brute_force", out), out
    code, out = ask(ended, "trace", "d1")
    assert "+ got_in" in out
    assert "got_in: step 2 of 2 within 10 minutes, by 1.2.3.4" in out


def test_why_says_that_a_rule_holds_and_counts(ended: Path) -> None:
    code, out = ask(ended, "why", "f2", "--rule", "brute_force")
    assert code == 0
    assert (
        "it holds; what it counts and waits for:\n    2 of 3 within 10 minutes, by 1.2.3.4: it does not fire\n"
        in out
    )
    code, out = ask(ended, "why", "f3", "--rule", "brute_force")
    assert "    3 of 3 within 10 minutes, by 1.2.3.4\n" in out
    code, out = ask(ended, "why", "f2", "--rule", "got_in")
    assert (code, "step 1 of 2, 2 under way, by 1.2.3.4: it does not fire" in out) == (0, True), out
    code, out = ask(ended, "why", "d1", "--rule", "brute_force")
    assert "it is for login.failed, not for events of this type" in out
    code, out = ask(ended, "why", "f2", "--rule", "got_in", "--format", "json")
    assert json.loads(out)["windows"][0]["key"] == ["1.2.3.4"]


def test_replay_says_which_rules_it_does_not_compare(ended: Path, tmp_path: Path) -> None:
    code, out = ask(ended, "replay", "desk/rules")
    assert code == 0, out
    assert "not compared: brute_force, got_in, whose clauses are about time" in out
    assert "all decided the same" in out
    changed = RULES.replace("3 times within 10 minutes by ip", "as one").replace(
        'line: "done"', 'line: "DONE"'
    )
    write(tmp_path, {"new/a.atamo": changed})
    code, out = ask(ended, "replay", str(tmp_path / "new"), "--format", "json")
    told = json.loads(out)
    assert (code, told["differ"], told["actions"]) == (
        1,
        1,
        {"more": {"desk.note": 1}, "less": {"desk.note": 1}},
    )
    assert told["not_compared"] == {"rules": ["brute_force", "got_in"], "events": 0}
