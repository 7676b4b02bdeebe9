"""A hub in a thread of its own: called, asked, listened to and stopped by a program that is not asynchronous."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

import atamo_rules as atamo
from atamo_rules.builtin.agents.functions import LOADED, Value

RULES = """
request price.quote
  sku: text
  answer
    price: whole
event order.placed
  sku: text
agent shop
  ask price
    sku: text
    answer
      price: whole
  publish ticks
    sku: text
  send note
    sku: text
rule quote
  on request price.quote
  when sku is not "feed"
  do
    ask shop.price within 10 seconds as found
      sku: sku
    reply
      price: found.price
rule ticks
  on request price.quote
  when sku is "feed"
  do
    publish shop.ticks
      sku: sku
rule order
  on order.placed
  do
    send shop.note
      sku: sku
"""


class Shop:
    """Plain functions, slow ones among them, and where they ran."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.notes: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.ended = threading.Event()

    def price(self, sku: str) -> dict[str, int]:
        self.threads.add(threading.current_thread().name)
        self.gate.wait(10)
        return {"price": len(sku)}

    def ticks(self, sku: str) -> Iterator[Any]:
        try:
            yield Value("a", 1)
            yield LOADED
            for number in range(2, 100_000):
                time.sleep(0.002)
                yield Value("a", number)
        finally:
            self.ended.set()

    def note(self, sku: str) -> None:
        self.notes.append(sku)

    def portal(self, **more: Any) -> atamo.Portal:
        functions = atamo.FunctionAgent(price=self.price, ticks=self.ticks, note=self.note)
        return atamo.Portal(atamo.TextProvider(RULES), agents={"shop": functions}, **more)


def test_ten_lines_to_a_working_hub() -> None:
    shop = Shop()
    with shop.portal() as hub:
        assert hub.ask("price.quote", {"sku": "abc"}).first == {"price": 3}
        name = hub.submit("order.placed", {"sku": "x"}, id="o-1")
        hub.wait(name, 60)
        told = hub.told("o-1")
        assert told is not None
        assert told["state"] == "finished"
        assert [record.kind for record in hub.follow("o-1")][-1] == "event.finished"
    assert shop.notes == ["x"]
    assert threading.current_thread().name not in shop.threads
    assert all(name.startswith("atamo-agent") for name in shop.threads)


