"""Whatever comes into a window through a hub: keys of any type, times of any kind, events again, rules that change
meanwhile. Nothing breaks it, and each firing is one that a naive count knows of."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.functions.printing import moment_text
from tests.hub.scene import Scene, playing

RULES = """
event thing.seen
  n: whole
  key: anything?
event thing.gone
  n: whole
  key: anything?
agent soc
  send alert
    text: text

rule counted
  on thing.seen COUNT times within 1 day by key
  do
    send soc.alert
      text: "counted {{ n }}"

rule timed
  on thing.seen 3 times within 1 day by key in event time, up to 5 minutes late
  do
    send soc.alert
      text: "timed"

rule missed
  on thing.seen as a without thing.gone within 2 hours by key
  do
    send soc.alert
      text: "missed {{ a.n }}"
"""
MISSING = object()
LATE = timedelta(minutes=5)

keys = st.sampled_from(
    [MISSING, None, True, False, 0, 1, 1.0, -0.0, 1e300, 10**30, "", "1", "true", "null", "NaN", "x" * 5000, "é",
     "\u0000", [], [1], [1.0], [[True]], [None], {}, {"a": 1}, {"a": 1.0, "b": None}, {"b": None, "a": 1}]
)  # fmt: skip
ages = st.sampled_from([None, 0, 1, 60, 250, 350, 4000, 10**6, 3 * 10**9, -1, -60, -4000, -(10**9)])
"""Seconds between the time of an event and now, less than nothing where it is still to come; None without a time."""


def deeds(met: list[Any]) -> st.SearchStrategy[list[Any]]:
    """Stories of a few keys, which so meet again."""
    some = st.sampled_from(met)
    return st.lists(
        st.one_of(
            st.tuples(st.just("seen"), some, ages),
            st.tuples(st.just("seen"), some, ages),
            st.tuples(st.just("gone"), some, ages),
            st.tuples(st.just("again"), st.integers(0, 50)),
            st.tuples(st.just("rules"), st.integers(2, 4)),
            st.tuples(
                st.just("refused"), st.sampled_from(["NaN", "1e999999999", "Infinity", "[" * 5000, "{"])
            ),
            st.tuples(st.just("wait"), st.integers(1, 30)),
        ),
        max_size=40,
    )


def same(value: Any) -> Any:
    """A key as it is told apart: by type, and numbers by their value."""
    match value:
        case bool() | str() | None:
            return (type(value).__name__, value)
        case int() | float():
            return ("number", Decimal(str(value)) + 0)
        case list():
            return ("list", tuple(same(one) for one in value))
    return ("object", frozenset((name, same(one)) for name, one in value.items()))


class Books:
    """What must fire, counted by hand."""

    def __init__(self) -> None:
        self.count = 3
        self.counted: dict[Any, int] = defaultdict(int)
        self.timed: dict[Any, int] = defaultdict(int)
        self.waiting: dict[Any, list[int]] = defaultdict(list)
        self.fired: Counter[str] = Counter()

    def seen(self, key: Any, number: int, age: int | None) -> None:
        if key is MISSING or key is None:
            return
        key = same(key)
        self.counted[key] += 1
        if self.counted[key] == self.count:
            self.fired[f"counted {number}"] += 1
            self.counted[key] = 0
        if age is None or age <= LATE.total_seconds():
            self.timed[key] += 1
            self.fired["timed"] += self.timed[key] % 3 == 0
        self.waiting[key].append(number)

    def gone(self, key: Any) -> None:
        if key is not MISSING and key is not None:
            self.waiting.pop(same(key), None)

    def changed(self, count: int) -> None:
        if count != self.count:
            self.count = count
            self.counted.clear()

    def over(self) -> Counter[str]:
        return self.fired + Counter(f"missed {one}" for waits in self.waiting.values() for one in waits)


async def tell(scene: Scene, story: list[Any], books: Books) -> None:
    await scene.start(RULES.replace("COUNT", "3"))
    sent: list[bytes] = []
    for deed in story:
        match deed:
            case ("seen" | "gone" as kind, key, age):
                number = len(sent)
                data = {"n": number} | ({} if key is MISSING else {"key": key})
                told = {"type": f"thing.{kind}", "id": f"e{number}", "data": data}
                if age is not None:
                    told["time"] = moment_text(scene.clock.now() - timedelta(seconds=age))
                sent.append(json.dumps(told).encode())
                await scene.hub.submit(sent[-1])
                books.seen(key, number, age) if kind == "seen" else books.gone(key)
            case ("again", number) if sent:
                await scene.hub.submit(sent[number % len(sent)])
            case ("rules", count):
                scene.hub.swap(scene.state(RULES.replace("COUNT", str(count))))
                books.changed(count)
            case ("refused", text):
                message = b'{"type":"thing.seen","id":"r","data":{"n":0,"key":%s}}' % text.encode()
                taken, _ = await scene.hub.submit(message)
                assert taken.event is None
                assert taken.refused
            case ("wait", seconds):
                await asyncio.sleep(seconds)
    await asyncio.sleep(3 * 3600)
    got = Counter(scene.texts)
    await scene.end()
    assert got == books.over()
    assert [one for one in scene.alerts if one.kind != "windows"] == []


@settings(max_examples=60)
@given(st.lists(keys, min_size=1, max_size=3).flatmap(deeds))
def test_whatever_comes_fires_what_it_must_and_once(story: list[Any]) -> None:
    with playing(Path()) as play:
        play(lambda scene: tell(scene, story, Books()))


def test_a_time_that_is_none_is_refused_with_a_sentence() -> None:
    async def story(scene: Scene) -> None:
        await scene.start(RULES.replace("COUNT", "3"))
        for time in ("yesterday", "2026-13-01T00:00:00Z", "", 5, [], "2026-01-01T00:00:00"):
            message = {"type": "thing.seen", "id": "e", "time": time, "data": {"n": 1, "key": 1}}
            taken, _ = await scene.hub.submit(json.dumps(message).encode())
            assert taken.event is None
            assert any("time" in one for one in taken.refused), taken.refused
        await scene.end()
        assert len(scene.hub.windows.book) == 0

    with playing(Path()) as play:
        play(story)
