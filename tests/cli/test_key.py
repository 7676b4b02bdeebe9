"""`atamo key`, and the first key of a hub that others can reach."""

from __future__ import annotations

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