def test_many_threads_ask_at_once() -> None:
    shop = Shop()
    got: list[Any] = []
    with shop.portal() as hub:
        threads = [
            threading.Thread(target=lambda n=n: got.append(hub.ask("price.quote", {"sku": "x" * n}).first))
            for n in range(1, 21)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(answer["price"] for answer in got) == list(range(1, 21))


def test_a_feed_in_a_loop_ends_with_the_loop() -> None:
    shop = Shop()
    with shop.portal() as hub:
        got = []
        for frame in hub.request("price.quote", {"sku": "feed"}, mode="feed"):
            got.append(frame.body)
            if len(got) == 4:
                break
        assert got == [1, 2, 3, 4]
        assert shop.ended.wait(10)


def test_a_window_stays_responsive_while_it_listens() -> None:
    shop, own = Shop(), queue.SimpleQueue[Callable[[], None]]()
    seen: list[tuple[Any, str]] = []
    with shop.portal(call=own.put) as hub:
        end = hub.listen(
            lambda frame: seen.append((frame.body, threading.current_thread().name)),
            "price.quote", {"sku": "feed"}, mode="feed",
        )  # fmt: skip
        while len(seen) < 3:
            own.get(timeout=10)()
        end()
        assert shop.ended.wait(10)
        hub.listen(lambda frame: seen.append((frame.body, "")), "price.qoute", {})
        while seen[-1][1]:
            own.get(timeout=10)()
    assert [name for _, name in seen[:3]] == [threading.current_thread().name] * 3
    assert "did you mean `price.quote`" in seen[-1][0]


def test_steps_and_alerts_of_ones_own_event_come_to_the_window() -> None:
    shop = Shop()
    shop.note = lambda sku: atamo.Failed("no room")  # type: ignore[assignment, method-assign]
    window: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    seen: list[tuple[str, str]] = []
    with shop.portal(call=window.put) as hub:
        for name, wanted in (("loud", True), ("quiet", False)):
            hub.submit("order.placed", {"sku": "x"}, id=name, user=atamo.User("ann"), alerts=wanted)
            hub.watch(lambda step: seen.append((step.kind, threading.current_thread().name)), name)
            while not seen or seen[-1][0] != "event.finished":
                window.get(timeout=10)()
            kinds = [kind for kind, _ in seen]
            assert kinds[0] == "event.accepted"
            assert "action.failed" in kinds
            assert {thread for _, thread in seen} == {threading.current_thread().name}
            seen.clear()
        told = {name: hub.told(name) for name in ("loud", "quiet")}
    alerts: Any = {name: one["alerts"] for name, one in told.items() if one is not None and "alerts" in one}
    assert {name: [alert["why"] for alert in each] for name, each in alerts.items()} == {"loud": ["no room"]}


def test_an_agent_is_told_as_whom_it_acts() -> None:
    told: list[str] = []

    def note(sku: str, action: atamo.Action) -> None:
        told.append(str(action.acting_as))

    rules = atamo.TextProvider(RULES.replace("send shop.note", "send shop.note as user desk", 1))
    for provider, users in (
        (rules, "ann"),
        (atamo.TextProvider(RULES), "ann"),
        (atamo.TextProvider(RULES), ""),
    ):
        with atamo.Portal(provider, agents={"shop": atamo.FunctionAgent(note=note)}) as hub:
            hub.wait(hub.submit("order.placed", {"sku": "x"}, user=atamo.User(users) if users else None), 10)
    assert told == ["user desk", "user ann", "None"]


def test_mistakes_are_raised_where_they_are_made() -> None:
    for done, many in (("stop", "1 finding"), ("send", "2 findings")):
        with pytest.raises(atamo.RulesetRejected, match=f"the ruleset has {many}: "):
            atamo.Portal(atamo.TextProvider(f"rule x\n  on nothing.here\n  {done}\n")).start()
    with pytest.raises(atamo.UnknownName, match="did you mean `shop`"):
        atamo.Portal(atamo.TextProvider(RULES), agents={"shpo": atamo.FunctionAgent()}).start()
    portal = Shop().portal()
    with pytest.raises(RuntimeError, match="not running"):
        portal.told("x")
    with portal as hub:
        with pytest.raises(atamo.EventRejected, match="sku"):
            hub.submit("order.placed", {})
        with pytest.raises(RuntimeError, match="started already"):
            portal.start()

        async def wait_for_itself() -> None:
            hub.told("x")

        with pytest.raises(RuntimeError, match="own thread"):
            hub.run(wait_for_itself())
    with pytest.raises(RuntimeError, match="not running"):
        portal.told("x")
    assert portal.stop() == 0


def test_stopping_gives_what_runs_its_time_and_says_what_was_left() -> None:
    shop = Shop()
    hub = shop.portal().start()
    shop.gate.clear()
    cut: list[BaseException] = []

    def ask() -> None:
        try:
            hub.ask("price.quote", {"sku": "a"})
        except CancelledError as error:
            cut.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not shop.threads:
        time.sleep(0.005)
    assert hub.stop(0.05) == 1
    shop.gate.set()
    asking.join(10)
    assert len(cut) == 1


def test_folders_and_files_may_be_named_by_texts(tmp_path: Path) -> None:
    """As in every library of Python: whoever embeds a hub writes a path as it comes."""
    (tmp_path / "rules.atamo").write_text("event order.placed\n  sku: text\n")
    rules = atamo.FolderProvider(str(tmp_path), watch=False)
    store = atamo.SqliteStore(str(tmp_path / ".atamo" / "hub.db"))
    with atamo.Portal(rules, store=store) as hub:
        name = hub.submit("order.placed", {"sku": "nail"})
        hub.wait(name, 60)
        assert hub.told(name) is not None
    assert (tmp_path / ".atamo" / "hub.db").exists()
