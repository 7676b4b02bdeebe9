"""Canonical text says what the tree says, is its own canonical text, and keeps every comment."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from atamo_rules.source.diagnostic import Severity
from atamo_rules.source.span import Fragment, Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.canonical import canonical, same
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.comments import comments_of
from atamo_rules.syntax.read import read
from atamo_rules.syntax.wording import type_text, words
from tests.strategies import trees

ROOT = Path(__file__).parents[2]
SLOW = pytest.mark.slow


def parsed(start: str, text: str) -> object:
    made, found = parse(start, Fragment.of(Source("back.atamo", text).whole))
    assert not found, (text, [one.message for one in found])
    return made


def read_back(text: str, container: str) -> decl.File:
    file, found = read(Source(f"back.{container}", text))
    assert not [one for one in found if one.severity is Severity.ERROR], (
        text,
        [one.message for one in found],
    )
    return file


@given(trees.expressions)
def test_an_expression_reads_back(expr: tree.Expr) -> None:
    text = words(expr)
    assert parsed("expression", text) == expr, text
    assert words(parsed("expression", text)) == text  # type: ignore[arg-type]


@given(trees.types)
def test_a_type_reads_back(type: type_tree.TypeExpr) -> None:
    text = type_text(type)
    assert parsed("field", text).type == type, text  # type: ignore[attr-defined]


def _round(file: decl.File) -> None:
    once = canonical(file, "atamo")
    back = read_back(once, "atamo")
    assert same(file, back), once
    assert canonical(back, "atamo") == once
    yaml = canonical(file, "yaml")
    other = read_back(yaml, "yaml")
    assert same(file, other), yaml
    assert canonical(other, "yaml") == yaml, "a canonical YAML file is left as it is"
    assert same(file, read_back(canonical(other, "atamo"), "atamo"))


@settings(max_examples=60)
@given(trees.files())
def test_a_file_reads_back_from_either_container(file: decl.File) -> None:
    _round(file)


@SLOW
@settings(max_examples=4000)
@given(trees.files())
def test_many_files_read_back_from_either_container(file: decl.File) -> None:
    _round(file)


LONG = '"' + 20 * "long " + '"'


@pytest.mark.parametrize(
    "condition",
    [
        f"not (name matches any of [/{20 * 'long '}/, /b/])",
        f"not ((name contains any of [{LONG}]) is one of [true, false])",
        f'not (name is one of union([{LONG}, "b"]))',
        f"a is 1 and not (name is one of [{LONG}, {LONG}])",
        f"not (not (name is one of [{LONG}, {LONG}]))",
    ],
)
def test_what_is_too_long_for_a_line_is_broken_once_and_for_all(condition: str) -> None:
    """Its parentheses stay: else the text of the text would be another one."""
    _round(read_back(f"rule long\n  on order\n  when {condition}\n  stop\n", "atamo"))


# --- files that people wrote ----------------------------------------------------------------------------


def _written() -> Iterator[tuple[str, str]]:
    for folder in ("rulesets", "atamo_rules/cli/templates", "tests/golden"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".atamo", ".yaml") and path.is_file():
                yield str(path.relative_to(ROOT)), path.read_text("utf-8")
    for path in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]:
        for number, found in enumerate(
            re.finditer(r"```(atamo|yaml) title=.*?\n(.*?)```", path.read_text("utf-8"), re.S)
        ):
            yield f"{path.relative_to(ROOT)}:{number}.{found[1]}", found[2]
    for path in sorted((ROOT / "tests/golden").rglob("*.case")):
        text = path.read_text("utf-8")
        for found in re.finditer(r"^=== (\S+\.(?:atamo|yaml))\n(.*?)(?=^=== )", text, re.S | re.M):
            yield f"{path.relative_to(ROOT)}:{found[1]}", found[2]


WRITTEN = dict(_written())


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("container", ["atamo", "yaml"])
def test_a_written_file_keeps_its_meaning_and_its_comments(name: str, container: str) -> None:
    source = Source(name, WRITTEN[name])
    file, found = read(source)
    if any(one.severity is Severity.ERROR for one in found):
        pytest.skip("a file with mistakes is left alone")
    text = canonical(file, container)
    after = Source(f"after.{container}", text)
    back, wrong = read(after)
    if (
        wrong
        and container == "yaml"
        and name.endswith((".case:rules/orders.atamo", ".case:rules/tickets.atamo"))
    ):
        pytest.skip("what YAML cannot hold: the same key twice")
    assert not [one for one in wrong if one.severity is Severity.ERROR]
    assert Counter(one.text for one in comments_of(source)) == Counter(one.text for one in comments_of(after))
    if "bad_table" in name and container == "yaml":
        pytest.skip("a row that is too short cannot be told apart in YAML")
    assert same(file, back)
    assert canonical(read(after)[0], container) == text or container == "yaml"


COMMENTED = [name for name in WRITTEN if name.startswith("rulesets/") and len(WRITTEN[name]) < 6_000]


@pytest.mark.parametrize("seed", [*range(30), *(pytest.param(n, marks=SLOW) for n in range(30, 1500))])
def test_comments_anywhere_stay_and_change_nothing(seed: int) -> None:
    """Comments put on and between random lines of what people wrote: in either container none is lost."""
    chance = random.Random(seed)
    name = chance.choice(COMMENTED)
    lines = WRITTEN[name].split("\n")
    for number in range(chance.choice([1, 3, 12])):
        at = chance.randrange(len(lines))
        if chance.random() < 0.5:
            lines.insert(at, " " * chance.choice([0, 2, 4, 7]) + f"# alone {number}")
        elif lines[at].strip():
            lines[at] += f"  # beside {number}"
    source = Source(name, "\n".join(lines))
    plain, _ = read(Source(name, WRITTEN[name]))
    file, found = read(source)
    if any(one.severity is Severity.ERROR for one in found) or not same(plain, file):
        return  # inside a text of several lines it was no comment
    for container in ("atamo", "yaml"):
        after = Source(f"after.{container}", canonical(file, container))
        assert Counter(one.text for one in comments_of(source)) == Counter(
            one.text for one in comments_of(after)
        )
        back, _ = read(after)
        assert same(file, back)
        again = canonical(back, container)
        assert again == after.text, "canonical text is its own"


def test_there_are_many_written_files() -> None:
    assert len(WRITTEN) > 150
    assert sum(bool(comments_of(Source(name, text))) for name, text in WRITTEN.items()) > 15


def test_two_bounds_that_are_too_long_for_a_line_are_no_list() -> None:
    long = "a" * 90
    text = f'name is between "{long}" and "{long}z"'
    written = f"event thing\n  name: text\n\nrule one\n  on thing\n  when {text}\n  do\n    send desk.note\n"
    assert text in canonical(read_back(written, "atamo"), "atamo")


def test_a_negation_of_a_negation_that_is_too_long_keeps_its_brackets() -> None:
    long = "a" * 110
    condition = f'not (not (name is "{long}"))'
    written = (
        f"event thing\n  name: text\n\nrule one\n  on thing\n  when {condition}\n  do\n    send desk.note\n"
    )
    once = canonical(read_back(written, "atamo"), "atamo")
    assert "when not (\n    not (" in once
    assert canonical(read_back(once, "atamo"), "atamo") == once
