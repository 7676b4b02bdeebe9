"""The tables that are shipped are those that Lark makes of the grammar; `--bless` writes them anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.parsers.lalr_analysis import Shift

from atamo_rules.syntax import parse_tables
from atamo_rules.syntax.clause import STARTS, parser

GRAMMAR = Path(__file__).parents[2] / "grammar"
TEXT = (GRAMMAR / "atamo.lark").read_text("utf-8")
SHIPPED = GRAMMAR / "atamo.tables.json"


@pytest.fixture(scope="module")
def built() -> Lark:
    return parse_tables.built(TEXT, STARTS)


def test_what_is_shipped_is_what_is_built(built: Lark, bless: bool) -> None:
    of = parse_tables.made_of(TEXT, STARTS)
    if bless and parse_tables.taken(SHIPPED.read_text("utf-8"), of) is None:
        SHIPPED.write_text(parse_tables.written(built, of), "utf-8")
    shipped = parse_tables.taken(SHIPPED.read_text("utf-8"), of)
    assert shipped is not None, "the tables are of another grammar or Lark: run this with --bless"
    assert_alike(shipped, built)


def test_what_is_read_is_what_was_written(built: Lark) -> None:
    back = parse_tables.taken(parse_tables.written(built, "this"), "this")
    assert back is not None
    assert_alike(back, built)


def test_tables_of_another_grammar_are_not_taken(built: Lark) -> None:
    text = parse_tables.written(built, parse_tables.made_of(TEXT, STARTS))
    for grammar, starts in ((TEXT + "\n", STARTS), (TEXT, STARTS[1:])):
        assert parse_tables.taken(text, parse_tables.made_of(grammar, starts)) is None


def test_the_process_has_the_shipped_ones() -> None:
    assert parser().source_path == "<deserialized>"


def test_tables_that_differ_are_told_apart() -> None:
    """One action that is missing, one that leads elsewhere, one terminal that is read otherwise."""
    whole, lacking, astray = (parse_tables.built(TEXT, STARTS) for _ in range(3))
    first = next(state for state in table(lacking)[0].states.values() if state)
    first.pop(next(iter(first)))
    start, states = table(astray)[0].start_states["condition"], table(astray)[0].states
    kind = next(kind for kind, (action, _) in states[start].items() if action is Shift)
    states[start][kind] = (Shift, start)
    other = parse_tables.built(TEXT.replace("REGEX: ", "REGEX.1: "), STARTS)
    for changed in (lacking, astray, other):
        with pytest.raises(AssertionError):
            assert_alike(changed, whole)


def assert_alike(one: Lark, other: Lark) -> None:
    """The same terminals, and the same table but for the numbers of its states, which sets in Lark have a say in."""
    assert {said(each) for each in one.terminals} == {said(each) for each in other.terminals}
    assert sorted(one.lexer_conf.ignore) == sorted(other.lexer_conf.ignore)
    assert one.options.options == other.options.options
    (here, mine), (there, theirs) = table(one), table(other)
    assert here.start_states.keys() == there.start_states.keys()
    met: dict[int, int] = {}
    open_pairs = [(here.start_states[start], there.start_states[start]) for start in STARTS]
    ends = [(here.end_states[start], there.end_states[start]) for start in STARTS]
    while open_pairs:
        left, right = open_pairs.pop()
        if left in met:
            assert met[left] == right
            continue
        met[left] = right
        assert here.states[left].keys() == there.states[right].keys()
        assert order(mine[left]) == order(theirs[right])
        for kind, (action, to) in here.states[left].items():
            other_action, other_to = there.states[right][kind]
            assert action is other_action
            if action is Shift:
                open_pairs.append((to, other_to))
            else:
                assert rule(to) == rule(other_to)
    assert len(met) == len(here.states) == len(there.states) == len(set(met.values()))
    assert all(met[left] == right for left, right in ends)


def table(parser: Lark) -> tuple[Any, Any]:
    """The table, and by state the lexer that reads on there."""
    front: Any = parser.parser
    return front.parser._parse_table, front.lexer.lexers


def order(lexer: Any) -> list[str]:
    """What a lexer tries, in that order."""
    return [each.name for each in lexer.terminals]


def said(terminal: Any) -> tuple[Any, ...]:
    pattern = terminal.pattern
    return terminal.name, terminal.priority, type(pattern), pattern.value, frozenset(pattern.flags)


def rule(rule: Any) -> tuple[Any, ...]:
    options = rule.options
    return (
        rule.origin.name,
        tuple((each.name, each.is_term, getattr(each, "filter_out", None)) for each in rule.expansion),
        rule.alias,
        rule.order,
        (options.keep_all_tokens, options.expand1, options.priority, tuple(options.empty_indices)),
    )
