"""What the command says of itself: version, health, help by panels."""

from __future__ import annotations

import json
from pathlib import Path

import atamo_rules
from atamo_rules.cli.main import COMMANDS, PANELS
from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write


def test_the_version_for_people_and_for_programs() -> None:
    assert atamo("--version").stdout == f"atamo {atamo_rules.__version__}\n"
    assert atamo("version").stdout.startswith(f"atamo {atamo_rules.__version__}, ")
    told = json.loads(atamo("version", "--format", "json").stdout)
    assert told["atamo"] == atamo_rules.__version__
    assert "signing" in told["extras"]


def test_every_command_stands_in_one_panel_and_has_examples() -> None:
    shown = [name for names in PANELS.values() for name in names.split()]
    assert sorted(shown) == sorted(COMMANDS)
    without = [name for name in COMMANDS if "Examples:\n" not in atamo(name, "--help").stdout]
    assert not without


def test_the_health_of_a_hub_is_an_exit_code(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": "event thing\n  n: whole\n\nrule a\n  on thing\n  stop\n"})
    with Dispatcher("--port", "0", cwd=tmp_path) as hub:
        url = hub.said("listening on").split()[-1]
        done = atamo("healthcheck", "--url", url)
        assert (done.returncode, done.stdout) == (0, f"{url} is well\n")
        assert atamo("healthcheck", "--url", url, "--live", "-q").stdout == ""
    done = atamo("healthcheck", "--url", url)
    assert (done.returncode, f"no hub answers at {url}" in done.stderr) == (2, True)
    assert atamo("healthcheck", "--url", "nonsense").returncode == 2
