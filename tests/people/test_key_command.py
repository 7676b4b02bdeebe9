"""`atamo key create` says where nobody is called like the holder, whose key would open nothing."""

from __future__ import annotations

from pathlib import Path

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write

RULES = "event tick\n  n: whole\n\nrule base\n  on tick\n  stop\n"


def test_a_key_for_nobody_is_made_and_doubted(tmp_path: Path) -> None:
    write(
        tmp_path, {"rules/a.atamo": RULES, "rules/people.yaml": "users:\n  ann: {}\nservices:\n  robot: {}\n"}
    )
    with Dispatcher("rules", "--port", "0", cwd=tmp_path) as hub:
        url = ("--url", hub.said("listening on").split()[-1])
        assert atamo("key", "list", *url).stdout.startswith("there are none: ")
        first = atamo("key", "create", "root", "--role", "admin", "--over", "everything", *url)
        assert "note" not in first.stderr, "its role is its own"
        admin = first.stdout.strip()
        for holder in ("ann", "robot"):
            assert "note" not in atamo("key", "create", holder, *url, key=admin).stderr
        doubted = atamo("key", "create", "anm", *url, key=admin)
        assert doubted.returncode == 0
        assert "note: there is no user `anm`\n  did you mean `ann`?\n" in doubted.stderr
        assert doubted.stdout.startswith("atm_")
