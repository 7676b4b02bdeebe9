"""Nobody is locked out: the first key is shown before it is kept, and whoever keeps the folder can make another."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from atamo_rules.cli.main import cli
from tests.cli.dispatcher import ATAMO, Dispatcher, atamo, environment
from tests.places import write

OUTSIDE = ("--host", "0.0.0.0", "--port", "0", "--allow-host", "127.0.0.1")
KEY = re.compile(r"atm_[a-z0-9]{8}_[\w-]{43}")
RULES = "event tick of anything\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel what a process waits for")


def project(tmp_path: Path) -> str:
    return str(write(tmp_path, {"rules/a.atamo": RULES}))


def start(folder: str, stderr: int) -> subprocess.Popen[bytes]:
    command = [*ATAMO, "run", folder, *OUTSIDE, "--quiet"]
    return subprocess.Popen(command, stderr=stderr, stdout=subprocess.DEVNULL, env=environment())


def opens(folder: str, key: str = "") -> list[str]:
    """Whose keys there are, asked with that key, or with the one that a start shows."""
    with Dispatcher(folder, *OUTSIDE) as hub:
        url = hub.said("listening on").split()[-1].replace("0.0.0.0", "127.0.0.1")
        key = key or hub.said("shown this once").split()[-1]
        answer = httpx2.get(f"{url}/v1/keys", headers={"authorization": f"Bearer {key}"}, trust_env=False)
        assert answer.status_code == 200, answer.text
        assert hub.end(signal.SIGTERM) == 0
        return [one["holder"] for one in answer.json()["keys"]]


@linux
def test_a_hub_that_is_killed_while_it_shows_the_first_key_has_not_kept_it(tmp_path: Path) -> None:
    """Its standard error takes nothing, so it stands in the middle of showing; had the key been kept before, nobody
    would ever come in."""
    folder = project(tmp_path)
    read, full = os.pipe()
    fcntl.fcntl(full, fcntl.F_SETPIPE_SZ, 4096)
    os.write(full, b"x" * fcntl.fcntl(full, fcntl.F_GETPIPE_SZ))
    process = start(folder, full)
    call = Path(f"/proc/{process.pid}/syscall")
    writes = {"x86_64": "1 0x2 ", "aarch64": "64 0x2 "}[os.uname().machine]
    while not call.read_text().startswith(writes):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait(10)
    os.close(read)
    os.close(full)
    assert opens(folder) == ["admin"], "the next start shows one, and it is the only one"


def test_a_first_key_that_cannot_be_shown_is_not_kept(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with open("/dev/full", "wb") as full:
        process = start(folder, full.fileno())
        assert process.wait(60) != 0
    assert opens(folder) == ["admin"]


@pytest.mark.slow
def test_a_hub_that_is_killed_when_the_first_key_was_shown_lets_in_with_that_or_shows_another(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path)
    process = start(folder, subprocess.PIPE)
    assert process.stderr is not None
    shown = b""
    while not (found := KEY.search(shown.decode())):
        shown += os.read(process.stderr.fileno(), 1)
    process.kill()
    process.wait(10)
    process.stderr.close()
    with Dispatcher(folder, *OUTSIDE) as hub:
        hub.said("listening on")
        another = any("shown this once" in line for line in hub.err)
        assert hub.end(signal.SIGTERM) == 0
    if not another:  # it was kept
        assert opens(folder, found[0]) == ["admin"]


def test_a_key_made_in_the_folder_opens_a_hub_that_runs_and_one_that_is_started(tmp_path: Path) -> None:
    folder = project(tmp_path)
    first = atamo("key", "create", "root", "--role", "admin", "--over", "everything", "--folder", folder)
    assert (first.returncode, bool(KEY.fullmatch(first.stdout.strip()))) == (0, True)
    assert "or when it is started" in first.stderr
    waits = list((tmp_path / ".atamo" / "keys").iterdir())
    assert [one.stat().st_mode & 0o777 for one in waits] == [0o600]
    assert first.stdout.strip().split("_", 2)[2] not in waits[0].read_text(), "what opens is in no file"
    with Dispatcher(folder, *OUTSIDE) as hub:
        url = hub.said("listening on").split()[-1].replace("0.0.0.0", "127.0.0.1")
        assert not any("shown this once" in line for line in hub.err), "there is a key, so no other is made"
        assert atamo("key", "list", "--url", url, key=first.stdout.strip()).returncode == 0
        second = atamo("key", "create", "ann", "--role", "viewer", "--over", "everything", "--folder", folder)
        hub.said("of ann was made where this hub runs")
        rules = httpx2.get(
            f"{url}/v1/rules", headers={"authorization": f"Bearer {second.stdout.strip()}"}, trust_env=False
        )
        assert rules.status_code == 200
        (tmp_path / ".atamo" / "keys" / "bad.json").write_text('{"id": "bad"}')
        hub.said("bad.json` is not as `atamo key create` writes it, and is put aside")
        assert hub.end(signal.SIGTERM) == 0
    assert [one.name for one in (tmp_path / ".atamo" / "keys").iterdir()] == ["bad.refused"]


def test_a_key_is_made_beside_a_store_that_is_elsewhere(tmp_path: Path) -> None:
    """As in a container, where the folder of the rules cannot be written."""
    folder, store = str(write(tmp_path / "rules", {"a.atamo": RULES})), tmp_path / "data" / "hub.db"
    with Dispatcher(folder, *OUTSIDE, "--store", f"sqlite:{store}", "--audit", "none") as hub:
        url = hub.said("listening on").split()[-1].replace("0.0.0.0", "127.0.0.1")
        made = atamo(
            "key", "create", "root", "--role", "admin", "--over", "everything", "--folder", str(store)
        )
        hub.said("of root was made where this hub runs")
        assert atamo("key", "list", "--url", url, key=made.stdout.strip()).returncode == 0
        assert hub.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ann", "--role", "none", "--over", "own"), "`role` is one of viewer"),
        (("ann", "--role", "admin", "--over", "all"), "`over` is everything, own"),
        (("ann", "--verb", "fly"), "`verbs` is"),
        (("",), "`holder` is a text"),
    ],
)
def test_a_key_that_cannot_be_is_not_made_in_a_folder(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = CliRunner().invoke(cli, ["key", "create", *arguments, "--folder", project(tmp_path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (tmp_path / ".atamo").exists()
