"""`atamo verify`, `doctor` and `run` with Python files in the project's `providers` folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.test_plugins import atamo
from tests.places import write
from tests.sandbox.test_python_files import ALWAYS, RULES
from tests.sandbox.walls import needs_walls

BAD = "import sys\nsys.exit(1)\n"
FORBIDDEN = """
import os, sys
from atamo_rules.sandbox.inside import kernel
from atamo_rules.cli.main import main
user, group = os.geteuid(), os.getegid()
kernel.call("unshare", kernel.CLONE_NEWUSER)
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
    with open("/proc/self/" + name, "w") as file:
        file.write(text)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
sys.argv[0] = "atamo"
main()
"""


def without_namespaces(here: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """An `atamo` command where nobody may make namespaces."""
    return subprocess.run(
        [sys.executable, "-c", FORBIDDEN, *words], cwd=here, capture_output=True, text=True, timeout=60
    )


@needs_walls
def test_doctor_says_which_walls_stand_where_there_is_code_of_users(tmp_path: Path) -> None:
    write(tmp_path / "rules", {"a.atamo": RULES})
    assert not [one for one in doctor(tmp_path) if one["what"] == "sandbox"]
    write(tmp_path / "rules", {"providers/always.py": ALWAYS})
    found = [one for one in doctor(tmp_path) if one["what"] == "sandbox"]
    assert {one["name"] for one in found} >= {"files", "calls", "network"}
    assert {one["state"] for one in found} <= {"ok", "warning"}


def doctor(here: Path) -> list[dict[str, str]]:
    told: list[dict[str, str]] = json.loads(atamo("doctor", "rules", "--format", "json", here=here).stdout)[
        "checks"
    ]
    return told


@needs_walls
def test_where_walls_are_missing_verify_says_so_and_run_refuses_unless_it_is_told_otherwise(
    tmp_path: Path,
) -> None:
    write(tmp_path / "rules", {"a.atamo": RULES, "providers/always.py": ALWAYS})
    verified = without_namespaces(tmp_path, "verify", "rules")
    assert verified.returncode == 0, verified.stderr
    assert (
        "the Python files in `providers` were not checked: this machine cannot put up every wall"
        in verified.stderr
    )
    run = without_namespaces(tmp_path, "run", "rules", "--stdin", "--store", "memory")
    assert run.returncode == 1
    assert "error[E0809]: it is not run: this machine cannot put up every wall" in run.stderr
    weaker = without_namespaces(tmp_path, "run", "rules", "--stdin", "--store", "memory", "--weaker-walls")
    assert weaker.returncode == 0, weaker.stderr
    assert "1 rule and 1 provider, ready" in weaker.stderr
    write(tmp_path / "rules", {"providers/always.py": BAD})
    verified = without_namespaces(tmp_path, "verify", "rules", "--weaker-walls")
    assert verified.returncode == 1
    assert "E0809" in verified.stdout + verified.stderr


@needs_walls
def test_run_takes_events_by_a_file_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "rules", {"a.atamo": RULES, "providers/always.py": ALWAYS})
    line = json.dumps({"type": "order.placed", "id": "1", "data": {"who": "ann", "total": 0}}) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "atamo_rules", "run", "rules", "--stdin"],
        cwd=tmp_path, input=line, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    records = [json.loads(one) for one in (tmp_path / "rules/.atamo/audit.jsonl").read_text().splitlines()]
    (done_,) = [one["what"] for one in records if one["kind"] == "action.done"]
    assert done_["provider"].startswith("always ")
    assert done_["target"] == "desk.note"
