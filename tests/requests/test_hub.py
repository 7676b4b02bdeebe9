"""Requests through a whole hub: rules that answer, agents that feed, clients that wait, leave, come back or repeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from atamo_rules.builtin.agents.functions import LOADED, FunctionAgent, Value
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import EventRejected
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.erasing import erase
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.requests.completion import ALL, FIRST, any_of, by
from atamo_rules.hub.requests.live import TRIM, WINDOW
from atamo_rules.hub.store import Store
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Failed
from atamo_rules.model.people import User
from atamo_rules.model.work import Selector
from atamo_rules.testing.clock import ManualClock
from tests.hub.stage import Heard, state
from tests.waiting import until

TEXT = """
request price.quote
  sku: text
  quantity: whole = 1
  answer
    price: whole

agent list
  ask price
    safe fresh 10 seconds
    sku: text
    answer
      price: whole
agent market
  publish prices
    sku: text
  publish shared_prices
    safe
    sku: text
  publish typed_prices
    sku: text
    answer
      price: whole
      currency: text = "EUR"
agent desk
  send note
    line: text

rule listed "The list price, and a note beside"
  on request price.quote
  when sku is not "silent"
  do
    ask list.price within 1 minute as found
      sku: sku
      on timeout
        reply error "no list today"
    reply
      price: found.price
    send desk.note
      line: sku

rule cheap "Known at once"
  on request price.quote
  when sku is "nail"
  do
    reply
      price: 1

rule market
  on request price.quote
  when sku is one of ["gold", "silver"]
  do
    publish market.prices
      sku: sku

rule shared
  on request price.quote
  when sku is "copper"
  do
    publish market.shared_prices
      sku: sku

request price.fastest
  sku: text
  complete when first within 5 seconds kept 10 minutes
  answer
    price: whole

rule fastest_list
  on request price.fastest
  do
    ask list.price within 5 seconds as found
      sku: sku
    reply
      price: found.price

rule fastest_typed
  on request price.fastest
  when sku is not "alone"
  do
    publish market.typed_prices
      sku: sku
"""

Story = Callable[["Shop"], Awaitable[None]]


@pytest.fixture(autouse=True, params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every story is told with both stores."""
    Shop.store = MemoryStore if request.param == "memory" else lambda: SqliteStore(tmp_path / "hub.db")


class Shop:
    """A hub with agents that are functions, and what became of everything."""

    store: ClassVar[Callable[[], Store]]

    def __init__(self, **agents: FunctionAgent) -> None:
        self.heard = Heard()
        self.calls: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

        async def price(sku: str) -> Any:
            self.calls.append(sku)
            await self.gate.wait()
            return Failed("not listed") if sku == "unlisted" else {"price": 10}

        async def prices(sku: str) -> AsyncIterator[Any]:
            self.calls.append(sku)
            yield Value("a", 1)
            yield Value("b", 2)
            yield LOADED
            for number in range(3, 1000):
                await asyncio.sleep(0.005)
                yield Value("ab"[number % 2], number)

        async def typed(sku: str) -> AsyncIterator[Any]:
            yield {"price": 7}
            yield {"price": "seven"} if sku == "wrong" else {"price": 8, "currency": "NOK"}

        self.agents = {
            "list": FunctionAgent(price=price, concurrency=4),
            "market": FunctionAgent(prices=prices, shared_prices=prices, typed_prices=typed),
            "desk": FunctionAgent(note=lambda line: None),
            **agents,
        }
        generation = state(TEXT, self.agents)  # type: ignore[arg-type]
        self.hub = Hub(generation, type(self).store(), [self.heard])
        self.hub.policy = RetryPolicy(attempts=2, base=0.0)

    async def open(self, sku: str, id: str = "q", **how: Any) -> str:
        from atamo_rules.hub.requests import asking

        return await asking.opened(
            self.hub, "price.quote", {"sku": sku}, id, how.pop("user", None), asking.options(**how)
        )


