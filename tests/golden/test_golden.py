"""Every case of these folders, shown exactly as its author would see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.case import Case
from tests.golden.shell import checked, shell
from tests.sandbox.walls import needs_walls_for

HERE = Path(__file__).parent
DEFAULTS = {
    "check": "",
    "verify": "atamo verify",
    "simulate": "atamo simulate --events events.jsonl",
    "cli": "",
}


@pytest.mark.parametrize("path", sorted(HERE.glob("*/*.case")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_golden(path: Path, bless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case.read(path)
    assert case.why, "a case begins with its reason"
    needs_walls_for(case.files)
    case.lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    command = case.command or DEFAULTS[path.parent.name]
    if command:
        text, code = shell(command, case.files.get("stdin", b""), monkeypatch)
        got = f"{text}exit {code}\n"
    else:
        got = checked()
    if bless:
        case.bless(got)
        case = Case.read(path)
    assert got == case.expect, case.why
