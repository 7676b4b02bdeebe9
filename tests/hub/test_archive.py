"""Rules that were in force go on deciding what began under them, in the next process too, from the text of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub import archive
from atamo_rules.hub.archive import BUCKET, Script, compiled, packed, unpacked
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Done
from atamo_rules.model.work import Put
from atamo_rules.source.span import Source
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state, submit
from tests.hub.test_path import ASK
from tests.hub.test_recovery import Left, asked

CHANGED = ASK.replace("costs", "is")
TEXTS = st.text(max_size=200)


def written(text: str, **agents: ScriptedAgent) -> Generation:
    """A generation that knows its text."""
    return replace(state(text, agents), script=Script((Source("a.atamo", dedent(text)),)))


class Kept(Left):
    """Hubs one after the other on a file, each with the texts of its rules."""

    def begin(self, text: str, desk: ScriptedAgent, pricing: ScriptedAgent) -> Hub:
        hub = self.start(text, {"desk": desk, "pricing": pricing})
        hub.retiring.current = written(text, desk=desk, pricing=pricing)
        return hub


def test_a_rule_that_was_changed_between_two_processes_goes_on_as_it_began(tmp_path: Path) -> None:
    left, desk = Kept(tmp_path), ScriptedAgent()

    async def story() -> Any:
        await asked(left.begin(ASK, ScriptedAgent(), ScriptedAgent(30.0)))
        await left.kill()
        hub = left.begin(CHANGED, desk, ScriptedAgent(Done({"amount": 12})))
        await hub.start()
        await hub.activate(written(ASK.replace("costs", "was"), desk=desk))
        told = await left.end("e1")
        assert told["problems"] == []
        return told

    told = asyncio.run(story())
    assert told["replies"] == [{"answer": {"price": 12}}]
    assert [action.body for action in desk.asked] == [{"line": "a costs 12"}]
    assert left.alerts == []


@pytest.mark.parametrize("spoil", ["bm9uZQ==", "?", packed(Script((Source("a.atamo", CHANGED),)))])
def test_a_text_that_does_not_mean_what_its_digest_says_is_not_gone_by(tmp_path: Path, spoil: str) -> None:
    left = Kept(tmp_path)

    async def story() -> Any:
        hub = left.begin(ASK, ScriptedAgent(), ScriptedAgent(30.0))
        await asked(hub)
        await hub.store.put(Put(BUCKET, hub.current.digest, spoil))
        await left.kill()
        hub = left.begin(CHANGED, ScriptedAgent(), ScriptedAgent(Done({"amount": 12})))
        await hub.start()
        return await left.end("e1")

    assert asyncio.run(story())["problems"] == [
        "`quote` was changed while it waited for `pricing.quote`: the rest was not done"
    ]


def test_a_text_is_dropped_when_no_kept_event_and_no_open_work_refers_to_it(tmp_path: Path) -> None:
    left = Kept(tmp_path)

    async def story() -> None:
        pricing, desk = ScriptedAgent(Done({"amount": 1})), ScriptedAgent()
        hub = left.begin(ASK, desk, pricing)
        await submit(hub, "price.quote", sku="a")
        first = hub.current.digest
        for words in ("is", "was", "will be"):
            await hub.activate(written(ASK.replace("costs", words), desk=desk, pricing=pricing))
        assert len(await hub.store.entries(BUCKET)) == 4
        assert await archive.tidy(hub) == 2
        assert [entry.key for entry in await hub.store.entries(BUCKET)] == [first, hub.current.digest]
        assert await archive.tidy(hub) == 0
        then = await hub.rules_of(first)
        assert then is not None
        assert (then.digest, await hub.rules_of("nobody's")) == (first, None)
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


def test_a_store_that_outlives_nothing_keeps_no_text() -> None:
    async def story() -> None:
        hub = Hub(written(ASK), MemoryStore())
        await hub.start()
        assert await hub.store.entries(BUCKET) == ()

    asyncio.run(story())


@given(
    st.lists(st.builds(Source, TEXTS, TEXTS, TEXTS), max_size=4),
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=3),
    st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers() | st.decimals(-9, 9, places=2) | TEXTS),
)
def test_a_script_is_read_as_it_was_packed(files: Any, schemas: Any, params: Any) -> None:
    script = Script(tuple(files), tuple(schemas), params)
    assert unpacked(packed(script)) == script
    assert unpacked(packed(script)).params == params


def test_schemas_are_kept_with_the_rules_that_read_them() -> None:
    text = (
        'event thing.happened from "thing.json"\n'
        "rule r\n  on thing.happened\n  when n > 1\n  do\n    emit thing.happened\n      n: 1\n"
    )
    schema = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'
    made = compiled(Script((Source("a.atamo", text),), (("a.atamo", "thing.json", schema),)))
    assert made is not None
    assert made.events["thing.happened"].schema is not None
    assert compiled(Script((Source("a.atamo", text),))) is None


SHARED = """
event thing.happened
  n: whole
agent list
  ask price
    n: whole
    safe fresh 0.01 seconds stale 1 hour shared by everyone
    answer
      price: whole
agent desk
  send note
    n: whole
rule priced
  on thing.happened
  when n > 0
  do
    ask list.price within 5 seconds as found
      n: n
    send desk.note
      n: found.price
"""


class Gate(ScriptedAgent):
    """Answers its first call at once, and the others when they are let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.broken = False

    async def perform(self, action: Any, reply: Any) -> Any:
        self.asked.append(action)
        if len(self.asked) > 1:
            await self.let.wait()
        self.broken = self.broken or self.closed > 0
        return Done({"price": len(self.asked)})


def test_a_call_that_goes_on_after_its_event_keeps_its_agent() -> None:
    async def story() -> None:
        old, desk = Gate(), ScriptedAgent()
        hub = Hub(state(SHARED, {"list": old, "desk": desk}), MemoryStore())
        await submit(hub, "thing.happened", "e1", n=1)
        await asyncio.sleep(0.02)
        await submit(
            hub, "thing.happened", "e2", n=1
        )  # has the stale answer; a call for the next is under way
        assert len(old.asked) == 2
        hub.swap(state(SHARED, {"list": ScriptedAgent(), "desk": desk}))
        await asyncio.sleep(0.01)
        assert old.closed == 0
        old.let.set()
        while not old.closed:
            await asyncio.sleep(0.001)
        assert not old.broken
        await hub.drain(5)

    asyncio.run(story())