def run(story: Story, **agents: FunctionAgent) -> Shop:
    async def whole() -> Shop:
        shop = Shop(**agents)
        async with asyncio.timeout(90):
            await story(shop)
            await shop.hub.drain(5)
            await shop.hub.end()
        return shop

    return asyncio.run(whole())


def brief(frames: Any) -> list[tuple[str, str, Any]]:
    return [(frame.kind, frame.agent or frame.rule, frame.body) for frame in frames if frame is not None]


def test_answers_come_as_they_are_there_and_the_end_is_the_last() -> None:
    async def story(shop: Shop) -> None:
        got = await shop.hub.ask("price.quote", {"sku": "nail"})
        assert got.state == "complete"
        assert brief(got.frames) == [
            ("data", "cheap", {"price": 1}), ("data", "listed", {"price": 10}), ("end", "", {"state": "complete"}),
        ]  # fmt: skip
        assert [frame.seq for frame in got.frames] == [1, 2, 3]
        assert (got.first, got.all) == ({"price": 1}, ({"price": 1}, {"price": 10}))

    shop = run(story)
    assert [k for k in shop.heard.kinds() if k.startswith("request.")] == [
        "request.opened", "request.partial", "request.completed",
    ]  # fmt: skip
    assert shop.heard.what("request.opened")[0]["expected"] == ["rule cheap", "list.price"]


def test_what_is_missing_is_always_shown() -> None:
    async def story(shop: Shop) -> None:
        shop.gate.clear()
        key = await shop.open("nail")
        view = await shop.hub.requests.look(key)
        assert view is not None
        assert (view.request.state, [p.name for p in view.request.missing]) == ("partial", ["list.price"])
        shop.gate.set()

    run(story)


def test_nobody_matches_and_it_is_complete_at_once() -> None:
    async def story(shop: Shop) -> None:
        got = await shop.hub.ask("price.quote", {"sku": "silent"})
        assert brief(got.frames) == [("end", "", {"state": "complete"})]
        with pytest.raises(LookupError, match="no answer: the request is complete: nobody was asked"):
            got.first  # noqa: B018

    run(story)


def test_who_cannot_answer_is_an_error_frame_and_the_request_fails_or_is_degraded() -> None:
    async def story(shop: Shop) -> None:
        failed = await shop.hub.ask("price.quote", {"sku": "unlisted"})
        assert (failed.state, failed.errors) == ("failed", ("no list today",))
        assert brief(failed.frames) == [
            ("error", "listed", "no list today"),
            ("end", "", {"state": "failed", "why": "list.price: no list today"}),
        ]

    run(story)


def test_the_first_answer_may_do_and_the_rest_comes_late() -> None:
    async def story(shop: Shop) -> None:
        shop.gate.clear()
        got = await shop.hub.ask("price.quote", {"sku": "nail"}, id="q", policy=FIRST)
        assert (got.state, got.all) == ("complete", ({"price": 1},))
        shop.gate.set()
        await shop.hub.wait("q", 60)
        view = await shop.hub.requests.look("q")
        assert view is not None
        assert [(f.seq, f.kind, f.late) for f in view.frames] == [
            (1, "data", False), (2, "end", False), (3, "data", True),
        ]  # fmt: skip

    run(story)


def test_the_type_of_a_request_says_when_it_is_complete_and_a_client_may_say_otherwise() -> None:
    async def story(shop: Shop) -> None:
        shop.gate.clear()
        got = await shop.hub.ask("price.fastest", {"sku": "x"}, id="q")
        assert (got.state, got.first, str(got.request.policy)) == (
            "complete", {"price": 7, "currency": "EUR"}, "first",
        )  # fmt: skip
        shop.gate.set()
        assert (got.request.clocks.deadline, got.request.clocks.retain) == (5.0, 600.0)
        whole = await shop.hub.ask("price.fastest", {"sku": "x"}, id="p", policy=ALL, deadline=6.0)
        assert (whole.state, len(whole.all), str(whole.request.policy)) == ("complete", 3, "all")
        assert (whole.request.clocks.deadline, whole.request.clocks.retain) == (6.0, 600.0)

    run(story)


