"""`atamo import sigma`, typed by a user: good files and bad, one event type or many, and what the rules then detect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.dispatcher import atamo
from tests.importers.sigma.worlds import rule

PROCESS = "product: windows\ncategory: process_creation"


def run(*words: str, cwd: Path) -> tuple[int, str, str]:
    done = atamo(*words, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


def folder(root: Path) -> None:
    """Three files of rules, one of them partly bad, and one that is none."""
    files = {
        "sigma/windows/shell.yml": rule(
            "selection: {Image|endswith: 'cmd.exe'}", id="4-shell", logsource=PROCESS
        ),
        "sigma/linux/pair.yaml": "---\n".join(
            [
                rule("keywords: [needle]", id="haystack", condition="keywords", logsource="product: linux"),
                rule("selection: {a: x}", id="broken", condition="other", logsource="product: linux"),
                rule("selection: {a|re: '(?=x)'}", id="ahead", logsource="product: linux"),
            ]
        ),
        "sigma/readme.md": "no rule",
        "sigma/none.yml": "title: [",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def detected(root: Path, events: list[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    """The rules that match each event, by `atamo simulate`."""
    lines = [json.dumps({"id": str(n), "type": type, "data": body}) for n, (type, body) in enumerate(events)]
    (root / "events.jsonl").write_text("\n".join(lines), "utf-8")
    code, out, err = run("simulate", "out", "--events", "events.jsonl", "--format", "jsonl", cwd=root)
    assert code == 0, err
    return [json.loads(line)["matched"] for line in out.splitlines()]


def test_what_is_wrong_is_told_and_the_rest_is_imported(tmp_path: Path) -> None:
    folder(tmp_path)
    code, out, err = run("import", "sigma", "sigma", "-o", "out", cwd=tmp_path)
    assert code == 1
    assert "sigma/none.yml:1:8" in err
    assert "there is no selection `other`" in err
    assert "sigma/linux/pair.yaml:16:14" in err
    assert "ahead" in out
    assert "the regular expression `(?=x)` looks ahead" in out
    assert out.endswith("2 rules of 3 files imported into out; 1 rule refused\n")
    assert run("verify", "out", cwd=tmp_path)[0] == 0
    assert detected(
        tmp_path,
        [
            ("windows.process_creation", {"Image": "C:\\CMD.EXE"}),
            ("linux", {"message": "a NEEDLE"}),
            ("linux", {"message": "hay"}),
        ],
    ) == [["4-shell"], ["haystack"], []]


def test_one_event_type_for_all(tmp_path: Path) -> None:
    folder(tmp_path)
    events = [
        ("log", {"Image": "cmd.exe", "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}),
        ("log", {"Image": "cmd.exe", "Channel": "Security", "EventID": 4688, "x": "needle"}),
        ("log", {"Image": "cmd.exe", "message": "a needle"}),
    ]
    for options, expected in (
        ((), [["4-shell"], [], ["haystack"]]),
        (("--to", "yaml", "--force"), [["4-shell"], [], ["haystack"]]),
        (("--any-log-source", "--force"), [["4-shell"], ["4-shell", "haystack"], ["4-shell", "haystack"]]),
    ):
        code, _, _ = run(
            "import", "sigma", "sigma", "-o", "out", "--event-type", "log", *options, cwd=tmp_path
        )
        assert code == 1  # the file that is none
        assert run("verify", "out", cwd=tmp_path)[0] == 0
        assert detected(tmp_path, events) == expected


def test_lines_of_named_rules(tmp_path: Path) -> None:
    lines = [
        json.dumps({"name": name, "rule": rule("selection: {a: x}")}) for name in ("first one", "{{ 2 }}")
    ]
    (tmp_path / "rules.jsonl").write_text("\n".join(lines), "utf-8")
    code, out, err = run("import", "sigma", "rules.jsonl", "-o", "out", "--event-type", "log", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out.endswith("2 rules of 1 file imported into out\n")
    assert detected(tmp_path, [("log", {"a": "X"})]) == [["first one", "{{ 2 }}"]]


def test_any_log_source_needs_one_event_type_and_log_sources(tmp_path: Path) -> None:
    folder(tmp_path)
    for words in (
        ("sigma", "sigma", "-o", "out"),
        ("eventbridge", "sigma", "-o", "out", "--event-type", "x"),
    ):
        code, _, err = run("import", *words, "--any-log-source", cwd=tmp_path)
        assert code == 2
        assert "`--any-log-source` is for systems with log sources, and with `--event-type`." in err
    assert not (tmp_path / "out").exists()
