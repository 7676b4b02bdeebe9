"""Clauses of real rules, imported, are read by their shape as Lark reads them."""

from __future__ import annotations

import pytest
from lark.exceptions import UnexpectedInput

from atamo_rules.importers.imported import Imported
from atamo_rules.importers.sigma import read
from atamo_rules.importers.written import rule_file
from atamo_rules.source.span import Source
from atamo_rules.syntax.clause import parser
from atamo_rules.syntax.parts import Part, Tokens
from atamo_rules.syntax.shapes import Shapes, by_lark
from tests.clauses import clauses
from tests.realdata.conftest import Lines

pytestmark = pytest.mark.realdata


def test_clauses_of_sigma_rules_are_read_as_lark_reads_them(lines: Lines) -> None:
    sources = []
    for number, line in enumerate(lines("sigma.rules")):
        reading = read(Source(f"{number}.yml", line["rule_text"]), event_type="log")
        rules = [one.rule for one in reading.items if isinstance(one, Imported)]
        sources.append(Source(f"{number}.atamo", rule_file(rules, "atamo").text))
    asked = clauses(sources)
    assert len(asked) > 8_000
    shapes: Shapes[Part] = Shapes(parser(), lambda part: part, blanks=" \n")
    for start, text in asked:
        assert shapes.read(start, text) == plainly(start, text), (start, text)


def plainly(start: str, text: str) -> tuple[Part, Tokens] | None:
    try:
        return by_lark(parser(), start, text)
    except UnexpectedInput:
        return None