def test_what_an_agent_publishes_is_held_to_what_it_declares_to_answer() -> None:
    async def story(shop: Shop) -> None:
        right = await shop.hub.ask("price.fastest", {"sku": "x"}, policy=ALL)
        published = [frame.body for frame in right.frames if frame.agent == "market"]
        assert {"price": 7, "currency": "EUR"} in published
        assert {"price": 8, "currency": "NOK"} in published
        wrong = await shop.hub.ask("price.fastest", {"sku": "wrong"}, id="w", policy=ALL)
        assert wrong.state == "degraded"
        assert len(wrong.all) == 2
        assert {"price": 7, "currency": "EUR"} in wrong.all
        (why,) = wrong.errors
        assert why.startswith("its answer is not what it was declared to be: ")
        told = await shop.hub.store.told("w")
        assert told is not None
        assert [(one["target"], one["state"]) for one in told["actions"] if one["verb"] == "publish"] == [
            ("market.typed_prices", "failed"),
        ]  # fmt: skip

    run(story)


@pytest.mark.parametrize(
    ("how", "state"), [({"policy": by(0.03)}, "complete"), ({"deadline": 0.03}, "degraded")]
)
def test_time_ends_a_request_and_takes_the_question_back(how: dict[str, Any], state: str) -> None:
    async def story(shop: Shop) -> None:
        shop.gate.clear()
        got = await shop.hub.ask("price.quote", {"sku": "nail"}, id="q", **how)
        assert (got.state, got.all) == (state, ({"price": 1},))
        if state == "degraded":
            await shop.hub.wait("q", 60)
            told = await shop.hub.store.told("q")
            assert told is not None
            states = [action["state"] for action in told["actions"]]  # type: ignore[union-attr, index, call-overload]
            assert sorted(states) == ["cancelled", "done"]
        shop.gate.set()

    run(story)


@pytest.mark.parametrize(("sku", "agent"), [("gold", "market"), ("nail", "list")])
def test_who_asked_is_told_that_an_operator_cancelled_what_would_have_answered(sku: str, agent: str) -> None:
    async def story(shop: Shop) -> None:
        shop.gate.clear()
        key = await shop.open(sku, mode="feed" if agent == "market" else "load")
        while not shop.calls:
            await asyncio.sleep(0.001)
        assert await shop.hub.cancel(Selector(event=key), "op") > 0
        frames = [frame async for frame in shop.hub.requests.stream(key) if frame is not None]
        assert frames[-1].last
        assert "cancelled by op" in [frame.body for frame in frames if frame.kind == "error"]
        shop.gate.set()

    run(story)


def test_setting_the_wall_clock_back_keeps_no_request_open() -> None:
    clock = ManualClock()

    async def story() -> None:
        hub = Hub(state(TEXT, Shop().agents), MemoryStore(clock=clock), clock=clock)  # type: ignore[arg-type]
        begin = hub.requests.now()
        clock.step(-86_400)
        clock.move(5)
        assert hub.requests.now() == begin + 5

    asyncio.run(story())


def test_any_of_two_waits_for_both() -> None:
    async def story(shop: Shop) -> None:
        got = await shop.hub.ask("price.quote", {"sku": "nail"}, policy=any_of(2))
        assert len(got.all) == 2

    run(story)


