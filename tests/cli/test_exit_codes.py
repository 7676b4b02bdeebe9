"""Exit codes, which scripts rely on: docs/reference/exit-codes.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from atamo_rules.cli.main import COMMANDS
from tests.cli.dispatcher import ATAMO, atamo, environment
from tests.places import write

GOOD = 'event thing\n  n: whole\n\nrule a\n  on thing\n  when n > 1\n  stop\n  test "b"\n    given thing { n: 2 }\n'
GOOD += "    expect rule a\n"
BAD = GOOD.replace("n > 1", "m > 1")
FAILING = GOOD.replace("n: 2", "n: 1")


@pytest.mark.parametrize(
    ("rules", "arguments", "code"),
    [
        (GOOD, ["verify"], 0),
        (BAD, ["verify"], 1),
        (FAILING, ["verify"], 1),
        (GOOD, ["verify", "nowhere"], 2),
        (GOOD, ["verify", "--nonsense"], 2),
        (GOOD, ["nonsense"], 2),
        (GOOD, [], 2),
        (GOOD, ["fmt", "--check"], 0),
        (GOOD.replace("  on", "   on"), ["fmt", "--check"], 1),
        (GOOD, ["simulate", "--events", "-"], 0),
        (BAD, ["simulate", "--events", "-"], 1),
        (GOOD, ["simulate"], 2),
        (GOOD, ["explain", "E0201"], 0),
        (GOOD, ["explain", "E9999"], 2),
        (GOOD, ["run", "--stdin", "--store", "memory"], 0),
        (BAD, ["run", "--stdin", "--store", "memory"], 1),
        (GOOD, ["run", "nowhere"], 2),
        (GOOD, ["trace", "x", "--url", "http://127.0.0.1:9"], 2),
        (GOOD, ["healthcheck", "--url", "http://127.0.0.1:9"], 2),
        (GOOD, ["config", "show"], 0),
    ],
    ids=lambda value: (
        value.split("\n")[-3].strip() if isinstance(value, str) else " ".join(map(str, [value]))[:40]
    ),
)
def test_codes(tmp_path: Path, rules: str, arguments: list[str], code: int) -> None:
    write(tmp_path, {"a.atamo": rules})
    done = atamo(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_our_own_is_three(tmp_path: Path) -> None:
    broken = "import atamo_rules.cli.main as main\nmain.COMMANDS['verify'] = ('nowhere:x', '')\nmain.main()\n"
    done = subprocess.run(
        [ATAMO[0], "-c", broken, "verify"], cwd=tmp_path, capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 3
    assert "a fault of Atamo itself" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_codes(name: str) -> None:
    told = atamo(name, "--help").stdout
    inner = [] if "COMMAND [ARGS]" not in told else ["more"]
    assert inner or "Exit codes:" in told
