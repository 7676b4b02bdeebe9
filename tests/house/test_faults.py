"""The page of faults names tests that exist, and a row for each fault it is judged by."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.repository import ROOT

PAGE = ROOT / "docs/explanation/faults.md"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROWS = {
    "D": range(1, 9),
    "C": range(1, 8),
    "N": range(1, 14),
    "T": range(1, 4),
    "A": range(1, 7),
    "S": range(4, 9),
}


def functions_of(path: str) -> set[str]:
    """The names of the functions in a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE.read_text("utf-8"))
    assert named
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or name not in functions_of(path) or not name.startswith("test_")
    ]
    assert missing == []


@pytest.mark.parametrize("letter", ROWS)
def test_every_fault_has_its_row(letter: str) -> None:
    found = re.findall(rf"^\| ({letter}\d+) \|", PAGE.read_text("utf-8"), re.M)
    assert found == [f"{letter}{number}" for number in ROWS[letter]]


def test_a_row_names_a_test_or_says_what_is_not_tested() -> None:
    for line in PAGE.read_text("utf-8").splitlines():
        if re.match(r"\| [A-Z]\d+ \|", line):
            _, _, _, shown, missing, _ = line.split("|")
            assert NAMED.search(shown) or missing.strip(), line