def test_a_feed_is_loaded_goes_on_and_is_stopped_when_its_reader_leaves() -> None:
    async def story(shop: Shop) -> None:
        got: list[Frame] = []
        async for frame in shop.hub.request("price.quote", {"sku": "gold"}, id="q", mode="feed"):
            got.append(frame)
            if len([f for f in got if f.kind == "update"]) == 3:
                break
        bodies = [(f.kind, f.key, f.body) for f in got if f.agent == "market"]
        assert bodies == [
            ("data", "a", 1), ("data", "b", 2), ("update", "b", 3), ("update", "a", 4), ("update", "b", 5),
        ]  # fmt: skip
        await shop.hub.wait("q", 60)
        request = await shop.hub.requests.find("q")
        assert request is not None
        assert (request.state, request.why) == ("cancelled", "nobody listens any more")
        told = await shop.hub.store.told("q")
        assert told is not None
        assert {a["state"] for a in told["actions"]} == {"done"}  # type: ignore[union-attr, index, call-overload]

    run(story)


def test_who_loads_once_has_the_load_of_a_feed_and_its_agent_stops() -> None:
    async def story(shop: Shop) -> None:
        got = await shop.hub.ask("price.quote", {"sku": "gold"}, id="q")
        assert got.state == "complete"
        assert {f.body for f in got.frames if f.agent == "market"} == {1, 2}
        await shop.hub.wait("q", 60)

    run(story)


def test_readers_of_one_feed_share_one_call_and_each_has_its_own_log() -> None:
    async def story(shop: Shop) -> None:
        async def read(id: str, wait: float) -> list[Frame]:
            while wait and ("a" not in shop.hub.requests.open or shop.hub.requests.open["a"].state != "live"):
                await asyncio.sleep(0.005)
            await asyncio.sleep(wait)
            got = []
            async for frame in shop.hub.request("price.quote", {"sku": "copper"}, id=id, mode="feed"):
                if frame.agent:
                    got.append(frame)
                # Whoever has the feed stays until the others have joined it, however long that takes them.
                if len(got) >= 8 and shop.heard.kinds().count("feed.joined") == 2:
                    break
            return got[:8]

        first, second, third = await asyncio.gather(read("a", 0), read("b", 0.01), read("c", 0.03))
        assert [sku for sku in shop.calls if sku == "copper"].count(
            "copper"
        ) == 2  # the feed once, the list once
        assert first[0].cache == "miss"
        for late in (second, third):
            assert [f.kind for f in late[:2]] == ["snapshot", "snapshot"]
            assert {f.key for f in late[:2]} == {"a", "b"}
            numbers = [f.body for f in late]
            # The state when it joined, and from there on every update.
            assert numbers[0] < numbers[1]  # type: ignore[operator]
            assert numbers[1:] == list(range(numbers[1], numbers[1] + 7))  # type: ignore[arg-type, operator]
            assert {f.cache for f in late} == {"joined"}

    shop = run(story)
    assert shop.heard.kinds().count("feed.joined") == 2


def test_a_thousand_equal_requests_at_once_are_one_call_of_the_agent() -> None:
    async def story(shop: Shop) -> None:
        shop.gate.clear()
        asking = [
            asyncio.create_task(shop.hub.ask("price.quote", {"sku": "x"}, deadline=60)) for _ in range(1000)
        ]
        while shop.heard.kinds().count("action.joined") < 999:
            await asyncio.sleep(0.02)
        shop.gate.set()
        got = await asyncio.gather(*asking)
        assert shop.calls == ["x"]
        assert {answers.first["price"] for answers in got} == {10}  # type: ignore[call-overload, index]

    shop = run(story)
    kinds = shop.heard.kinds()
    assert (kinds.count("action.joined"), kinds.count("cache.hit")) == (999, 0)


def test_equal_questions_of_other_users_are_other_calls() -> None:
    async def story(shop: Shop) -> None:
        for name in ("ann", "bob", "ann"):
            await shop.hub.ask("price.quote", {"sku": "x"}, user=User(name))
        assert shop.calls == ["x", "x"]

    run(story)


