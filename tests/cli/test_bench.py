"""`atamo bench` on real files: what it counts is right, what it times is there, and what goes wrong is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatcher import atamo
from tests.places import write

EVENT = (
    "event login\n  account: text\n  failures: whole\n  agent: text\n  seen: time\n\n"
    "agent desk\n  send note\n    text: text\n"
)
ACT = '  do\n    send desk.note\n      text: "{{ account }}"\n'
MANY = "".join(
    f'\nrule known_{n}\n  on login\n  when account is "a{n}" and failures > {n}\n{ACT}' for n in range(60)
)
RULES = (
    EVENT
    + MANY
    + f'\nrule shouting\n  on login\n  when lower(agent) is "curl"\n{ACT}'
    + f"\nrule odd\n  on login\n  when agent matches /x|y/\n{ACT}"
    + f"\nrule ops\n  on login\n  for group ops\n  when failures > 2\n{ACT}"
    + f"\nrule late\n  on login\n  let age = now - seen\n  when age > 1 hour\n{ACT}"
    + f"\nrule planned\n  on login\n  status draft\n  when failures > 2\n{ACT}"
)
PEOPLE = "users:\n  ann: {groups: [ops]}\n"


def line(number: int, **more: Any) -> str:
    data = {"account": f"a{number}", "failures": 100, "agent": "CURL", "seen": "2026-01-01T00:00:00Z"}
    return json.dumps({"type": "login", "id": f"e{number}", "data": {**data, **more}}) + "\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    lines = "".join(line(n) for n in range(18)) + "\n" + line(18) + line(19, failures="many")
    return write(tmp_path, {"rules/a.atamo": RULES, "rules/people.yaml": PEOPLE, "events.jsonl": lines})


def bench(project: Path, *more: str) -> Any:
    done = atamo("bench", "rules", "--events", "events.jsonl", "--seconds", "0.01", *more, cwd=project)
    assert done.returncode == 0, done.stderr
    return done


def test_json_holds_every_rule_and_counts_rightly(project: Path) -> None:
    told = json.loads(bench(project, "--format", "json").stdout)
    assert told["events"] == 19
    assert told["events_per_second"] > 0
    assert all(value > 0 for value in told["us_per_event"].values())
    rules = {one["rule"]: one for one in told["rules"]}
    assert len(rules) == 64, "drafts are no part of it"
    known = rules["known_3"]
    assert (known["tier"], known["keys"], known["every_event_asks"]) == ("key", ['account is "a3"'], False)
    assert known["asked"] == known["matched"] == round(1 / 19, 3)
    shouting = rules["shouting"]
    assert shouting["every_event_asks"]
    assert shouting["asked"] == shouting["matched"] == 1
    assert shouting["advice"]["at"].startswith("rules/a.atamo:")
    assert shouting["advice"]["why"] == "a function of a field cannot be looked up"
    assert shouting["advice"]["help"] == "write `agent is … ignoring case`, which can"
    assert rules["odd"]["matched"] == 0
    assert rules["ops"]["asked"] == 0, "nobody of the group sent these"
    assert rules["known_59"]["matched"] == 0
    assert [one["us_per_event"] for one in told["rules"]] == sorted(
        (one["us_per_event"] for one in told["rules"]), reverse=True
    )
    (only,) = told["types"]
    assert (only["type"], only["rules"]) == ("login", 64)
    assert only["by_key"] >= 60


def test_events_of_somebody_ask_the_rules_for_them(project: Path) -> None:
    told = json.loads(bench(project, "--format", "json", "--user", "ann").stdout)
    rules = {one["rule"]: one for one in told["rules"]}
    assert rules["ops"]["matched"] == 1


def test_the_table_is_bounded_and_ends_with_what_to_change(project: Path) -> None:
    done = bench(project, "--top", "1")
    assert "line 21 of `events.jsonl` was not taken: /failures" in done.stderr
    assert "19 events of 1 type, 65 rules" in done.stdout
    heads = [text for text in done.stdout.splitlines() if text and not text.startswith("  ")]
    assert heads[2:] == [
        "the dearest rules",
        "the dearest parts of conditions",
        "how the rules of a type are found",
        "every event of their type asks these; what to change",
    ]
    assert "  and 2 more" in done.stdout or "  and 1 more" in done.stdout


def test_what_is_beyond_the_limit_is_left_out_and_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from atamo_rules.cli import bench as command

    monkeypatch.setattr(command, "MOST_LINES", 5)
    monkeypatch.chdir(project)
    arguments = ["rules", "--events", "events.jsonl", "--seconds", "0.01"]
    assert command.bench.main(arguments, standalone_mode=False) == 0
    shown = capsys.readouterr()
    assert "only the first 5 lines are measured" in shown.err
    assert shown.out.startswith("5 events of 1 type")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--events", "nowhere.jsonl"], "`nowhere.jsonl` does not exist"),
        (["--events", "rules"], "`rules` is a folder"),
        ([], "Missing option '--events'"),
        (["--events", "events.jsonl", "--seconds", "0"], "--seconds"),
        (["--events", "events.jsonl", "--top", "0"], "--top"),
        (["--events", "events.jsonl", "--format", "xml"], "'xml' is not one of"),
        (["nowhere", "--events", "events.jsonl"], "`nowhere` does not exist"),
    ],
)
def test_wrong_usage_is_told(project: Path, arguments: list[str], says: str) -> None:
    done = atamo("bench", *arguments, cwd=project)
    assert done.returncode == 2
    assert says in done.stderr


def test_what_windows_hold_is_stated_for_each_key(tmp_path: Path) -> None:
    timed = (
        f"\nrule often\n  on login 5 times within 10 minutes by account\n  at most once per 1 hour by account\n{ACT}"
        '\nrule digest\n  on login collect for 10 minutes\n  do\n    send desk.note\n      text: "x"\n'
    )
    write(tmp_path, {"rules/a.atamo": EVENT + timed, "e.jsonl": "".join(line(n % 10) for n in range(60))})
    words = ("bench", "rules", "--events", "e.jsonl", "--seconds", "0.01")
    done = atamo(*words, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    windows = {(one["rule"], one["part"]): one for one in json.loads(done.stdout)["windows"]}
    assert windows["often", "window"]["keys"] == 10
    assert windows["often", "window"]["largest_key"] < 200
    assert windows["often", "throttle"]["keys"] == 10
    assert (windows["digest", "window"]["keys"], windows["digest", "window"]["writes"]) == (1, 60)
    assert windows["digest", "window"]["largest_key"] > 60 * 80
    assert "what windows hold, in characters" in atamo(*words, cwd=tmp_path).stdout


def test_rules_about_time_are_measured_too(tmp_path: Path) -> None:
    rules = "event a\n  n: whole\nevent b\n  n: whole\n\n" + "".join(
        f"rule r{number}\n  on a as x without b as y within 1 minute by n\n  stop\n" for number in range(30)
    )
    (tmp_path / "a.atamo").write_text(rules)
    (tmp_path / "events.jsonl").write_text('{"type": "a", "data": {"n": 1}}\n')
    done = atamo("bench", ".", "--events", "events.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "what windows hold" in done.stdout
