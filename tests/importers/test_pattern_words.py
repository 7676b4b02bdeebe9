"""The small languages inside patterns: wildcards, regular expressions, numbers, addresses, ignoring case."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import re2 as engine
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.patterns import glob_pattern
from atamo_rules.importers.eventbridge.addresses import NotANetwork, address, network
from atamo_rules.importers.eventbridge.folding import Ambiguous, folds_alike, spelled_out, spellings
from atamo_rules.importers.eventbridge.numbers import exact, shortest, written
from atamo_rules.importers.eventbridge.regexp import BadRegexp, Unsayable, re2
from atamo_rules.importers.eventbridge.wildcard import BadWildcard, glob_text, wildcard
from atamo_rules.importers.json_text import Number
from atamo_rules.source.span import Source

HERE = Source("x.json", "").whole


def number(text: str) -> Number:
    return Number(text, HERE)


# --- wildcards ------------------------------------------------------------------------------------------


@given(st.text("ab*?\\.", max_size=8), st.text("ab*?\\.", max_size=8))
def test_a_wildcard_takes_the_same_texts_as_its_glob(pattern: str, text: str) -> None:
    try:
        glob = glob_text(wildcard(pattern))
    except BadWildcard:
        unescaped = re.sub(r"\\[*\\]", "", pattern)
        assert "**" in re.sub(r"\\[*\\]", "x", pattern) or "\\" in unescaped
        return
    parts = re.findall(r"\\.|.", pattern)
    wanted = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    assert (engine.search(glob_pattern(glob), text) is not None) is (re.fullmatch(wanted, text) is not None)


def test_shellstyle_has_no_escapes() -> None:
    assert glob_text(wildcard("a\\b*?", escapes=False)) == "a\\\\b*\\?"


# --- regular expressions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("", "^$"),
        ("a.b", "(?s)^a.b$"),
        ("a|b", "^(?:a|b)$"),
        ("(a|b)c", "^(?:(?:a|b)c)$"),
        ("~.~*~~~n", "^\\.\\*~\\n$"),
        ("\\d", "^\\\\d$"),
        ("^$/", "^\\^\\$/$"),
        ("[a-c~]-]", "^[a-c\\]\\-]$"),
        ("[^-a]", "^[^\\-a]$"),
        ("~p{Lu}~P{N}", "^\\p{Lu}\\P{N}$"),
        ("a{2}b{2,}c{02,3}", "^a{2}b{2,}c{2,3}$"),
    ],
)
def test_a_regular_expression_is_spelt_as_re2_spells_it(pattern: str, wanted: str) -> None:
    assert re2(pattern) == wanted
    engine.compile(wanted)


@pytest.mark.parametrize(
    "pattern",
    [
        *"( ) a) [ [] [^] [a * a** a{ a{x} a{2,1} a{100} ~ ~q ~p ~p{X} ~p{Lx} ] } ? [b-a] [~q]".split(),
        "(" * 60,
    ],
)
def test_what_is_no_regular_expression_is_refused(pattern: str) -> None:
    with pytest.raises(BadRegexp):
        re2(pattern)


@pytest.mark.parametrize("category", ["C", "Cn"])
def test_unassigned_characters_are_what_is_left_over(category: str) -> None:
    for char, unassigned, other in (("\u0378", True, True), ("\u0001", False, True), ("a", False, False)):
        wanted = unassigned if category == "Cn" else other
        assert (engine.search(re2(f"~p{{{category}}}"), char) is not None) is wanted
        assert (engine.search(re2(f"~P{{{category}}}"), char) is not None) is not wanted
    with pytest.raises(Unsayable):
        re2(f"[x~p{{{category}}}]")


@given(st.text("ab~[]()|*+?{}^-.,1", max_size=10), st.text("ab.-1", max_size=5))
def test_a_regular_expression_takes_the_texts_that_its_conventional_spelling_takes(
    pattern: str, text: str
) -> None:
    try:
        made = re2(pattern)
    except (BadRegexp, Unsayable):
        return
    conventional = pattern.replace("~", "\\").replace("^", "\\^") if "[^" not in pattern else None
    if conventional is None or "[" in pattern:
        return  # classes are held to their spelling above, and to the engine's own tests
    assert (engine.search(made, text) is not None) is (
        re.fullmatch(conventional, text, re.DOTALL) is not None
    )


# --- numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("300", 300), ("3.0e2", 300), ("301.80", Decimal("301.80")), ("-0", 0), ("1E-320", Decimal("1E-320")),
     ("1E309", None), ("1E-325", None), ("37.807807921694092", None), ("12345678901234567890", None),
     ("1e999999999", None), ("1" * 2000, None)],
)  # fmt: skip
def test_a_number_is_exact_where_a_float_stands_for_it_alone(text: str, wanted: int | Decimal | None) -> None:
    found = exact(number(text))
    assert found == wanted
    assert type(found) is type(wanted)


def test_quamina_rounds_where_a_float_keeps_fewer_digits() -> None:
    assert written(number("37.807807921694092")) == Decimal("37.807807921694092")
    assert shortest(number("37.807807921694092")) == Decimal("37.80780792169409")


# --- addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("10.0.0.1", "10.0.0.1"), ("010.0.0.01", "10.0.0.1"), ("2001:DB8:0::1", "2001:db8::1"),
     ("::ffff:a00:1", "10.0.0.1"), ("10.0.0.256", None),
     ("12:30:45", None), ("::ffff:10.0.0.1", None), ("fe80::1%eth0", None), ("dead:beef", None)],
)  # fmt: skip
def test_a_text_is_an_address_where_event_ruler_takes_it_for_one(text: str, wanted: str | None) -> None:
    found = address(text)
    assert (str(found) if found is not None else None) == wanted


def test_a_network_is_narrower_than_one_address() -> None:
    assert network("10.0.0.7/24") == "10.0.0.0/24"
    assert network("2001:DB8::1/32") == "2001:db8::/32"
    for text in (
        "10.0.0.0",
        "10.0.0.0/32",
        "::1/128",
        "foo/8",
        "10.0.0.0/x",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "/8",
    ):
        with pytest.raises(NotANetwork):
            network(text)


# --- ignoring case --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["eventbridge", "quamina"])
@given(
    text=st.text(st.characters(max_codepoint=0x24F) | st.sampled_from("ßẞǅΣσςΰΆÅK\u212bſİiıﬁ"), max_size=5)
)
def test_ignoring_case_takes_the_spellings_that_the_engine_takes(dialect: str, text: str) -> None:
    try:
        one_by_one = [spellings(char, dialect) for char in text]
        pattern = spelled_out(text, dialect)
    except Ambiguous:
        assert dialect == "quamina"
        return
    assert all(engine.search(f"^{pattern}$", "".join(map(pick, one_by_one))) for pick in (min, max))
    if folds_alike(text, dialect):
        assert all("".join(map(pick, one_by_one)).casefold() == text.casefold() for pick in (min, max))


def test_folding_more_than_the_engine_is_spelt_out() -> None:
    assert folds_alike("Stopped", "eventbridge")
    assert folds_alike("é", "eventbridge")
    assert not folds_alike("ß", "eventbridge")
    assert spelled_out("Straße", "eventbridge") == "[Ss][Tt][Rr][Aa](?:SS|ß)[Ee]"
    assert spelled_out("Straße", "quamina") == "[Ss][Tt][Rr][Aa]ß[Ee]"
    with pytest.raises(Ambiguous):
        spelled_out("σ", "quamina")
