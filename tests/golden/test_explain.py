"""`atamo explain` has the page of every code, as text and as JSON, and the list of them all."""

from __future__ import annotations

import json

import pytest

from atamo_rules.rest.catalogue import CATALOGUE
from atamo_rules.source.diagnostic import Code
from atamo_rules.source.pages import all_codes, near, page
from tests.golden.shell import shell


@pytest.mark.parametrize("code", all_codes(), ids=lambda code: code.id)
def test_every_code_is_explained(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    text, status = shell(f"atamo explain {code.id}", b"", monkeypatch)
    assert (text, status) == (page(code.id), 0)
    assert text.startswith(f"# {code.id}: {code.title}\n")
    told, status = shell(f"atamo explain {code.id.lower()} --format json", b"", monkeypatch)
    assert (json.loads(told), status) == ({"code": code.id, "page": text}, 0)


def test_all_of_them_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    text, status = shell("atamo explain --all", b"", monkeypatch)
    lines = text.splitlines()
    assert status == 0
    assert len(lines) == len(all_codes()) + len(CATALOGUE), "diagnostics, then problems"
    for line, code in zip(lines, all_codes(), strict=False):
        assert line.startswith(f"{code.id}  {code.severity!s}")
        assert line.endswith(code.title)


def test_the_nearest_code_is_offered() -> None:
    assert near("E0203X") == "E0203"
    assert page("E9999") is None
    assert page("../../pyproject") is None
