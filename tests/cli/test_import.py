"""`atamo import`: what is wrong is told at its place, and the rest imported; a folder is whole or not there at all."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.cli import import_rules, imported_folder
from atamo_rules.cli.foreign_files import Foreign
from atamo_rules.cli.main import main
from atamo_rules.importers import eventbridge as eventbridge_importer
from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write

EC2 = '{"source": ["aws.ec2"], "detail": {"state": ["stopped"]}}\n'


def found(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def eventbridge(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    done = atamo("import", "eventbridge", *arguments, cwd=cwd)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


# --- what is wrong with the call ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.json", "-o", "out"], "`nowhere.json` does not exist"),
        (["empty", "-o", "out"], "There is no `.json` or `.jsonl` or `.ndjson` file in `empty`"),
        (["ec2.json"], "Missing option '-o'"),
        (["ec2.json", "-o", "ec2.json"], "`ec2.json` is a file; give a new folder"),
        (
            ["ec2.json", "-o", "out", "--dialect", "klingon"],
            "'klingon' is not one of 'eventbridge', 'quamina'",
        ),
        (["ec2.json", "-o", "out", "--to", "toml"], "'toml' is not one of 'atamo', 'yaml'"),
        (["ec2.json", "-o", "out", "--event-type", " "], "`--event-type` needs a name"),
        (["-o", "out"], "Missing argument 'SOURCES...'"),
        (["ec2.json", "-o", "full"], "`full` holds `notes.txt`, which no import wrote"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:1]),
)
def test_a_wrong_call_writes_nothing(arguments: list[str], says: str, tmp_path: Path) -> None:
    write(tmp_path, {"ec2.json": EC2, "full/notes.txt": "mine\n"})
    (tmp_path / "empty").mkdir()
    before = found(tmp_path)
    code, out, err = eventbridge(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert says in err
    assert found(tmp_path) == before


def test_a_system_that_is_not_known(tmp_path: Path) -> None:
    done = atamo("import", "drools", "x", "-o", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "'drools' is not" in done.stderr


# --- what is wrong with the files -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "error[E0901]: the text ends here, where a value of JSON should"),
        ("{", "the text ends here, where a key in double quotes should"),
        ('{"a": [1,]}', "bad.json:1:10"),
        ('{"a": ["\\x"]}', "where an escape of JSON should"),
        ('{"a": ["\\ud800"]}', "half of a surrogate pair"),
        ('{"a": [NaN]}', "`N` stands here, where a value of JSON should"),
        ('{"a": [01]}', "where a comma or `]` should"),
        ('{"a": [1]} {"b": [2]}', "the file goes on behind its first value"),
        ("[" * 5000 + "]" * 5000, "this is nested more than 200 deep"),
        ("[1]", "error[E0902]: here stands an object with the `name` of a rule and its `pattern`"),
        ("7", "error[E0902]: in the pattern of `bad`: a pattern is an object of fields"),
        ('{"a": "x"}', "the values of `a` stand in an array"),
        ('{"a": [{"numerc": ["=", 1]}]}', "`numerc` is no operator of event patterns"),
        ('{"Rules": [7], "Resources": 1}', "the values of `Resources` stand in an array"),
    ],
    ids=range(14),
)
def test_a_malformed_file_is_told_and_the_rest_is_imported(text: str, says: str, tmp_path: Path) -> None:
    write(tmp_path, {"in/bad.json": text, "in/ec2.json": EC2})
    code, out, err = eventbridge("in", "-o", "out", cwd=tmp_path)
    assert code == 1
    assert says in err
    assert "1 rule of 2 files imported into out" in out
    assert atamo("verify", "out", cwd=tmp_path).returncode == 0


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"in/ec2.json": EC2})
    (tmp_path / "in/latin.json").write_bytes(b'{"a": ["caf\xe9"]}')
    (tmp_path / "in/huge.json").write_bytes(b" " * ((64 << 20) + 1))
    os.mkfifo(tmp_path / "in/pipe.json")
    (tmp_path / "in/loop.json").symlink_to("loop.json")
    (tmp_path / "in/.hidden.json").write_text("{", "utf-8")
    code, out, err = eventbridge("in", "-o", "out", cwd=tmp_path)
    assert code == 1
    assert "byte 0xe9 at offset 11\n --> in/latin.json:1:11" in err
    assert "in/huge.json:1:1" in err
    assert "this file has more than 67108864 bytes" in err
    assert "it is not a regular file" in err
    assert "in/loop.json:1:1" in err
    assert "hidden" not in err
    assert "1 rule of 5 files imported into out" in out


def test_nothing_is_written_when_nothing_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"bad.json": "{"})
    code, out, _ = eventbridge("bad.json", "-o", "out", cwd=tmp_path)
    assert (code, out) == (1, "0 rules of 1 file imported, nothing was written\n")
    assert not (tmp_path / "out").exists()


def test_lines_are_told_by_their_number(tmp_path: Path) -> None:
    lines = [
        '{"name": "good", "pattern": {"a": [1]}}',
        "",
        '{"pattern": {"a": [1]}}',
        '{"name": "quoted", "pattern": "{\\"a\\": [}"}',
        '{"name": "late", "pattern": "{\\"a\\": [2]} and more"}',
        "not json",
    ]
    write(tmp_path, {"all.jsonl": "\n".join(lines)})
    code, out, err = eventbridge("all.jsonl", "-o", "out", cwd=tmp_path)
    assert code == 1
    assert "all.jsonl:3:1" in err
    assert "here stands an object with the `name` of a rule and its `pattern`" in err
    assert "all.jsonl:4:31" in err
    assert "the pattern of `quoted` is not JSON" in err
    assert "warning[W0903]: what follows the pattern of `late` is not read" in err
    assert "all.jsonl:6:1" in err
    assert "2 rules of 1 file imported into out" in out


def test_a_name_is_given_once(tmp_path: Path) -> None:
    write(tmp_path, {"a/stop.json": EC2, "b/stop.json": EC2})
    code, out, err = eventbridge("a", "b", "-o", "out", cwd=tmp_path)
    assert code == 1
    assert "`stop` is the name of another rule already" in err
    assert "1 rule of 2 files imported into out" in out
    twice = '{"name": "n", "pattern": {"a": [1]}}\n{"name": "n", "pattern": {"b": [1]}}\n'
    write(tmp_path, {"twice.jsonl": twice})
    code, _, _ = eventbridge("twice.jsonl", "-o", "twice", cwd=tmp_path)
    assert code == 0
    assert "when a is 1 or b is 1" in found(tmp_path / "twice")["rules/twice.atamo"]


def test_what_cannot_be_said_is_refused_by_name(tmp_path: Path) -> None:
    patterns: dict[str, Any] = {
        "mixed": {"a": [1], "a.b": [2]},
        "wide": {"a": ["x" * 600_000]},
        "deep": {"a": [{"regexp": "((~p{L}{99}){99}){99}"}]},
        "many": {"$or": [{f"a{n}": [1]} for n in range(40)], "b": {"$or": [{f"b{n}": [1]} for n in range(40)]},
                 "c": {"d": [{"exists": False}]}},
        "fine": {"a": [1]},
    }  # fmt: skip
    lines = "".join(json.dumps({"name": name, "pattern": one}) + "\n" for name, one in patterns.items())
    write(tmp_path, {"all.jsonl": lines})
    code, out, err = eventbridge("all.jsonl", "-o", "out", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "mixed  refused: `a` is asked for a value, and for fields in it (all.jsonl:1:41)" in out
    assert "wide   refused: a rule cannot be written of it: " in out
    assert "deep   refused: this regular expression is refused: " in out
    assert "many   refused: its `$or`s multiply to more alternatives than a rule can hold" in out
    assert out.endswith("1 rule of 1 file imported into out; 4 rules refused\n")
    assert eventbridge("all.jsonl", "-o", "strict", "--strict", cwd=tmp_path)[0] == 1


# --- the folder -----------------------------------------------------------------------------------------


def test_a_former_import_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    write(tmp_path, {"in/ec2.json": EC2, "in/s3.json": '{"source": ["aws.s3"]}'})
    assert eventbridge("in", "-o", "out", cwd=tmp_path)[0] == 0
    (tmp_path / "in/s3.json").unlink()
    assert eventbridge("in", "-o", "out", cwd=tmp_path)[0] == 0
    assert sorted(found(tmp_path / "out")) == [
        ".imported.json",
        "agents.atamo",
        "events.atamo",
        "rules/ec2.atamo",
    ]
    agents = tmp_path / "out/agents.atamo"
    agents.write_text(agents.read_text("utf-8").replace("uses log", "uses file"), "utf-8")
    before = found(tmp_path / "out")
    code, _, err = eventbridge("in", "-o", "out", cwd=tmp_path)
    assert (code, found(tmp_path / "out")) == (2, before)
    assert "`agents.atamo` in `out` was changed since it was imported; --force replaces it" in err
    write(tmp_path, {"out/own/mine.atamo": "# mine\n"})
    assert "holds `own/mine.atamo`, which no import wrote" in eventbridge("in", "-o", "out", cwd=tmp_path)[2]
    assert eventbridge("in", "-o", "out", "--force", cwd=tmp_path)[0] == 0
    after = found(tmp_path / "out")
    assert "uses log" in after["agents.atamo"]
    assert after["own/mine.atamo"] == "# mine\n"
    assert atamo("fmt", "--check", "out", cwd=tmp_path).returncode == 0


def test_a_hub_that_runs_on_the_folder_keeps_what_it_has(tmp_path: Path) -> None:
    """Its files are not copied away from under it, and it takes the new rules up."""
    write(tmp_path, {"in/ec2.json": EC2})
    assert eventbridge("in", "-o", "out", "--event-type", "cloud", cwd=tmp_path)[0] == 0
    event = {"type": "cloud", "data": {"source": "aws.ec2", "detail": {"state": "stopped"}}}
    with Dispatcher("out", "--port", "0", cwd=tmp_path) as hub, hub.web as web:
        assert web.post("/v1/events", json={**event, "id": "e1"}).status_code == 202
        write(tmp_path, {"in/s3.json": '{"source": ["aws.s3"]}'})
        code, _, err = eventbridge("in", "-o", "out", "--event-type", "cloud", cwd=tmp_path)
        assert (code, err) == (0, "")
        hub.said("2 rules")
        assert web.post("/v1/events", json={**event, "id": "e2"}).status_code == 202
        assert hub.end(signal.SIGTERM) == 0
    with Dispatcher("out", "--port", "0", cwd=tmp_path) as hub, hub.web as web:
        assert [web.get(f"/v1/events/{id}").status_code for id in ("e1", "e2")] == [200, 200]
        assert hub.end(signal.SIGTERM) == 0


def test_what_a_record_names_outside_of_its_folder_stays(tmp_path: Path) -> None:
    write(tmp_path, {"in/ec2.json": EC2, "mine.txt": "mine\n"})
    assert eventbridge("in", "-o", "out", cwd=tmp_path)[0] == 0
    record = json.loads((tmp_path / "out/.imported.json").read_text("utf-8"))
    record["files"]["../mine.txt"] = record["files"]["agents.atamo"]
    write(tmp_path, {"out/.imported.json": json.dumps(record)})
    assert eventbridge("in", "-o", "out", "--to", "yaml", cwd=tmp_path)[0] == 0
    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine\n"
    assert not (tmp_path / "out/agents.atamo").exists()


def test_a_folder_that_cannot_be_written_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk fails when some of the old files are away and some of the new ones in their places."""
    write(tmp_path, {"in/ec2.json": EC2})
    assert eventbridge("in", "-o", "out", cwd=tmp_path)[0] == 0
    write(tmp_path, {"out/own/mine.atamo": "# mine\n"})
    before = found(tmp_path / "out")
    rename, calls = os.rename, []

    def failing(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 5:
            raise OSError(28, "No space left on device", str(target))
        rename(source, target)

    monkeypatch.setattr(imported_folder.os, "rename", failing)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["atamo", "import", "eventbridge", "in", "-o", "out", "--to", "yaml", "--force"]
    )
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert len(calls) > 5, "what was moved is moved back"
    assert "`out` cannot be written: no space left on device. Nothing was written." in capsys.readouterr().err
    assert found(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_many_rules_are_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        json.dumps({"name": f"r{n}", "pattern": {"a": [n, "x" * 600_000] if n == 2 else [n]}})
        for n in range(5)
    ]
    write(tmp_path, {"all.jsonl": "\n".join(lines)})
    monkeypatch.setattr(import_rules, "MOST", 2)
    read = import_rules.gathered([Foreign(tmp_path / "all.jsonl", "all")], eventbridge_importer.read)
    made, kept = import_rules.texts(read, "atamo", "atamo import eventbridge")
    assert [(name, text.count("\nrule r")) for name, text in made.items() if name.startswith("rules/")] == [
        ("rules/all.atamo", 2),
        ("rules/all-2.atamo", 2),
    ]
    assert [one.name for one in kept.refused] == ["r2"]


