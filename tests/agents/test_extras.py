"""An agent whose extra is not installed is said where it is declared, before anything is asked of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atamo_rules.hub.agents.binding import bind
from atamo_rules.hub.project.rulebook import Rulebook
from tests.places import write

RULES = """
event order.paid
  number: text

agent desk
  uses {uses}
  send note
    subject: text

rule paid
  on order.paid
  do
    send desk.note
      subject: number
"""
MAIL = 'mail\n    host: "smtp.example"\n    from: "desk@example.com"'
SQL = 'sql\n    database: "{database}"\n    actions:\n      note:\n        statement: "insert into n values (:subject)"'
MISSING = [
    ("aiosmtplib", MAIL, "atamo-rules[mail]"),
    ("sqlalchemy", SQL.format(database="sqlite:///shop.db"), "atamo-rules[sql]"),
    ("psycopg", SQL.format(database="postgresql://db.example/shop"), "psycopg[binary]"),
    ("pg8000", SQL.format(database="postgresql+pg8000://db.example/shop"), "pg8000"),
]


@pytest.mark.parametrize(("module", "uses", "install"), MISSING)
def test_it_is_said_at_the_agent_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, uses: str, install: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    write(tmp_path, {"a.atamo": RULES.format(uses=uses)})
    made = Rulebook((tmp_path,)).compile()
    assert made.ruleset is not None, made.diagnostics
    bound, found = bind(made.ruleset, str(tmp_path))
    assert "desk" not in bound
    (one,) = found
    assert one.message == (
        f"the agent `desk` cannot be used: `{module}` is not installed: `pip install '{install}'`"
    )
    assert str(one.span).endswith("a.atamo:5:3")


@pytest.mark.parametrize("command", [("verify", "."), ("doctor", "."), ("run", ".", "--stdin")])
def test_verify_doctor_and_the_start_say_it(tmp_path: Path, command: tuple[str, ...]) -> None:
    write(tmp_path, {"a.atamo": RULES.format(uses=MAIL)})
    without = "import sys; sys.modules['aiosmtplib'] = None; from atamo_rules.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "`aiosmtplib` is not installed: `pip install 'atamo-rules[mail]'`" in done.stdout + done.stderr
