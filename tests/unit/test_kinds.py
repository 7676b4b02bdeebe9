"""Rule files in colours: what is shown is what the grammar says, and colours change no character."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename

from atamo_rules.cli.ink import Ink
from atamo_rules.cli.shown import CODES, condition, pieces
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.source.formats import render
from atamo_rules.source.span import Source
from atamo_rules.syntax import kinds as module
from atamo_rules.syntax.atamo_rule import CLAUSES
from atamo_rules.syntax.clause import parser
from atamo_rules.syntax.kinds import Kind, kind_of, kinds
from atamo_rules.syntax.misplaced import METADATA
from atamo_rules.syntax.pygments_lexer import TOKENS
from tests.docs.pages import blocks

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "rulesets").rglob("*.atamo"))
BLOCKS = [
    block
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for block in blocks(page)
    if block.language == "atamo"
]
_ESCAPES = re.compile(r"\x1b\[[\d;]*m")


def shown(text: str) -> list[tuple[str, Kind]]:
    return [(text[begin:end], kind) for begin, end, kind in kinds(Source("x.atamo", text))]


def test_a_word_is_what_it_is_where_it_stands() -> None:
    text = """\
event seen "It was" from "a.json"  # why
  time: time?
  first: one of a, every = a
rule r
  on seen 3 times within 10 minutes by first
  at most once per 2 days
  when time is present and not (first is a or count(tags) >= 2) and name matches /a b/
  do
    send desk.look retry 2 times
      time: "at {{ time }}\\n"
  test "t"
    at 00:04 given seen { first: a }
    expect nothing
