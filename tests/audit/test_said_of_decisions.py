"""What is recorded of a decision, said quickly, is what its own members say of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.hub import records
from atamo_rules.model.contribution import LINKS, RULES, TABLE, Contribution
from atamo_rules.model.decision import Decision, Fired
from atamo_rules.testing.store_stage import NOON

texts = st.sampled_from(["", "one", "two", "three"])
some = st.lists(texts, max_size=2).map(tuple)
fired = st.builds(
    Fired,
    texts,
    st.just(()),
    problems=some,
    shadow=st.booleans(),
    provider=st.sampled_from([RULES, RULES, LINKS, TABLE]),
)
beside = st.builds(Contribution, texts, texts, st.just(()), why=texts, problems=some)
decisions = st.builds(
    Decision,
    st.just("e1"),
    st.just("order"),
    texts,
    st.lists(fired, max_size=3).map(tuple),
    texts,
    st.lists(beside, max_size=2).map(tuple),
)


@given(decisions)
def test_what_is_said_of_a_decision_is_what_it_says_of_itself(decision: Decision) -> None:
    note = records.decided(NOON, "e1", "ann", decision)
    assert (note.kind, note.event, note.who, note.cause) == ("event.decided", "e1", "ann", "event e1")
    assert note.what == {
        "digest": decision.digest,
        "matched": list(decision.matched),
        "shadow": [one.rule for one in decision.fired if one.shadow],
        "stopped_by": decision.stopped_by,
        "problems": records.problems(decision),
        "providers": list(decision.providers),
    }