# --- what it is for -------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["atamo", "yaml"])
def test_imported_rules_verify_are_formatted_and_are_told_by_their_names(
    container: str, tmp_path: Path
) -> None:
    names = [
        "stopped",
        'a name, with "quotes"',
        "ça va",
        "not",
        "reply",
        "x" * 300,
        "line\nbreak",
        "1",
        "rule",
    ]
    lines = [{"name": name, "pattern": {"detail": {"state": ["stopped"], "n": [{"numeric": [">", n]}]}}}
             for n, name in enumerate(names)]  # fmt: skip
    write(tmp_path, {"p.jsonl": "".join(json.dumps(line) + "\n" for line in lines)})
    event = {"id": "1", "type": "aws.event", "data": {"detail": [{"state": "stopped", "n": 5}, {"n": 99}]}}
    write(tmp_path, {"events.jsonl": json.dumps(event) + "\n"})
    code, out, err = eventbridge(
        "p.jsonl", "-o", "out", "--to", container, "--event-type", "aws.event", cwd=tmp_path
    )
    assert (code, err) == (0, "")
    assert "9 rules of 1 file imported into out" in out
    assert atamo("verify", "out", cwd=tmp_path).returncode == 0
    assert atamo("fmt", "--check", "out", cwd=tmp_path).returncode == 0
    done = atamo("simulate", "out", "--events", "events.jsonl", "--format", "jsonl", cwd=tmp_path)
    assert sorted(json.loads(done.stdout)["matched"]) == sorted(names[:5])


def test_either_container_holds_the_same_rules(tmp_path: Path) -> None:
    write(tmp_path, {"in/ec2.json": EC2})
    assert eventbridge("in", "-o", "one", cwd=tmp_path)[0] == 0
    assert eventbridge("in", "-o", "two", "--to", "yaml", cwd=tmp_path)[0] == 0
    assert atamo("fmt", "--to", "atamo", "two", cwd=tmp_path).returncode == 0
    one, two = found(tmp_path / "one"), found(tmp_path / "two")
    del one[".imported.json"], two[".imported.json"]
    assert {name: text.replace("\n\n", "\n") for name, text in one.items()} == {
        name: text.replace("\n\n", "\n") for name, text in two.items()
    }
