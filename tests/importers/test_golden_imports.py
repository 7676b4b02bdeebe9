"""Every case of the folders here: foreign files, and the rule files that `atamo import` makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.case import Case
from tests.golden.shell import shell

HERE = Path(__file__).parent
OUT = "out"


@pytest.mark.parametrize("path", sorted(HERE.glob("*/*.case")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_golden(path: Path, bless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case.read(path)
    assert case.why, "a case begins with its reason"
    case.lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    options = case.command or "in"
    said, code = shell(f"atamo import {path.parent.name} {options} -o {OUT}", b"", monkeypatch)
    files = sorted(one for one in Path(OUT).rglob("*") if one.is_file() and not one.name.startswith("."))
    got = f"{said}exit {code}\n" + "".join(f"\n--- {one}\n{one.read_text('utf-8')}" for one in files)
    if bless:
        case.bless(got)
        case = Case.read(path)
    assert got == case.expect, case.why
    said, code = shell(f"atamo verify {OUT}", b"", monkeypatch)
    assert code == 0, said
    said, code = shell(f"atamo fmt --check {OUT}", b"", monkeypatch)
    assert code == 0, said
