"""The text of sheets: cells as RFC 4180 and spreadsheets write them, each at its place, whatever the text is."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.source.span import Source
from atamo_rules.syntax.links import read_links
from atamo_rules.syntax.read import container_of
from atamo_rules.syntax.sheet import read_sheet
from atamo_rules.syntax.sheet_cells import rows

CELLS = st.text(st.sampled_from('ab",;\t\n{}=#é’ 1.'), max_size=6)


def texts(text: str) -> list[list[str]]:
    found, wrong = rows(Source("a.rules.csv", text))
    assert not wrong
    return [[cell.text for cell in row] for row in found]


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_what_a_program_writes_is_read_back(table: list[list[str]], ending: str) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator=ending).writerows([["a", "b", "c"], *table])
    kept = [row for row in [[cell.strip() for cell in row] for row in table] if any(row)]
    kept = [row for row in kept if not (row[0] + " ").startswith("# ")]
    assert texts(written.getvalue()) == [["a", "b", "c"], *kept]


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4))
def test_every_character_knows_its_place(table: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([["a", "b"], *table])
    source = Source("a.rules.csv", written.getvalue())
    for row in rows(source)[0]:
        for cell in row:
            for position, char in enumerate(cell.text):
                assert cell.fragment.span(position, position + 1).text[:1] == char


def test_lines_may_end_in_cr_alone() -> None:
    text = 'rule,on,n,=> send,=> a\nx,t,"1, 2",d.n,3\ny,t,4,d.n,5\n'
    plain, as_it_was = (read_sheet(Source("a.rules.csv", one)) for one in (text, text.replace("\n", "\r")))
    assert plain[1] == as_it_was[1] == ()
    assert [str(one.span) for one in as_it_was[0].declarations] == ["a.rules.csv:2:1", "a.rules.csv:3:1"]


def test_a_row_under_merged_cells_is_told_what_they_hold() -> None:
    _, (found,) = read_sheet(Source("a.rules.csv", "rule,on,=> send\nx,t,d.n\ny,,d.n\n"))
    assert (str(found.span), found.help) == (
        "a.rules.csv:3:1",
        "write it there; of merged cells only the first holds anything",
    )


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ("a\tb\n1\t2", [["a", "b"], ["1", "2"]]),
        ("sep=|\na|b\n1,5|2\n", [["a", "b"], ["1,5", "2"]]),
        ("\ufeffa,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ('"a;x",b\n', [["a;x", "b"]]),
        ("a,b\n,,\n\n  \n# a note, that is left out\n#1,2\n", [["a", "b"], ["#1", "2"]]),
        ('a\n"x\ny"\n', [["a"], ["x\ny"]]),
        ('a, "b" ,c\n', [["a", "b", "c"]]),
        ("", []),
    ],
)
def test_what_spreadsheets_write(text: str, cells: list[list[str]]) -> None:
    assert texts(text) == cells


def test_places_are_those_of_a_spreadsheet() -> None:
    found, _ = rows(Source("a.rules.csv", "sep=,\na,b\n\n" + "," * 27 + "x\n"))
    assert [cell.place for cell in found[0]] == ["A2", "B2"]
    assert found[1][-1].place == "AB4"


HEADS = st.sampled_from(
    ["rule", "on", "=> send", "=> x", "stop", "order", "for", "amount", "(", "=>", "=A1", "", '"']
)


@given(st.lists(HEADS, max_size=6), st.text(max_size=60))
def test_no_text_of_a_sheet_is_a_traceback(heads: list[str], rest: str) -> None:
    read_sheet(Source("a.rules.csv", ",".join(heads) + "\n" + rest))


@given(st.text(max_size=60))
def test_no_text_of_links_is_a_traceback(text: str) -> None:
    read_links(Source("links.yaml", text))
    read_links(Source("links.yaml", f"links:\n  a:\n    on: x\n    send: a.b\n    with: {{x: {text}}}\n"))


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("rules/links.yaml", "links"), ("links.yml", "links"), ("a/desk.links.yaml", "links"), ("mylinks.yaml", "yaml"),
        ("rules/links/a.yaml", "yaml"), ("a.rules.csv", "sheet"), ("a.rules.xlsx", "sheet"), ("links.atamo", "atamo"),
    ],
)  # fmt: skip
def test_a_container_is_known_by_the_name(name: str, container: str) -> None:
    assert container_of(name) == container
