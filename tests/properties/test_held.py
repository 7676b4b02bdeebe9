"""Whether a field of which nothing is known contains some texts: many rules at once decide as each does alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.engine.index.matcher import Matcher
from atamo_rules.model.event import Event
from atamo_rules.model.types import Json
from tests.properties.judging import NOON
from tests.properties.test_index_is_tree import tier, walked
from tests.worlds import compiled

WORDS = ("red", "green", "blue", "grey")
HEAD = "event thing of anything\nagent desk\n  send note\n    line: text?\n"


def _test(path: str, verb: str, many: bool, words: list[str]) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"{path} {verb} any of [{quoted}]" if many else f'{path} {verb} "{words[0]}"'


TESTS = st.builds(
    _test,
    st.sampled_from(("labels", "box.labels")),
    st.sampled_from(("contains", "does not contain")),
    st.booleans(),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True),
)
OTHERS = st.sampled_from(('not (size is "big")', "not (count > 3)", "words is absent", "labels is present"))
PARTS = st.one_of(TESTS, OTHERS)
CONDITIONS = st.builds(
    lambda one, two, three, four: f"({one} or {two}) and not ({three} and {four})", PARTS, PARTS, PARTS, TESTS
)
TEXTS = st.sampled_from((*WORDS, "redgreen", "", "x"))
VALUES: st.SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(0, 9), TEXTS,
    st.lists(st.one_of(TEXTS, st.integers(0, 3), st.none(), st.lists(TEXTS, max_size=2)), max_size=4),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)  # fmt: skip


def _body(labels: Json, inside: Json, more: dict[str, Json], bare: bool) -> dict[str, Json]:
    body: dict[str, Json] = dict(more)
    if not bare:
        body["labels"] = labels
    body["box"] = {"labels": inside}
    return body


BODIES = st.builds(
    _body, VALUES, VALUES,
    st.fixed_dictionaries({}, optional={"size": st.sampled_from(("big", 3)), "count": st.sampled_from((1, 9, "x"))}),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=60)
@given(
    st.lists(CONDITIONS, min_size=8, max_size=8),
    st.lists(BODIES, min_size=12, max_size=12),
    st.sampled_from(("bits", "coarse bits", "keys and bits")),
)
def test_many_rules_decide_as_each_alone(
    conditions: list[str], bodies: list[dict[str, Any]], which: str
) -> None:
    rules = [
        f"\nrule r{number}\n  on thing\n  when {condition}\n  do\n    send desk.note\n"
        for number, condition in enumerate(conditions)
    ]
    ruleset = compiled(HEAD + "".join(rules)).ruleset
    assert ruleset is not None
    with tier(which):
        matching = Matcher(ruleset).of("thing")
        for body in bodies:
            assert matching(body) == walked(ruleset, Event("e1", "thing", body, NOON))
