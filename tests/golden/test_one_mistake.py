"""One mistake gives one error: each word of a whole ruleset misspelt in turn, wherever it is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source

TEXT = (Path(__file__).parent / "sample.atamo").read_text("utf-8")
WORD = re.compile(r"[A-Za-z_]{3,}")
USES = TEXT.index("rule page_oncall")
"""Where declarations end: from here on a word that is misspelt is misspelt in one place only."""
ITS_OWN_DECLARATION = {"line"}
"""Names that the rules themselves declare, and use more than once."""


def no_file(_rules: str, path: str) -> str:
    raise FileNotFoundError(path)


def errors(text: str) -> tuple[Diagnostic, ...]:
    return compile_sources([Source("sample.atamo", text)], no_file).errors


def misspelt(word: str) -> str:
    """A slip of the finger: a letter too few in a long word, another last letter in a short one."""
    return word[:2] + word[3:] if len(word) > 4 else word[:-1] + ("z" if word.endswith("x") else "x")


def test_the_sample_is_right() -> None:
    assert compile_sources([Source("sample.atamo", TEXT)], no_file).diagnostics == ()


@pytest.mark.parametrize("half", [0, 1])
def test_a_misspelt_word_is_said_once(half: int) -> None:
    cascades = {}
    for found in list(WORD.finditer(TEXT, USES))[half::2]:
        if found.group() in ITS_OWN_DECLARATION:
            continue
        said = errors(TEXT[: found.start()] + misspelt(found.group()) + TEXT[found.end() :])
        if len(said) > 1:
            line = TEXT.count("\n", 0, found.start()) + 1
            cascades[f"{line}: {found.group()}"] = [f"{d.code.id} {d.message}" for d in said]
    assert cascades == {}


@pytest.mark.parametrize("keyword", ["event", "request", "agent", "table", "define", "param", "list"])
def test_a_declaration_that_cannot_be_read_blames_no_use(keyword: str) -> None:
    """The head of each declaration broken in turn: its name is still known, so nothing that uses it is wrong."""
    for found in re.finditer(rf"^{keyword} (\S+)", TEXT, re.MULTILINE):
        for broken in (f"{keyword} {keyword} {found[1]}", f"{keyword[:2]}{keyword[3:]} {found[1]}"):
            said = errors(TEXT[: found.start()] + broken + TEXT[found.end() :])
            assert [d.code.id for d in said] in (["E0102"], ["E0103"], []), (
                broken,
                [d.message for d in said],
            )


def test_any_one_character_less_is_never_a_fault_of_atamo() -> None:
    """Whatever is missing, there are diagnostics or a ruleset, and every error points into the text."""
    for at in range(0, len(TEXT), 29):
        for told in errors(TEXT[:at] + TEXT[at + 1 :]):
            assert 0 <= told.span.start <= told.span.end <= len(TEXT)
            assert told.message[:1] in "`\"'" or told.message[:1].islower() or not told.message[:1].isalpha()
