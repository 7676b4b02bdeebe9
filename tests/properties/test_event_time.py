"""Windows that go by event time: in whatever order events come, as long as they come in time, the same happens as when
each came at its own time; and nothing of what comes later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide, elapse
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.state import length, micros, state_of
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.source.span import Source

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LATE = 20
TEXT = """
event a.came
  key: whole
  n: whole
event b.came
  key: whole
  n: whole
agent desk
  send told
    text: text
rule counted
  on a.came 3 times within 10 seconds by keyTIME
  do
    send desk.told
      text: "{{ n }}"
rule differing
  on a.came 2 different n within 15 seconds by keyTIME
  do
    send desk.told
      text: "{{ n }}"
rule followed
  on a.came as a then b.came as b within 10 seconds by keyTIME
  when a.n is not b.n
  do
    send desk.told
      text: "{{ a.n }} {{ b.n }}"
rule missed
  on a.came as a without b.came as b within 10 seconds by keyTIME
  when b.n >= a.n
  do
    send desk.told
      text: "{{ a.n }}"
rule gathered
  on a.came collect for 10 seconds or 4 by keyTIME
  do
    send desk.told
      text: "{{ events }}"
"""


def compiled(time: str) -> Ruleset:
    made = compile_sources([Source("a.atamo", TEXT.replace("TIME", time))], lambda *_: "")
    assert made.ruleset is not None, [one.message for one in made.diagnostics]
    return made.ruleset


BY_ARRIVAL = compiled("")
BY_EVENT = compiled(f" in event time, up to {LATE} seconds late")


class Course:
    """Time that passes over the windows of a ruleset, each state kept as a store keeps it."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.book = Book()
        self.did: list[tuple[str, Any]] = []
        self.sentences: list[str] = []

    def take(self, event: Event, now: int) -> None:
        self.until(now - 1)
        ledger = self.book.ledger(now)
        self._did(decide(self.ruleset, event, ledger=ledger))
        self.sentences += [step.sentence for step in ledger.told]
        self._keep(ledger.written)

    def until(self, now: int) -> None:
        while places := self.book.take(now, 1):
            (place,) = places
            state = self.book.get(place)
            assert state is not None
            ledger = self.book.ledger(state.wake)
            for _, decision in elapse(self.ruleset, place, state, ledger):
                self._did(decision)
            self._keep(ledger.written)
            self.book.enter(place)

    def _did(self, decision: Decision) -> None:
        self.did += [(action.rule, action.body) for action in decision.actions]

    def _keep(self, written: Any) -> None:
        copies = {
            place: None if state is None else state_of(decode(encode(state.document()).encode()))
            for place, state in written.items()
        }
        self.book.keep(copies)


def event(number: int, kind: str, key: int, n: int, seconds: int) -> Event:
    return Event(f"e{number}", f"{kind}.came", {"key": key, "n": n}, BEGIN + timedelta(seconds=seconds))


came = st.lists(
    st.tuples(
        st.integers(1, 8), st.sampled_from("ab"), st.integers(0, 1), st.integers(0, 2), st.integers(0, LATE)
    ),
    max_size=25,
)
"""How much later than the one before an event happens, its kind, key and content, and how late it comes."""


@given(came)
@settings(max_examples=150)
def test_what_comes_in_time_counts_as_if_it_had_come_at_its_time(
    of: list[tuple[int, str, int, int, int]],
) -> None:
    seconds, events = 0, list[tuple[Event, int]]()
    for number, (later, kind, key, n, late) in enumerate(of):
        seconds += later
        events.append((event(number, kind, key, n, seconds), late))
    plain, timed = Course(BY_ARRIVAL), Course(BY_EVENT)
    for one, _ in events:
        plain.take(one, micros(one.at))
    for one, late in sorted(events, key=lambda pair: (pair[0].at + timedelta(seconds=pair[1]), pair[0].id)):
        timed.take(one, micros(one.at) + late * 1_000_000)
    end = micros(BEGIN + timedelta(days=1))
    plain.until(end)
    timed.until(end)
    assert sorted(map(str, timed.did)) == sorted(map(str, plain.did))
    assert not any("not counted" in sentence for sentence in timed.sentences)
    assert len(timed.book) == len(plain.book) == 0


def test_what_comes_later_than_is_stated_is_not_counted_and_says_so() -> None:
    course = Course(BY_EVENT)
    for number, late in enumerate((0, LATE, LATE + 1)):
        one = event(number, "a", 0, 0, 100 - late)
        course.take(one, micros(BEGIN) + 100_000_000)
    course.until(micros(BEGIN) + length(timedelta(days=1)))
    assert [sentence for sentence in course.sentences if "late" in sentence] == [
        *["waits 20 seconds for what is late"] * 10,
        *["not counted: came too late"] * 5,
    ]


def test_what_says_it_is_of_later_happens_now() -> None:
    course = Course(BY_EVENT)
    for number in range(3):
        course.take(event(number, "a", 0, number, 10**7 * number), micros(BEGIN))
    course.until(micros(BEGIN) + LATE * 1_000_000)
    assert ("counted", {"text": "2"}) in course.did