"""
    assert shown(text)[:16] == [
        ("event", Kind.KEYWORD), ("seen", Kind.DECLARED), ('"It was"', Kind.TEXT), ("from", Kind.KEYWORD),
        ('"a.json"', Kind.TEXT), ("# why", Kind.COMMENT),
        ("time", Kind.KEY), (":", Kind.MARK), ("time?", Kind.TYPE),
        ("first", Kind.KEY), (":", Kind.MARK), ("one of", Kind.TYPE), ("a", Kind.NAME), (",", Kind.MARK),
        ("every", Kind.NAME), ("=", Kind.MARK),
    ]  # fmt: skip
    assert [piece for piece, kind in shown(text) if kind is Kind.KEYWORD][2:] == [
        "rule", "on", "times", "within", "by", "at most", "once", "per", "when", "do", "send", "retry", "times",
        "test", "at", "given", "expect",
    ]  # fmt: skip
    assert [piece for piece, kind in shown(text) if kind is Kind.OPERATOR] == [
        "is present", "and", "not", "is", "or", ">=", "and", "matches",
    ]  # fmt: skip
    found = dict(shown(text))
    assert (found["count"], found["/a b/"], found["nothing"]) == (Kind.FUNCTION, Kind.PATTERN, Kind.CONSTANT)
    assert (found["{{ time }}"], found["\\n"], found["00:04"]) == (Kind.FILLED, Kind.ESCAPE, Kind.NUMBER)


def test_what_cannot_be_read_is_told_by_its_words() -> None:
    broken = shown('rule r\n  on seen\n  when a is is 3 and b contains "x"\n  wenn c is absent\n')
    assert ("contains", Kind.OPERATOR) in broken
    assert ('"x"', Kind.TEXT) in broken
    assert ("is absent", Kind.OPERATOR) in broken
    assert shown("when a is present\n") == [
        ("when", Kind.KEYWORD), ("a", Kind.NAME), ("is present", Kind.OPERATOR),
    ]  # fmt: skip


def test_terminals_that_have_a_kind_are_terminals_of_the_grammar() -> None:
    named = {name for several in module._OF_TERMINALS.values() for name in several.split()}
    assert named <= {one.name for one in parser().terminals}


@pytest.mark.parametrize("terminal", parser().terminals, ids=lambda one: one.name)
def test_every_word_of_the_grammar_is_shown_as_a_word_and_every_sign_as_a_sign(terminal: object) -> None:
    name, pattern = terminal.name, terminal.pattern.value  # type: ignore[attr-defined]
    if name.startswith("__IGNORE"):
        return
    words = {Kind.KEYWORD, Kind.OPERATOR, Kind.TYPE, Kind.CONSTANT}
    if re.match(r"\(?[a-z]", pattern):
        assert kind_of(name) in words
    elif name not in ("NAME", "DOTTED", "NUMBER", "STRING", "TEXTS", "REGEX", "CLOCK", "OPTIONAL"):
        assert kind_of(name) in (Kind.MARK, Kind.OPERATOR)
    assert kind_of(name) in TOKENS


@pytest.mark.parametrize("word", [*CLAUSES, *METADATA])
def test_every_clause_of_a_rule_begins_with_a_keyword(word: str) -> None:
    assert (word, Kind.KEYWORD) in shown(f'rule r\n  {word} "x"\n')


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_piece_of_a_ruleset_is_known(path: Path) -> None:
    text = path.read_text("utf-8")
    canvas = list(text)
    for begin, end, _ in kinds(Source(path.name, text)):
        canvas[begin:end] = " " * (end - begin)
    assert not "".join(canvas).strip()


@given(st.lists(st.sampled_from([
    "rule r", "\n", "  on a", "  when ", "event e", " is ", '"', "'", "(", "{", "[", "/", "#", "é\u0301", "\t", "\r",
    "  x: ", "{{", "}}", "\\", "table t on e", "  | a => b |", "\ufeff", "\u2028", "- ", "3",
    "at 00:01 ", "uses ./a.py:B",
])).map("".join))  # fmt: skip
def test_any_text_has_pieces_in_order(text: str) -> None:
    at = 0
    for begin, end, _ in kinds(Source("x.atamo", text)):
        assert at <= begin < end <= len(text)
        at = end


def test_pygments_finds_the_lexer_and_loses_no_character() -> None:
    assert get_lexer_for_filename("a.atamo").name == "Atamo"
    lexer = get_lexer_by_name("atamo", stripnl=False, ensurenl=False)
    for text in [path.read_text("utf-8") for path in FILES] + [block.text for block in BLOCKS]:
        assert "".join(value for _, value in lexer.get_tokens(text)) == text


def test_colours_change_no_character_of_what_is_said() -> None:
    for text in [block.text for block in BLOCKS] + [
        "event e\n  a: text\nrule \u0007\n  on e\n  when (b is\n    3 or\n"
    ]:
        found = compile_sources([Source("x.atamo", text)], lambda *_: "").diagnostics
        colour = render(found, "full", color=True, pieces=pieces)
        assert _ESCAPES.sub("", colour) == render(found, "full")


def test_a_line_is_shown_with_its_colours_and_another_file_plainly() -> None:
    text = 'event e\n  a: text\n\nrule r\n  on e\n  when b is "x" and\n    c is "y"\n  stop\n'
    found = compile_sources([Source("x.atamo", text)], lambda *_: "").diagnostics
    colour = render(found, "full", color=True, pieces=pieces)
    assert f"\x1b[{CODES['KEYWORD']}mwhen\x1b[0m b \x1b[{CODES['OPERATOR']}mis\x1b[0m" in colour
    assert f'    c \x1b[{CODES["OPERATOR"]}mis\x1b[0m \x1b[{CODES["TEXT"]}m"y"\x1b[0m' in colour
    assert "mwhen\x1b" not in render(found, "full", pieces=pieces)
    assert pieces(Source("x.yaml", text), 4) == ()


def test_a_condition_is_shown_alone_and_loses_no_character() -> None:
    for text in (
        "a is 3",
        'not (b contains "x" or c)',
        "any x in xs has (x.n > 1)",
        "is",
        "",
        "a\nb",
        "é is 'ü",
    ):
        assert _ESCAPES.sub("", condition(text, Ink(True))) == text
        assert condition(text, Ink(False)) == text
    assert (
        condition("a is 3", Ink(True))
        == f"a \x1b[{CODES['OPERATOR']}mis\x1b[0m \x1b[{CODES['NUMBER']}m3\x1b[0m"
    )


def test_the_kinds_that_a_terminal_shows_are_kinds() -> None:
    assert set(CODES) <= {kind.name for kind in Kind}


def test_what_looks_like_a_secret_is_not_shown_in_colours_either() -> None:
    token = "Bearer sk-live-1234567890abcdef"
    text = (
        f'agent a\n  uses http\n    url: "https://x.example"\n    headers: {{ Authorization: "{token}" }}\n'
    )
    found = compile_sources([Source("x.atamo", text)], lambda *_: "").diagnostics
    colour = render(found, "full", color=True, pieces=pieces)
    assert "W0811" in colour
    assert "1234567890abcdef" not in colour


YAML = """\
rules:
  - rule: big  # of all
    on: order.placed
    when: total > 100 and tier is "gold"
    order: 5
    do:
      - send desk.note: {text: "a: b", count: 3}
  - rule: more
    when: |
      total > 100
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (2, [("rule", "KEY"), ("# of all", "COMMENT")]),
        (4, [("when", "KEY"), (">", "OPERATOR"), ("100", "NUMBER"), ("and", "OPERATOR"), ("is", "OPERATOR"),
             ('"gold"', "TEXT")]),
        (5, [("order", "KEY"), ("5", "NUMBER")]),
        (7, [("send desk.note", "KEY"), ("text", "KEY"), ('"a: b"', "TEXT"), ("count", "KEY"), ("3", "NUMBER")]),
        (10, [(">", "OPERATOR"), ("100", "NUMBER")]),
        (11, []),
        (99, []),
    ],
)  # fmt: skip
def test_lines_of_yaml_have_colours_too(line: int, said: list[tuple[str, str]]) -> None:
    source = Source("a.yaml", YAML)
    found = pieces(source, line)
    text = source.line(line) if line < 12 else ""
    assert [(text[begin:end], code) for begin, end, code in found] == [
        (one, CODES[kind]) for one, kind in said
    ]


@given(st.lists(st.sampled_from(
    ["a: ", "\n", "  ", "- ", "when: ", "is", '"', "'", "{", "[", "|", "#", "\t", ": ", "é\u0301", "5"]
)).map("".join))  # fmt: skip
def test_any_yaml_has_pieces_in_order(text: str) -> None:
    source = Source("a.yaml", text)
    for line in range(1, len(source.line_starts) + 1):
        at = 0
        for begin, end, _ in pieces(source, line):
            assert at <= begin < end <= len(source.line(line))
            at = end
