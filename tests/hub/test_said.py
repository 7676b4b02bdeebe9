"""Whatever an agent says, its action comes to an end, and what is kept of it can be read again."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import AnswerRefused
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.agents.said import as_json, as_kept, as_reply
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.strict_json import JsonRefused, decode, encode
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state
from tests.hub.test_failures import ONE

HALF = "\ud800"
DEEP: list[Any] = []
for _ in range(5000):
    DEEP = [DEEP]
ROUND: list[Any] = []
ROUND.append(ROUND)
STRANGE: list[tuple[Any, str]] = [
    (Done({"n": Decimal("NaN")}), "done"),
    (Done(Decimal("1e999999")), "failed"),
    (Done(10**5000), "failed"),
    (Done(DEEP), "failed"),
    (Done(ROUND), "failed"),
    (Done(object()), "failed"),
    (Done({HALF: (HALF, {1}, b"x", {2: float("inf")})}), "done"),
    (Failed(None), "failed"),  # type: ignore[arg-type]
    (Failed("x", 3), "failed"),  # type: ignore[arg-type]
    (Again(HALF, "5", b"x"), "done"),  # type: ignore[arg-type]
    (Again("x", float("nan")), "done"),
]


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize(("outcome", "ends"), STRANGE, ids=range(len(STRANGE)))
def test_an_action_comes_to_an_end_and_is_told(
    outcome: Any, ends: str, on_disk: bool, tmp_path: Path
) -> None:
    async def story() -> None:
        store = SqliteStore(tmp_path / "hub.db") if on_disk else MemoryStore()
        hub = Hub(state(ONE, {"desk": ScriptedAgent(outcome, Done())}), store)
        hub.policy = RetryPolicy(attempts=3, base=0.0)
        await hub.submit_json({"type": "thing.happened", "id": "e1", "data": {"n": 1}})
        await hub.wait("e1", 60)
        told: Any = await hub.store.told("e1")
        assert (told["state"], told["actions"][0]["state"]) == ("finished", ends)
        assert decode(encode(told))
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (None, None),
        ({"a": [1, 1.5, ("x",)]}, {"a": [1, Decimal("1.5"), ["x"]]}),
        ([float("nan"), Decimal("-Infinity"), True], [None, None, True]),
        ({1: b"x", "half": f"a{HALF}"}, {"1": "eA==", "half": "a?"}),
        ([date(2026, 2, 3), datetime(2026, 2, 3, 4, tzinfo=UTC)], ["2026-02-03", "2026-02-03T04:00:00Z"]),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (frozenset({1}), [1]),
    ],
)
def test_what_libraries_give_is_json(answer: Any, kept: Any) -> None:
    assert as_json(answer) == kept
    assert as_kept(Done(answer)) == Done(kept)


def test_what_no_json_can_hold_is_refused_in_a_sentence() -> None:
    for answer in (DEEP, ROUND, object(), 10**5000, Decimal("1e999999")):
        with pytest.raises(JsonRefused):
            as_json(answer)
        with pytest.raises(AnswerRefused, match="the answer is no JSON: "):
            as_reply(answer)
        assert as_kept(Done(answer)).why.startswith("its answer is no JSON: ")  # type: ignore[union-attr]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(st.characters(codec=None))
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(st.characters(codec=None)) | st.integers(), inner)
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_what_is_kept_is_read_as_it_was_kept(answer: Any) -> None:
    try:
        kept = as_json(answer)
    except JsonRefused:
        return
    assert decode(encode(kept)) == kept
