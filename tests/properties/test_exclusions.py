"""What verify says can never hold together, or always holds, is held against every value there is."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide
from atamo_rules.source import codes
from atamo_rules.source.span import Source
from tests.golden.test_one_mistake import no_file
from tests.properties.judging import taken

DECLARED = "event thing\n  n: whole\n  k: one of a, b, c\n  open: boolean\n  note: text?\n"
NUMBERS = st.integers(0, 3)
ATOMS = st.one_of(
    st.builds("n {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "is", "is not"]), NUMBERS),
    st.builds("n is between {} and {}".format, NUMBERS, NUMBERS),
    st.builds("n is one of [{}, {}]".format, NUMBERS, NUMBERS),
    st.builds("n is not one of [{}, {}]".format, NUMBERS, NUMBERS),
    st.builds("k {} {}".format, st.sampled_from(["is", "is not"]), st.sampled_from("abc")),
    st.sampled_from(["k is one of [a, b]", "k is not one of [b, c]", "open", "not open", "open is false"]),
    st.sampled_from(["note is present", "note is absent"]),
)
BODIES = [
    f'{{"n": {n}, "k": "{k}", "open": {is_open}{note}}}'
    for n, k, is_open, note in product(range(-1, 5), "abc", ("true", "false"), ("", ', "note": "x"'))
]


@given(ATOMS, ATOMS, st.sampled_from(["and", "or"]))
@settings(max_examples=200)
def test_what_is_said_is_so_and_what_is_so_is_said(one: str, other: str, join: str) -> None:
    text = f"{DECLARED}\nrule r\n  on thing\n  when {one} {join} {other}\n  stop\n"
    made = compile_sources([Source("rules.atamo", text)], no_file)
    assert made.ruleset is not None
    said = {found.code for found in made.diagnostics}
    held = {bool(decide(made.ruleset, taken(made.ruleset, body)).fired) for body in BODIES}
    code, so = (codes.NEVER_TRUE, {False}) if join == "and" else (codes.ALWAYS_TRUE, {True})
    if code in said:
        assert held == so, (one, other)
    two_bounds = "between" in one + other  # held against the other part one by one
    all_of_today = join == "or" and one[0] == other[0] == "k"  # and no mistake
    if held == so and not two_bounds and not all_of_today:
        assert code in said, (one, other)
