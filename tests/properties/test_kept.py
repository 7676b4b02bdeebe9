"""Texts that a question keeps are told apart by their paths, whatever the names of fields are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine import conditions
from atamo_rules.engine.frame import bare
from atamo_rules.engine.shapes import residual
from atamo_rules.engine.shapes.kept import emptied, kept
from tests.worlds import DESK, ruleset

STEPS = st.text("ab_5fs.-é\x00", min_size=1, max_size=5)
PATHS = st.lists(STEPS, min_size=1, max_size=3)


@given(PATHS, PATHS, st.booleans(), st.booleans())
def test_no_two_paths_have_one_variable(one: list[str], two: list[str], fold: bool, other: bool) -> None:
    names = kept(one, fold), kept(two, other)
    assert all(name.isidentifier() and emptied(f"({name} or e)") == f"{name} = None" for name in names)
    assert (names[0] == names[1]) is ((one, fold) == (two, other))


VALUES = st.sampled_from(["", "x", "X", "yX", "7", 7, 0, None, True, 0.5, ["x"], ["y", "X"], [], {"b": "x"}])


@given(st.dictionaries(st.sampled_from(["a", "b", "a_b"]), VALUES))
def test_fields_of_like_names_are_asked_apart(body: dict[str, object]) -> None:
    rules = ruleset(
        "event thing of anything as text\n\nrule r\n  on thing\n"
        '  when ((a contains "x" ignoring case or b is "7") and not (a_b is "X" or a.b is "x"))\n'
        '   or (a_b ends with "x" ignoring case and a_b is not "x" and (b is "x" or b starts with "X"))\n'
        f"  do\n    send desk.note\n\n{DESK}"
    )
    condition = rules.rules[0].condition
    quick = residual(condition)
    assert quick is not None
    assert quick(body) is conditions.condition(condition)(bare(body))
