"""Every diagnostic code has a page, a case that shows it, and a use; and no page stands for nothing."""

from __future__ import annotations

import re

import pytest

from atamo_rules.source import codes, pages
from atamo_rules.source.diagnostic import Code, Severity
from tests.house.repository import PACKAGE, ROOT

CODES = {name: value for name, value in vars(codes).items() if isinstance(value, Code)}
PAGES = ROOT / "docs" / "codes"


def test_ids_are_used_once() -> None:
    ids = [code.id for code in CODES.values()]
    assert len(ids) == len(set(ids))
    assert {code.id for code in pages.all_codes()} == set(ids)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.id)
def test_a_page_has_the_title_of_its_code(code: Code) -> None:
    text = pages.page(code.id)
    assert text is not None
    assert text.split("\n", 1)[0] == f"# {code.id}: {code.title}"


def test_no_page_without_a_code() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {code.id for code in CODES.values()}


def test_the_letter_of_an_id_tells_its_severity() -> None:
    for code in CODES.values():
        assert (code.id[0] == "E") is (code.severity is Severity.ERROR), code.id


def test_every_code_has_a_golden_case() -> None:
    shown: set[str] = set()
    for path in (ROOT / "tests" / "golden").glob("*/*.case"):
        expected = path.read_text("utf-8").partition("=== expect\n")[2]
        shown.update(re.findall(r"^(?:.+: )?(?:error|warning|note)\[(\w+)\]", expected, re.MULTILINE))
    assert {code.id for code in CODES.values()} == shown


def test_every_code_is_said_somewhere() -> None:
    text = "\n".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name != "codes.py")
    unsaid = [name for name in CODES if not re.search(rf"\bcodes\.{name}\b", text)]
    assert unsaid == []
