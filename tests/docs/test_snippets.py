"""Every fenced block of the documentation is run: what a page shows is what a reader gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import BadPage, Block, blocks, matches, transcript
from tests.docs.runner import ROOT, Page, Wrong, begins_with

PAGES = sorted(
    path
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "rulesets").glob("*/README.md"))
    if path.exists() and path.read_text("utf-8").strip() and "codes" not in path.relative_to(ROOT).parts
)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "ATAMO_FORMAT", "ATAMO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    Page(path, tmp_path / "project", copy=begins_with(path)).run(monkeypatch.chdir)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in _targets(path):
        assert (path.parent / target).exists(), f"{path}: {target}"


def _targets(path: Path) -> list[str]:
    """What a page links to inside the repository."""
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    return [target for target in found if "://" not in target]


# --- the runner itself: each of these must fail, or nothing above means anything -------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```atamo\nrule x\n```\n", "expected no findings"),
        ('```atamo errors="E0201"\nevent a\n  b: text\n```\n', "E0201"),
        ("```console\n$ echo one\ntwo\n```\n", "gave [exit 0]"),
        ("```console\n$ false\n```\n", "gave [exit 1]"),
        ("```console\n$ atamo explain E0000\n```\n", "gave [exit 2]"),
        ("```bash\nexit 3\n```\n", "ended with 3"),
        ("```ruby\nputs 1\n```\n", "not run"),
        ('```atamo title="../x.atamo"\nevent a\n```\n', "leads out"),
    ],
)
def test_a_wrong_page_fails(text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.md"
    path.write_text(text, "utf-8")
    with pytest.raises(Wrong, match=re.escape(why)):
        Page(path, tmp_path / "project").run(monkeypatch.chdir)


def test_a_reason_skips_only_the_next_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "<!-- skip: needs a network -->\n\n```bash\nexit 1\n```\n\n```bash\nexit 0\n```\n", "utf-8"
    )
    assert Page(path, tmp_path / "project").run(monkeypatch.chdir) == 1


def test_a_block_that_never_ends_is_said(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("text\n```bash\nexit 1\n", "utf-8")
    with pytest.raises(BadPage, match=":2: this block never ends"):
        list(blocks(path))


def test_a_transcript_is_read_command_by_command() -> None:
    block = Block("console", "$ one\na\n[exit 3]\n$ two\n", 10)
    assert [(s.command, s.expected, s.code, s.line) for s in transcript(block)] == [
        ("one", "a", 3, 11),
        ("two", "", 0, 14),
    ]


@pytest.mark.parametrize(
    ("expected", "got", "good"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("a\n...", "a\nb\nc\n", True),
        ("...\nc", "a\nb\nc\n", True),
        ("digest ... end", "digest 12 end\n", True),
        ("digest ... end", "digest 12\n end\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_outputs_are_compared_line_by_line(expected: str, got: str, good: bool) -> None:
    assert matches(expected, got) is good


def test_every_page_can_be_found_from_the_first() -> None:
    """Nobody reads a page that no page leads to."""
    first = ROOT / "docs" / "index.md"
    seen: set[Path] = set()
    waiting = [first]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        waiting += [page.parent / target for target in _targets(page)]
    missing = {path.resolve() for path in (ROOT / "docs").rglob("*.md")} - seen
    assert not {path for path in missing if "codes" not in path.parts}