def test_the_answers_of_another_will_do_for_a_time() -> None:
    async def story(shop: Shop) -> None:
        ann, bob = User("ann"), User("bob")
        first = await shop.hub.ask("price.quote", {"sku": "nail"}, id="a", user=ann)
        again = await shop.hub.ask("price.quote", {"sku": "nail"}, id="b", user=ann, max_age=60)
        assert again.all == first.all
        assert [(f.log, f.seq, f.cache) for f in again.frames] == [("b", n, "hit") for n in (1, 2, 3)]
        assert all(f.age is not None and f.age >= 0 for f in again.frames)
        assert again.request.source == "a"
        for how in ({"max_age": 0}, {"max_age": 60, "user": bob}, {"max_age": 60, "policy": FIRST}):
            other = await shop.hub.ask("price.quote", {"sku": "nail"}, **{"user": ann, **how})
            assert other.request.source == "", how
        told = await shop.hub.store.told("b")
        assert told is not None
        assert (told["state"], told["matched"], told["actions"]) == ("finished", [], [])

    shop = run(story)
    hits = [record for record in shop.heard.records if record.kind == "cache.hit" and record.event == "b"]
    assert [record.what["source"] for record in hits] == ["a"]


def test_other_rules_have_no_old_answers() -> None:
    async def story(shop: Shop) -> None:
        await shop.hub.ask("price.quote", {"sku": "nail"}, id="a")
        shop.hub.swap(state(TEXT.replace("price: 1", "price: 2"), shop.agents))  # type: ignore[arg-type]
        got = await shop.hub.ask("price.quote", {"sku": "nail"}, id="b", max_age=60)
        assert got.request.source == ""
        assert {"price": 2} in got.all

    run(story)


def test_an_agent_that_goes_on_after_the_end_is_cut_and_its_request_stays_small() -> None:
    async def stubborn(sku: str) -> AsyncIterator[Any]:
        for number in range(100_000):
            with suppress(asyncio.CancelledError):  # an agent that does not want to hear
                await asyncio.sleep(0)
            yield number

    async def story(shop: Shop) -> None:
        key = await shop.open("gold", mode="feed")
        await asyncio.sleep(0.02)
        await shop.hub.requests.cancel(key)
        await shop.hub.wait(key, 60)
        page = await shop.hub.store.read(key, 0, 10_000, 0)
        assert sum(frame.late for frame in page.frames) <= 101

    run(story, market=FunctionAgent(prices=stubborn))


def test_after_its_time_a_request_is_a_tombstone() -> None:
    async def story(shop: Shop) -> None:
        await shop.hub.ask("price.quote", {"sku": "nail"}, id="q", retain=0.05)
        async with asyncio.timeout(30):
            while (view := await shop.hub.requests.look("q")) is not None and not view.request.forgotten:
                await asyncio.sleep(0.02)
        assert view is not None
        assert (view.frames, view.had, view.request.state, view.request.forgotten) == (
            (),
            3,
            "complete",
            True,
        )
        assert await shop.hub.requests.look("never") is None

    run(story)


def held_back(shop: Shop) -> asyncio.Event:
    """Has the ends of requests written once this is set."""
    append, let = shop.hub.store.append, asyncio.Event()

    async def slowly(frames: Any, notes: Any = ()) -> Any:
        if any(frame.kind == "end" for frame in frames):
            await let.wait()
        return await append(frames, notes)

    shop.hub.store.append = slowly  # type: ignore[method-assign]
    return let


def test_what_is_erased_while_its_end_is_written_stays_erased() -> None:
    async def story(shop: Shop) -> None:
        let, requests = held_back(shop), shop.hub.requests
        key = await shop.open("nail")
        await until(lambda: requests.open[key].over)
        erasing = asyncio.create_task(erase(shop.hub, key, "op"))
        await asyncio.wait({erasing}, timeout=0.5)  # as far as it comes by itself
        let.set()
        assert (await erasing).events == [key]
        await until(lambda: not shop.hub.underway.tasks)
        request = await requests.find(key)
        assert request is not None
        assert (request.state, request.forgotten, request.print) == ("complete", True, "")

    run(story)


