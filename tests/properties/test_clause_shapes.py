"""A clause read by its shape is the clause that Lark reads: the same parts of the same tokens, or none."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput

from atamo_rules.source.span import Fragment, Source
from atamo_rules.syntax import shapes
from atamo_rules.syntax.clause import STARTS, parse, parser
from atamo_rules.syntax.parts import Part, Tokens
from atamo_rules.syntax.shapes import Shapes, by_lark
from tests.clauses import clauses

BLANKS = " \n"
ROOT = Path(__file__).parents[2]


def by_shape(known: Shapes[Part], start: str, text: str) -> tuple[Part, Tokens] | None:
    return known.read(start, text)


def plainly(start: str, text: str) -> tuple[Part, Tokens] | None:
    try:
        return by_lark(parser(), start, text)
    except UnexpectedInput:
        return None


@cache
def known() -> Shapes[Part]:
    return Shapes(parser(), lambda part: part, blanks=BLANKS)


def written() -> Iterator[Source]:
    """Every rule text of the repository: rulesets, documents, golden cases; the mistaken ones too."""
    for path in sorted((ROOT / "rulesets").rglob("*")):
        if path.suffix in (".atamo", ".yaml", ".yml"):
            yield Source(path.name, path.read_text("utf-8"))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for number, block in enumerate(
            re.findall(r"```atamo[^\n]*\n(.*?)```", path.read_text("utf-8"), re.S)
        ):
            yield Source(f"{path.stem}{number}.atamo", block)
    for path in sorted((ROOT / "tests/golden").rglob("*.case")):
        for name, text in re.findall(
            r"^=== (\S+\.(?:atamo|ya?ml))\n(.*?)(?=^=== |\Z)", path.read_text("utf-8"), re.S | re.M
        ):
            yield Source(name, text)


@cache
def corpus() -> tuple[tuple[str, str], ...]:
    return tuple(clauses(written()))


def test_every_clause_of_the_repository_is_read_as_lark_reads_it() -> None:
    asked = corpus()
    assert len(asked) > 1_000
    assert len({start for start, _ in asked}) > 15
    for _ in range(2):  # when its shape is new, and when it is known
        for start, text in asked:
            assert by_shape(known(), start, text) == plainly(start, text), (start, text)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_clause_that_was_changed_is_read_as_lark_reads_it(data: st.DataObject) -> None:
    start, text = data.draw(st.sampled_from(corpus()))
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 4))
    put = data.draw(
        st.sampled_from(
            ("", " ", "\n", "not ", "(", ")", '"', "any ", "1", ".", "is ", "and ", ",", "-", "€")
        )
    )
    changed = text[:at] + put + text[at + cut :]
    assert by_shape(known(), start, changed) == plainly(start, changed), (start, changed)


SAMPLES = {
    "NAME": ("x", "total", "any_name"),
    "DOTTED": ("a.b", "x-y.z", "order"),
    "NUMBER": ("1", "2.50", "3e4"),
    "STRING": ('"a"', "'b\\n'", '"x{{ y }}"'),
    "TEXTS": ('["a", "b"]', '["a","b" , "c",]'),
    "REGEX": ("/a+/", r"/x\/y/"),
    "COMPARISON": ("is", "is not one of", "contains any of", "<=", "in network", "=="),
    "STATE": ("is present", "is not a  text", "exists"),
    "MATCHES": ("matches", "does not match", "matches any of"),
    "BETWEEN": ("between", "is between"),
    "UNIT": ("minutes", "day"),
    "TYPE_WORD": ("text", "anything through lists"),
    "DAY": ("monday",),
    "CLOCK": ("09:30",),
    "WHO": ("user", "group"),
    "VERB": ("send", "ask"),
}


def spelled(lark: Lark, kind: str) -> tuple[str, ...]:
    if kind in SAMPLES:
        return SAMPLES[kind]
    pattern = lark.get_terminal(kind).pattern
    return (pattern.value,) if pattern.type == "str" else (kind.lower().replace("_", " "),)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_clause_drawn_from_the_grammar_is_read_as_lark_reads_it(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(STARTS))
    walk = parser().parse_interactive("", start)
    words: list[str] = []
    for _ in range(data.draw(st.integers(0, 24))):
        kinds = sorted(walk.accepts() - {"$END"})
        if not kinds:
            break
        kind = data.draw(st.sampled_from(kinds))
        words.append(data.draw(st.sampled_from(spelled(parser(), kind))))
        words.append(data.draw(st.sampled_from((" ", "  ", "\n", ""))))
        walk.feed_token(walk.lexer_thread._Token(kind, words[-2]))
    text = "".join(words)
    assert by_shape(known(), start, text) == plainly(start, text), (start, text)


def test_no_token_begins_with_a_blank() -> None:
    for terminal in parser().terminals:
        pattern = re.compile(terminal.pattern.to_regexp())
        if terminal.name not in parser().lexer_conf.ignore:
            assert not any(pattern.match(blank + rest) for blank in BLANKS for rest in SPELLED), terminal


SPELLED = (
    "",
    " ",
    "a",
    '"',
    '"a"',
    "is",
    "is not",
    "any field",
    "[",
    '["a", "b"]',
    "/a/",
    "1",
    "1:00",
    ".",
    "(",
    "=",
    "-",
    "\n",
)


def test_another_grammar_is_read_as_lark_reads_it() -> None:
    lark = Lark(
        """
        start: item ("," item)*
        ?item: "(" item ")" | word | empty "!"
        word: NAME -> named
            | _pair
        _pair: NAME "=" [NUMBER]
        empty:
        NAME: /[a-z]+/
        NUMBER: /[0-9]+/
        %ignore " "
        """,
        parser="lalr", start=["start"], propagate_positions=True, maybe_placeholders=False,
    )  # fmt: skip
    shapes = Shapes(lark, lambda part: part)
    for text in ("a", "(a)", "((a=1)), b=,(!)", "( ! )", "!, (a = 2)"):
        assert shapes.read("start", text) == by_lark(lark, "start", text)
    for text in ("", "a b", "(a", "a,,b", "1"):
        assert shapes.read("start", text) is None


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shapes, "MOST_TOKENS", 60)
    small: Shapes[Part] = Shapes(parser(), lambda part: part)
    for start, text in corpus()[:400]:
        assert by_shape(small, start, text) == by_shape(known(), start, text)
        assert small.held < 60 + 600


def test_a_clause_is_as_deep_as_can_be_read_or_is_said_to_be_too_deep() -> None:
    def said(text: str) -> list[str]:
        return [one.code.id for one in parse("condition", Fragment.of(Source("x", text).whole))[1]]

    for text in (
        "not (" * 60 + "a is 1" + ")" * 60,
        "(a + " * 60 + "1" + ")" * 60 + " > 1",
        " + ".join(["a"] * 200) + " > 1",
        " and ".join(["a is 1"] * 3_000),
    ):
        assert said(text) == []
    for text in (" + ".join(["a"] * 3_000) + " > 1", "not " * 60 + "a is " + " * ".join(["2"] * 400)):
        assert said(text) == ["E0108"]


def test_threads_share_what_is_learnt() -> None:
    shared: Shapes[Part] = Shapes(parser(), lambda part: part)
    asked = corpus()[:300]
    expected = [by_shape(known(), *one) for one in asked]
    found: list[list[object]] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [
            Thread(target=lambda: found.append([shared.read(*one) for one in asked])) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [expected] * 4
