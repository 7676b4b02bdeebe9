"""The page of faults names tests that exist, and a row for each fault it is judged by."""

from __future__ import annotations

import ast
import re

import pytest

from tests import figures
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


def page() -> tuple[str, str]:
    """The matrix, and what follows of figures."""
    matrix, _, figured = PAGE.read_text("utf-8").partition("## The full figures")
    return matrix, figured


def functions_of(path: str) -> set[str]:
    """The names of the functions in a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(page()[0])
    assert named
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or name not in functions_of(path) or not name.startswith("test_")
    ]
    assert missing == []


@pytest.mark.parametrize("letter", ROWS)
def test_every_fault_has_its_row(letter: str) -> None:
    found = re.findall(rf"^\| ({letter}\d+) \|", page()[0], re.M)
    assert found == [f"{letter}{number}" for number in ROWS[letter]]


def test_a_row_names_a_test_or_says_what_is_not_tested() -> None:
    for line in page()[0].splitlines():
        if re.match(r"\| [A-Z]\d+ \|", line):
            _, _, _, shown, missing, _ = line.split("|")
            assert NAMED.search(shown) or missing.strip(), line


def commands() -> dict[str, tuple[int, str]]:
    """The variables of the full figures, with what they are set to and what they are set for."""
    found = {}
    for line in page()[1].splitlines():
        for name, number in re.findall(r"(ATAMO_\w+)=(\d+)", line):
            found[name] = (int(number), line)
    return found


def test_every_figure_has_a_command_that_asks_for_all_of_it() -> None:
    known = [one for one in vars(figures).values() if isinstance(one, figures.Figure)]
    assert known
    assert {one.variable: one.full for one in known}.items() <= {
        name: number for name, (number, _) in commands().items()
    }.items()
    for one in known:
        assert f"{one.usual:,}" in commands()[one.variable][1], f"{one.variable} is usually {one.usual:,}"


def test_every_figure_says_what_must_hold_and_what_was_done() -> None:
    for line in page()[1].splitlines():
        if "ATAMO_" in line and line.startswith("|"):
            _, _, *said, _ = line.split("|")
            assert len(said) == 5, line
            assert all(one.strip() for one in said), line


def test_every_command_is_heard_by_what_it_runs() -> None:
    for name, (_, line) in commands().items():
        constants = [n for n, one in vars(figures).items() if getattr(one, "variable", "") == name]
        named = re.findall(
            r"tests[/.][\w/.]+", line.replace("tests.benchmarks memory", "tests/benchmarks/memory.py")
        )
        files = [
            file
            for path in named
            for file in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("*.py"))
        ]
        assert files, line
        heard = [
            file
            for file in files
            if any(word in file.read_text("utf-8") for word in [name, *constants, "tests.pairs"])
        ]
        assert heard, f"no file of {named} reads {name}"
