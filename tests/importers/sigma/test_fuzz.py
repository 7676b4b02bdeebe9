"""Sigma files with anything wrong in them: said at a place, refused by name, or imported as rules that compile."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from tests.importers.sigma.worlds import files, reading
from tests.worlds import compiled

SOUND = [path.read_text("utf-8") for path in sorted((Path(__file__).parent / "golden").glob("*.yml"))]
PIECES = ("|", ":", "- ", "'", '"', "*", "\\", "{", "}", "[", "]", "\n", "\t", "null", "%", "(", ")", " and ", " not ",
          "1 of ", "them", "|all", "|re", "|base64offset", "|windash", "|cidr", "é", "\x00", "\ud800", "💥", "&a ",
          "*a", "!!int ", "---\n", "0x10", "yes", "2026-01-01", "$", "(?", "{{", "condition", "\u202e")  # fmt: skip


def spoiled(random: Random) -> str:
    """A file of which some places were changed."""
    text = random.choice(SOUND)
    for _ in range(random.choice((1, 1, 1, 2, 5, 20))):
        at = random.randrange(len(text) + 1)
        gone = random.choice((0, 0, 1, 3, 40))
        text = text[:at] + random.choice((*PIECES, "")) + text[at + gone :]
    return text


def unbroken(seed: int) -> int:
    """Reads one spoiled file; how many rules it had."""
    text = spoiled(Random(seed))
    found = reading(text)
    for said in found.diagnostics:
        assert said.span.source.name == "rules/rule.yml"
        assert 0 <= said.span.start <= said.span.end <= len(text) + 1
        assert said.message
    made = files([found])
    if found.around:
        compilation = compiled(made)
        errors = [d for d in compilation.errors if d.code.id != "E0207"]  # two rules may have one id
        assert not errors, [(d.code.id, d.message, d.span.text) for d in errors]
    return len(found.items)


def test_spoiled_files_break_nothing() -> None:
    assert sum(unbroken(seed) for seed in range(300)) > 100


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_spoiled_files_break_nothing() -> None:
    for seed in range(1_000, 1_000 + int(os.environ.get("ATAMO_FUZZ", "4000"))):
        unbroken(seed)
