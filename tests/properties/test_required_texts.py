"""What a regular expression is said to need is in whatever it matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.index.literals import NOTHING, Required, of_regex
from atamo_rules.engine.patterns import compiled

PLAIN = st.sampled_from(["a", "b", "A", "é", "ab", "Ba", "/", r"\.", r"\\", "]", "ss", "k"])
CLASSES = st.sampled_from(["[Aa]", "[ab]", "[^a]", "[]a]", ".", r"\d", r"\b", "^", "$", r"\x61", "[Kk]"])
REPEATED = st.sampled_from(["", "", "", "*", "+", "?", "??", "{2}", "{0,2}", "{1,}", "{0}"])


def _patterns() -> st.SearchStrategy[str]:
    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        either = st.lists(inner, min_size=1, max_size=3).map("|".join)
        group = st.builds("({}{})".format, st.sampled_from(["", "?:", "?P<x>"]), either)
        item = st.one_of(PLAIN, CLASSES.filter(lambda one: one[0] not in "^$"), group)
        some = st.lists(st.builds(lambda one, times: one + times, item, REPEATED), min_size=1, max_size=4)
        return st.one_of(some.map("".join), either)

    return st.recursive(st.one_of(PLAIN, CLASSES), larger, max_leaves=8)


def _matching(pattern: str) -> list[st.SearchStrategy[str]]:
    """Texts that match a pattern, where Python takes it too."""
    try:
        re.compile(pattern)
    except re.error:
        return []
    return [st.from_regex(pattern)]


@given(st.sampled_from(["", "(?i)", "(?s)", "(?is)"]), _patterns(), st.data())
def test_every_match_has_one_of_the_required_texts(flags: str, pattern: str, data: st.DataObject) -> None:
    pattern = flags + re.sub(r"\?P<x>", "?:", pattern)  # a name may be given once
    required = of_regex(pattern)
    if not required.texts:
        return
    matches = compiled(pattern, False)
    text = data.draw(st.one_of(*_matching(pattern), st.text("abABkKéÉsſß/.\\]K", max_size=12)))
    if matches(text):
        looked_in = text.casefold() if required.fold else text
        assert any(one in looked_in for one in required.texts), (pattern, text, required)


@pytest.mark.parametrize(
    ("pattern", "texts", "fold"),
    [
        (r"(?i)echo.*clip", ("echo",), True),
        (r"[Rr]un[Dd][Ll][Ll]32(?:\.[Ee][Xx][Ee])? ", ("rundll32",), True),
        (r"(?:get|post)\s+/admin", ("/admin",), False),
        (r"\d(?:delete|update) ", ("delete", "update"), False),
        (r"(delete|upd)?ate", ("ate",), False),
        (r"(?P<verb>delete)+d{2}", ("delete",), False),
        (r"x{,5}abc", ("abc",), False),
    ],
)
def test_what_is_found(pattern: str, texts: tuple[str, ...], fold: bool) -> None:
    assert of_regex(pattern) == Required(texts, fold)


@pytest.mark.parametrize(
    "pattern", [r"(?i:abc)", r"ab(?i)cd", r"\Qa.b\E", "abc|", "a*", "(?i)é", "(abc", "(abc|d*)", "[abc]"]
)
def test_what_is_not_known_gives_nothing(pattern: str) -> None:
    assert of_regex(pattern) == NOTHING