def test_what_is_kept_for_a_shorter_time_than_its_end_takes_to_write_is_forgotten_too() -> None:
    async def story(shop: Shop) -> None:
        let, requests = held_back(shop), shop.hub.requests
        key = await shop.open("nail", retain=0.01)
        await until(lambda: key not in requests.open or requests.open[key].forgotten)
        let.set()
        await until(lambda: key in requests.forgetting.tombstones and not shop.hub.underway.tasks)
        view = await requests.look(key)
        assert view is not None
        assert (view.frames, view.had, view.request.state, view.request.forgotten) == (
            (), 3, "complete", True,
        )  # fmt: skip

    run(story)


def test_a_request_is_a_tombstone_also_while_the_store_has_yet_to_let_go_of_it() -> None:
    async def story(shop: Shop) -> None:
        async def nothing(now: Any) -> int:
            return 0

        shop.hub.store.journal.forget = nothing  # type: ignore[attr-defined]
        await shop.hub.ask("price.quote", {"sku": "nail"}, id="q", retain=0.05)
        async with asyncio.timeout(30):
            while (view := await shop.hub.requests.look("q")) is not None and not view.request.forgotten:
                await asyncio.sleep(0.02)
        assert view is not None
        assert (view.frames, view.had) == ((), 3)

    run(story)


def test_what_is_not_a_request_or_breaks_its_type_is_refused() -> None:
    async def story(shop: Shop) -> None:
        with pytest.raises(EventRejected, match="did you mean"):
            await shop.hub.ask("price.qoute", {"sku": "x"})
        with pytest.raises(EventRejected, match="sku"):
            await shop.hub.ask("price.quote", {})

    run(story)


def test_a_hub_that_stops_ends_its_feeds() -> None:
    async def story(shop: Shop) -> None:
        await shop.open("gold", mode="feed")
        await asyncio.sleep(0.02)
        begun = datetime.now(UTC)
        assert await shop.hub.drain(10) == 0
        assert datetime.now(UTC) - begun < timedelta(seconds=8)
        request = await shop.hub.requests.find("q")
        assert request is not None
        assert (request.state, request.why) == ("cancelled", "the hub is stopping")

    run(story)


def test_a_feed_that_goes_on_for_long_has_a_short_log_and_who_was_away_has_its_state() -> None:
    updates, keys = 4000, 5

    async def busy(sku: str) -> AsyncIterator[Any]:
        yield LOADED
        yield Value("first", 0)
        for number in range(1, updates):
            yield Value(f"k{number % keys}", number)
        await asyncio.sleep(60)

    async def story(shop: Shop) -> None:
        key = await shop.open("gold", mode="feed")
        cursor, view = 0, None
        while view is None or view.cursor < updates + 1:  # and the list price
            view = await shop.hub.requests.look(key, updates, 5.0)
            assert view is not None
        page = await shop.hub.store.read(key, 0, 100_000, 0)
        seen = [frame for frame in page.frames if frame.agent == "market"]
        assert len(seen) <= WINDOW + TRIM + keys + 1
        assert seen[0].body == 0  # the last of its key, however old
        assert {frame.key: frame.body for frame in seen} == {
            "first": 0, **{f"k{number % keys}": number for number in range(updates - keys, updates)},
        }  # fmt: skip
        numbers = [frame.seq for frame in page.frames]
        assert numbers == sorted(numbers)
        assert numbers[-1] - numbers[0] > len(numbers)
        while True:
            view = await shop.hub.requests.look(key, cursor)
            assert view is not None
            if not view.frames:
                break
            cursor = view.cursor
        await shop.hub.requests.cancel(key)

    run(story, market=FunctionAgent(prices=busy))
