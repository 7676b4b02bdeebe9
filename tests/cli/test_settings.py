"""Settings from a file, the environment and the command line: which wins, and what is said of mistakes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from tests.cli.dispatcher import atamo
from tests.places import write

RULES = "event thing\n  n: whole\n\nrule a\n  on thing\n  when n > 1\n  stop\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, {"rules/a.atamo": RULES, ".git/HEAD": ""})


def shown(project: Path, *args: str, **more: str) -> dict[str, tuple[object, str]]:
    """What `config show` says of one command: value and source by name."""
    done = atamo("config", "show", "--format", "json", *args, cwd=project, more=more)
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout)["settings"]
    return {f"{one['command']}.{one['name']}": (one["value"], one["source"]) for one in settings}


def test_the_nearest_file_is_found_and_the_environment_wins_over_it(project: Path) -> None:
    write(
        project, {"atamo.toml": 'url = "http://hub.example"\n\n[run]\nport = 9001\nparam = ["a=1", "b=2"]\n'}
    )
    found = shown(project / "rules", "run", "send")
    assert found["run.port"] == ("9001", "../atamo.toml:4")
    assert found["run.param"] == (["a=1", "b=2"], "../atamo.toml:5")
    assert found["send.url"] == ("http://hub.example", "../atamo.toml:1")
    found = shown(project, "run", "send", ATAMO_RUN_PORT="7", ATAMO_URL="http://other.example")
    assert found["run.port"] == ("7", "environment ATAMO_RUN_PORT")
    assert found["send.url"] == ("http://other.example", "environment ATAMO_URL")


def test_settings_change_what_a_command_does_and_options_win(project: Path) -> None:
    write(project, {"atamo.toml": '[verify]\nformat = "json"\n'})
    assert json.loads(atamo("verify", cwd=project).stdout)["summary"]["rules"] == 1
    assert "1 rule" in atamo("verify", "--format", "full", cwd=project).stdout
    assert "1 rule" in atamo("--no-config", "verify", cwd=project).stdout


def test_a_table_of_pyproject_serves_too_and_a_file_of_our_own_goes_first(project: Path) -> None:
    write(project, {"pyproject.toml": "[project]\nname = 'x'\n[tool.atamo.run]\nport = 1\n"})
    assert shown(project, "run")["run.port"] == ("1", "pyproject.toml:4")
    write(project, {"atamo.toml": "[run]\nport = 2\n", "other.toml": "[run]\nport = 3\n"})
    assert shown(project, "run")["run.port"] == ("2", "atamo.toml:2")
    done = atamo("--config", "other.toml", "config", "show", "--sources", "run", cwd=project)
    assert done.stdout == 'file: other.toml\nrun.port = "3"    # other.toml:2\n'


def test_nothing_beyond_the_root_of_a_repository_is_read(project: Path) -> None:
    inner = write(project / "inner", {".git/HEAD": "", "rules/a.atamo": RULES})
    write(project, {"atamo.toml": "[run]\nnonsense = 1\n"})
    assert atamo("config", "show", cwd=inner).stdout == "file: none\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[run]\nprot = 1\n", "atamo.toml:2: `atamo run` has no setting `prot`. Did you mean `port`?"),
        ("[rum]\nport = 1\n", "atamo.toml:1: Atamo has no setting `rum`. Did you mean `run`?"),
        ("colour = 'never'\n", "atamo.toml:1: Atamo has no setting `colour`. Did you mean `color`?"),
        ("color = 'pink'\n", "atamo.toml:1: `color` is one of auto, always, never."),
        ("[run]\nport = 'x'\n", "atamo.toml:2: `port`: 'x' is not a valid integer range."),
        ("[run]\nport = 99999\n", "atamo.toml:2: `port`: 99999 is not in the range"),
        ("[run]\nport = [1]\n", "atamo.toml:2: `port` is one value."),
        ("[run]\nport = true\n", "atamo.toml:2: `port` is no truth value."),
        ("[run]\npatience = nan\n", "atamo.toml:2: `patience`: nan is not in the range 0.1<=x<=3600."),
        ('[run]\naudit = "a\\u0000"\n', "atamo.toml:2: `audit` holds the character U+0000"),
        ("[run]\nparam = 'a=1'\n", "atamo.toml:2: `param` is a list."),
        ("[run]\nreload = 1\n", "atamo.toml:2: `reload` is true or false."),
        ("[run]\ncode = ['.']\n", "atamo.toml:2: `atamo run` has no setting `code`."),
        ("[run\n", "`atamo.toml` cannot be read: "),
    ],
)
def test_mistakes_are_said_with_their_line_and_a_remedy(project: Path, text: str, says: str) -> None:
    write(project, {"atamo.toml": text})
    done = atamo("run", "--no-http", "--stdin", cwd=project)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--config", "nowhere.toml", "verify"], "`nowhere.toml` does not exist"),
        (["-C", "nowhere", "verify"], "`nowhere` does not exist"),
        (["config", "show", "rum"], "There is no command `rum`"),
    ],
)
def test_places_that_are_not_there(project: Path, arguments: list[str], says: str) -> None:
    done = atamo(*arguments, cwd=project)
    assert (done.returncode, says in done.stderr) == (2, True)


def test_another_folder_is_worked_in(project: Path) -> None:
    assert "1 rule" in atamo("-C", str(project), "verify", "rules").stdout


def test_the_schema_takes_what_the_command_takes(project: Path) -> None:
    schema = json.loads(atamo("config", "schema", cwd=project).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    good = tomllib.loads('url = "http://x"\n[run]\nport = 1\nparam = ["a=1"]\n[dead.list]\nformat = "json"\n')
    jsonschema.validate(good, schema, jsonschema.Draft7Validator)
    for bad in ({"run": {"prot": 1}}, {"run": {"port": "x"}}, {"color": "pink"}, {"rum": {}}):
        assert not jsonschema.Draft7Validator(schema).is_valid(bad)
