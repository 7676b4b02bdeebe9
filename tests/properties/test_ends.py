"""Ends of texts are found as `endswith` finds them, also where they are looked up as last steps of paths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.index.ends import last_step, looked_up, separator
from atamo_rules.engine.index.matcher import Matcher
from atamo_rules.engine.index.places import PREFIX, SUFFIX, Place
from tests.properties.test_index_is_tree import careful, tier
from tests.worlds import DESK, ruleset

ENDS = st.text("\\/ab.", min_size=1, max_size=6)
STEPS = st.text("ab.", max_size=6).map("\\".__add__)
NEEDLES = st.lists(st.one_of(ENDS, STEPS), min_size=4, max_size=24, unique=True)
TEXTS = st.lists(st.text("\\/ab.", max_size=9), min_size=1, max_size=8)


@given(st.sampled_from(["of anything as text", ""]), st.sampled_from(["ends", "starts"]), NEEDLES, TEXTS)
def test_ends_are_found(kind: str, side: str, needles: list[str], texts: list[str]) -> None:
    rules = "".join(
        f"\nrule r{n:02}\n  on thing\n  when a {side} with {_quoted(one)}\n  do\n    send desk.note\n"
        for n, one in enumerate(needles)
    )
    declared = f"event thing {kind}\n" if kind else "event thing\n  a: text\n"
    with tier("keys"):
        matcher = Matcher(ruleset(f"{declared}{rules}\n{DESK}")).ready()
    match = matcher._of("thing").open.match
    for text in texts:
        held = [text.endswith(one) if side == "ends" else text.startswith(one) for one in needles]
        expected = [f"r{n:02}" for n, one in enumerate(held) if one]
        assert match({"a": text}) == expected
        assert careful(match, {"a": text}) in (None, expected)


@given(st.sampled_from(["", "spelled"]), NEEDLES)
def test_what_is_cut_is_an_end_of_what_it_was(read: str, needles: list[str]) -> None:
    for kind, is_part in ((SUFFIX, str.endswith), (PREFIX, str.startswith)):
        place = Place(kind, ("a",), read=read)
        mark = separator(place, needles)
        for text, short in looked_up(place, needles).items():
            assert is_part(text, short)
            assert short
            assert short == text or not last_step(text, mark)


def test_last_steps_are_taken_where_they_have_many_lengths() -> None:
    place = Place(SUFFIX, ("a",))
    steps = ["\\a.exe", "\\bb.exe", "\\ccc.exe", ".exe", "x\\y", "/a"]
    assert separator(place, steps) == "\\"
    assert [last_step(one, "\\") for one in steps] == [True, True, True, False, False, False]
    assert separator(place, steps[1:]) == ""
    assert separator(Place(PREFIX, ("a",)), steps) == ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\") + '"'
