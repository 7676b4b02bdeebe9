"""`atamo key`, and the first key of a hub that others can reach."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write

RULES = """
event tick
  n: whole

agent log
  send line
    n: whole

rule echo
  on tick
  do
    send log.line
      n: n
"""


def ask(*words: str, key: str = "") -> subprocess.CompletedProcess[str]:
    return atamo(*words, key=key)


def test_the_first_key_is_shown_once_and_opens(tmp_path: Path) -> None:
    folder = str(write(tmp_path, {"rules/a.atamo": RULES}))
    with Dispatcher(folder, "--port", "0", "--host", "0.0.0.0", "--allow-host", "127.0.0.1") as hub:
        key = hub.said("shown this once").split()[-1]
        assert re.fullmatch(r"atm_[a-z0-9]{8}_[\w-]{43}", key)
        url = hub.said("listening on").split()[-1].replace("0.0.0.0", "127.0.0.1")
        refused = ask("key", "list", "--url", url)
        assert (refused.returncode, refused.stderr.splitlines()[0]) == (1, "say who you are")
        made = ask(
            "key",
            "create",
            "shop",
            "--verb",
            "event.send",
            "--type",
            "tick",
            "--expires",
            "9",
            "--url",
            url,
            key=key,
        )
        assert made.returncode == 0, made.stderr
        assert "of shop, made by admin, which ends at " in made.stderr
        listed = ask("key", "list", "--url", url, key=key).stdout
        assert [line.split()[1] for line in listed.splitlines()] == ["admin", "shop"]
        assert made.stdout.strip() not in listed
        id = made.stdout.split("_")[1]
        assert ask("key", "revoke", id, "--url", url, key=key).returncode == 0
        assert hub.end(signal.SIGTERM) == 0
    with Dispatcher(folder, "--port", "0", "--host", "0.0.0.0", "--allow-host", "127.0.0.1") as hub:
        url = hub.said("listening on").split()[-1].replace("0.0.0.0", "127.0.0.1")
        assert not any("shown this once" in line for line in hub.err)
        assert "revoked" in ask("key", "list", "--url", url, key=key).stdout
        assert hub.end(signal.SIGTERM) == 0


def test_whom_no_key_opens_the_hub_lists_and_revokes_by_the_folder(tmp_path: Path) -> None:
    """Stopped or running, without a key; what waits for the hub is told, and no text that opens."""
    folder = str(write(tmp_path, {"rules/a.atamo": RULES}))
    made = ask("key", "create", "root", "--role", "admin", "--over", "everything", "--folder", folder)
    id = made.stdout.split("_")[1]
    listed = ask("key", "list", "--folder", folder)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith(
        f"{id}  root · admin over everything · for good · never used · not taken in yet"
    )
    with Dispatcher(folder, "--port", "0") as hub:
        url = hub.said("listening on").split()[-1]
        assert ask("key", "list", "--url", url).returncode == 1
        listed = ask("key", "list", "--folder", folder, "--format", "json")
        kept = json.loads(listed.stdout)
        assert ([one["id"] for one in kept["keys"]], kept["waiting"], kept["ending"]) == ([id], [], [])
        assert made.stdout.strip() not in listed.stdout
        assert "digest" not in kept["keys"][0]
        assert ask("key", "list", "--url", url, key=made.stdout.strip()).returncode == 0
        done = ask("key", "revoke", id, "--folder", folder)
        assert (done.returncode, done.stderr) == (0, "")
        hub.said("was revoked where this hub runs")
        assert ask("key", "list", "--url", url, key=made.stdout.strip()).returncode == 1
        assert hub.end(signal.SIGTERM) == 0
    done = ask("key", "revoke", id, "--folder", folder)
    assert (done.returncode, done.stdout) == (0, f"key {id} of root opens nothing any more\n")
    for unknown in ("nonenone", "../../x"):
        done = ask("key", "revoke", unknown, "--folder", folder)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(
            f"there is no key of this id\n  `atamo key list --folder {folder}` lists them"
        )
    assert not list((tmp_path / ".atamo" / "keys").iterdir())


def test_a_key_revoked_while_the_hub_is_stopped_opens_nothing_from_its_start_on(tmp_path: Path) -> None:
    folder = str(write(tmp_path, {"rules/a.atamo": RULES}))
    with Dispatcher(folder, "--port", "0") as hub:
        url = hub.said("listening on").split()[-1]
        key = ask(
            "key", "create", "root", "--role", "admin", "--over", "everything", "--url", url
        ).stdout.strip()
        assert hub.end(signal.SIGTERM) == 0
    id = key.split("_")[1]
    assert ask("key", "revoke", id, "--folder", folder).returncode == 0
    assert "not revoked yet" in ask("key", "list", "--folder", folder).stdout
    with Dispatcher(folder, "--port", "0") as hub:
        url = hub.said("listening on").split()[-1]
        assert ask("key", "list", "--url", url, key=key).returncode == 1
        assert hub.end(signal.SIGTERM) == 0
