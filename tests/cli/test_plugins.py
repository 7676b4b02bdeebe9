"""Plug-ins of strangers: listed with their packages; two of one name are refused, broken ones named and contained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.forked import decoded, forked
from tests.places import ORDERS, write

GOOD = """
class Pager:
    settings_schema = {"type": "object"}
    timeout = 5.0
    concurrency = 1
    def __init__(self, name, settings, folder): print("made")
    async def perform(self, action, reply): ...
    async def close(self): ...
"""


def package(folder: Path, name: str, group: str, plugin: str, code: str) -> Path:
    """A package as if it were installed in a folder."""
    module = name.replace("-", "_")
    return write(
        folder,
        {
            f"{module}.py": code,
            f"{module}-1.5.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n",
            f"{module}-1.5.dist-info/entry_points.txt": f"[{group}]\n{plugin} = {module}:Pager\n",
        },
    )


def atamo(*arguments: str, here: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, with a folder of packages beside those that are installed."""
    more = {**os.environ, "PYTHONPATH": str(here)}
    return decoded(forked(*arguments, cwd=cwd or here, stdin=b"", env=more))


def listed(here: Path) -> tuple[int, dict[str, dict[str, object]], str]:
    done = atamo("plugins", "--format", "json", here=here)
    return done.returncode, {one["name"]: one for one in json.loads(done.stdout)}, done.stderr


def test_a_plug_in_is_listed_with_its_package(tmp_path: Path) -> None:
    package(tmp_path, "acme-pager", "atamo.agents", "pager", "print('hello')\n" + GOOD)
    code, found, said = listed(tmp_path)
    one = found["pager"]
    assert (code, one["distribution"], one["version"], one["loaded"]) == (0, "acme-pager", "1.5", True)
    assert said == "hello\n"  # what it prints leaves the listing alone
    text = atamo("plugins", here=tmp_path).stdout
    assert "acme-pager 1.5  acme_pager:Pager" in text
    assert text.index("atamo.agents") < text.index("pager") < text.index("atamo.stores")


def test_a_broken_plug_in_is_named_and_stops_nobody(tmp_path: Path) -> None:
    for name, code in {
        "imports": "import nowhere_at_all",
        "leaves": "import sys; sys.exit(3)",
        "lacks": "class Pager: pass",
        "raises": "1 / 0",
    }.items():
        package(tmp_path, f"acme-{name}", "atamo.agents", name, code)
    code, found, _ = listed(tmp_path)
    assert code == 1
    assert "ModuleNotFoundError" in str(found["imports"]["why"])
    assert "SystemExit" in str(found["leaves"]["why"])
    assert "it has no `settings_schema`" in str(found["lacks"]["why"])
    assert "ZeroDivisionError" in str(found["raises"]["why"])
    assert found["http"]["loaded"]
    write(tmp_path / "rules", {"a.atamo": ORDERS.replace("uses file", "uses leaves")})
    done = atamo("verify", "rules", here=tmp_path)
    assert (done.returncode, "plug-in `leaves` failed: SystemExit: 3" in done.stdout) == (1, True)


def test_one_name_of_two_packages_is_refused_with_both(tmp_path: Path) -> None:
    package(tmp_path, "acme-pager", "atamo.agents", "pager", GOOD)
    package(tmp_path, "other-pager", "atamo.agents", "pager", GOOD)
    code, found, _ = listed(tmp_path)
    why = str(found["pager"]["why"])
    assert code == 1
    assert "`acme-pager` 1.5" in why
    assert "`other-pager` 1.5" in why
    write(
        tmp_path / "rules", {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', "uses pager")}
    )
    done = atamo("verify", "rules", here=tmp_path)
    assert (done.returncode, "keep one of them" in done.stdout) == (1, True)


def test_agents_are_made_by_verify_without_a_word_on_standard_output(tmp_path: Path) -> None:
    package(tmp_path, "acme-pager", "atamo.agents", "pager", GOOD)
    write(
        tmp_path / "rules", {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', "uses pager")}
    )
    done = atamo("verify", "rules", "--format", "json", here=tmp_path)
    assert (done.returncode, done.stderr) == (0, "made\n")
    assert json.loads(done.stdout)


AUDITOR = """
class Told:
    def __init__(self, place, folder): self.file = open(place, "a")
    def tell(self, record): self.file.write(record.kind + "\\n")
    def close(self): self.file.close()
Pager = Told
"""
EVENTS = """
class Once:
    def __init__(self, place, folder): self.place = place
    async def run(self, submit):
        await submit(b'{"type": "order.placed", "data": {"id": "%s", "total": 500}}' % self.place.encode())
Pager = Once
"""


def test_parts_of_a_hub_are_plug_ins_of_strangers(tmp_path: Path) -> None:
    package(tmp_path, "acme-told", "atamo.auditors", "told", AUDITOR)
    package(tmp_path, "acme-once", "atamo.event_providers", "once", EVENTS)
    write(tmp_path / "rules", {"a.atamo": ORDERS})
    run = ("run", "rules", "--no-http", "--store", "memory")
    more = ("--auditor", "told:told.txt", "--events", "once:x7")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "atamo_rules", *run, *more]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as hub:
        log = tmp_path / "rules/out/desk.log"
        until = time.monotonic() + 50
        while not (log.exists() and log.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        hub.terminate()
        hub.communicate(timeout=30)
    assert "x7" in log.read_text()
    assert "event.finished\n" in (tmp_path / "told.txt").read_text()
    wrong = atamo(*run, "--auditor", "tald:x", "--events", "once:x7", here=tmp_path)
    assert (wrong.returncode, "did you mean `told`" in " ".join(wrong.stderr.split())) == (2, True)
