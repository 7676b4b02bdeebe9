"""Every fix in every golden case and page does what it says: its diagnostic goes away, and nothing breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from atamo_rules.hub.project.rulebook import Rulebook
from atamo_rules.source.diagnostic import Diagnostic, Fix
from tests.golden.case import Case
from tests.golden.page import Page

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs" / "codes"


def projects() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Every golden project and every wrong example, by name."""
    for path in sorted(HERE.glob("*/*.case")):
        yield f"{path.parent.name}/{path.stem}", Case.read(path).files
    for path in sorted(PAGES.glob("*.md")):
        yield path.stem, Page.read(path).wrong.files


def found(folder: Path) -> tuple[Diagnostic, ...]:
    return Rulebook((folder,)).compile().diagnostics


def said(diagnostics: tuple[Diagnostic, ...]) -> Counter[tuple[str, str]]:
    return Counter((d.code.id, d.message) for d in diagnostics)


def apply(fix: Fix) -> None:
    """Make one fix in the file it is for."""
    path = Path(fix.edits[0].span.source.name)
    text = path.read_text("utf-8")
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    path.write_text(text, "utf-8")


WITH_RULES = [
    pytest.param(files, id=name)
    for name, files in projects()
    if any(path.startswith("rules/") and path.endswith((".atamo", ".yaml")) for path in files)
]


@pytest.mark.parametrize("files", WITH_RULES)
def test_every_fix_mends_what_it_is_for(files: dict[str, bytes], tmp_path: Path) -> None:
    def lay_out() -> tuple[Diagnostic, ...]:
        for name, raw in files.items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
        return found(tmp_path)

    for diagnostic in lay_out():
        for number in range(len(diagnostic.fixes)):
            again = lay_out()
            same = next(d for d in again if d == diagnostic)
            fix = same.fixes[number]
            apply(fix)
            after = said(found(tmp_path))
            key = (diagnostic.code.id, diagnostic.message)
            assert after[key] < said(again)[key], f"{fix.title} leaves {key}"
            fresh = after - said(again)
            unread = [new for new in fresh if new[0].startswith(("E010", "E012"))]
            assert not unread or diagnostic.code.id.startswith("E01"), f"{fix.title} makes {unread}"
            if fix.safe:
                assert not fresh or all(new[0] == diagnostic.code.id for new in fresh), fresh


def test_there_are_fixes_to_try(tmp_path: Path) -> None:
    tried = Counter[bool]()
    for number, (_, files) in enumerate(projects()):
        folder = tmp_path / str(number)
        for name, raw in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
        if any(path.endswith((".atamo", ".yaml")) for path in files):
            tried.update(fix.safe for d in found(folder) for fix in d.fixes)
    assert tried[True] >= 4
    assert tried[False] >= 30
