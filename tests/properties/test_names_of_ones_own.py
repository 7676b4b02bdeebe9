"""Two organisations whose rules, lists, parameters and definitions have the same names: each decides as it would alone,
in every order of submitting, and as the same rules would if nobody's names were anybody's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.compiler.pipeline import Cache, compile_sources
from atamo_rules.engine.decide import decide, follow
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.state import micros
from atamo_rules.model.decision import Fired
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.rule import Ruleset
from atamo_rules.source.span import Source
from tests.worlds import NOON

COMMON = """
event tick
  n: whole
  word: text

agent desk
  send note
    line: text

list watched = "x", "y"
param limit: whole = 3
define busy(t: tick): t.n > param.limit and t.word in watched

rule alarm
  on tick
  when busy(event)
  do
    send desk.note
      line: "common {{ word }}"

rule m_quiet
  for group staff
  on tick
  when n is 1
  do
    send desk.note
      line: "quiet"
"""
ORGANISATIONS = ("acme", "birch")
NAMES = ("alarm", "base_rate", "m_night", "z_late")
CONDITIONS = (
    "busy(event)", "n > param.limit", "word in watched", "n > param.limit or word in watched", "n is 1",
    "word is not x",
)  # fmt: skip
WORDS = ("w", "x", "y", "z")

rules = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(CONDITIONS).map(lambda text: text.replace("not x", 'not "x"')),
        st.sampled_from([50, 100]),
        st.booleans(),
        st.sampled_from(["", "  for group staff\n"]),
        st.sampled_from(["", "  at most once per 1 hour by word\n"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)
lists = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True)


@dataclass(frozen=True)
class Own:
    """What one organisation submits; None for what it takes from all."""

    rules: list[tuple[str, str, int, bool, str, str]]
    watched: list[str] | None
    limit: int | None
    busy: str | None

    def text(self, organisation: str) -> str:
        parts = []
        if self.watched is not None:
            parts.append("list watched = " + ", ".join(f'"{word}"' for word in self.watched) + "\n")
        if self.limit is not None:
            parts.append(f"param limit: whole = {self.limit}\n")
        if self.busy is not None:
            parts.append(f"define busy(t: tick): {self.busy}\n")
        for name, condition, order, stop, staff, throttle in self.rules:
            parts.append(
                f'rule {name}\n  owner "organisation {organisation}"\n  order {order}\n{staff}  on tick\n'
                f"  when {condition}\n{throttle}  do\n    send desk.note\n"
                f'      line: "{organisation} {name} {{{{ word }}}}"\n' + "  stop\n" * stop
            )
        return "\n".join(parts)


owned = st.builds(
    Own,
    rules,
    st.none() | lists,
    st.none() | st.integers(0, 5),
    st.none() | st.sampled_from(["t.n is 2", "t.word in watched", "t.n > param.limit"]),
)
EVENTS = [(of, n, word) for n in (0, 4, 1, 3, 2, 4) for word in WORDS for of in (*ORGANISATIONS, "")]
"""By whose people, of what: every difference between two worlds shows in one of them."""


def no_file(by: str, path: str) -> str:
    raise FileNotFoundError(path)


def made(files: dict[str, str], cache: Cache | None = None, space: bool = True) -> Ruleset:
    """The ruleset of the common rules and what organisations submit, by their names."""
    sources = [Source("rules.atamo", COMMON)]
    sources += [Source(f"{of}.atamo", text, of if space else "") for of, text in files.items()]
    found = compile_sources(sources, no_file, cache=cache)
    assert found.ruleset is not None, [f"{d.span}: {d.message}" for d in found.errors]
    return found.ruleset


def told(ruleset: Ruleset, of: str) -> list[tuple[Fired, ...]]:
    """What is decided of an organisation's events, those of all in turn on one clock."""
    book, found = Book(), []
    for number, (organisation, n, word) in enumerate(EVENTS):
        at = NOON + timedelta(minutes=9 * number)
        user = User("u", frozenset({"staff"}), organisation) if organisation else None
        event = Event(f"e{number}", "tick", {"n": n, "word": word}, at, user)
        ledger = book.ledger(micros(at))
        decision = decide(ruleset, event, ledger=ledger)
        book.keep(ledger.written)
        if organisation == of:
            found.append(decision.fired)
    return found


@given(owned, owned)
def test_each_decides_as_it_would_alone(one: Own, two: Own) -> None:
    texts = dict(zip(ORGANISATIONS, (own.text(of) for own, of in zip((one, two), ORGANISATIONS, strict=True)),
                     strict=True))  # fmt: skip
    cache = Cache()
    first = made({"birch": texts["birch"]}, cache)
    both = made(texts, cache)
    follow(first)
    follow(both, first)
    for of in ORGANISATIONS:
        alone = made({of: texts[of]})
        assert told(both, of) == told(alone, of)
    assert told(both, "") == told(made({}), "")


def shorn(found: list[tuple[Fired, ...]]) -> Any:
    """Which rules fired by the names that were written, and what they do."""
    return [
        [
            (one.rule.rpartition("/")[2], [action.body for action in one.actions], one.problems)
            for one in fired
        ]
        for fired in found
    ]


@given(owned)
def test_a_name_of_ones_own_means_what_it_would_if_it_were_all_there_is(own: Own) -> None:
    """The same rules with names that nobody else has, as part of the common ones: the order is that of the names."""
    text = own.text("acme")
    plain = text
    for name in ("watched", "limit", "busy"):
        if f"list {name} =" in text or f"param {name}:" in text or f"define {name}(" in text:
            plain = re.sub(rf"\b{name}\b", f"my_{name}", plain)
    plain = plain.replace("rule alarm\n", "rule alarm_\n")
    found = shorn(told(made({"acme": text}), "acme"))
    wanted = shorn(told(made({"acme": plain}, space=False), "acme"))
    assert found == [[(one[0].rstrip("_"), *one[1:]) for one in fired] for fired in wanted]


def many(numbers: range, of: str = "") -> str:
    """As many rules that a group's events reach, each found by a key, by a bound or by asking it."""
    whens = ('word is "x"', "n > 3", 'word is "x" and n > 2', "n + n > 7")
    owner = f'  owner "organisation {of}"\n' if of else ""
    return "".join(
        f"rule r_{number:03}\n{owner}  for group staff\n  on tick\n  when {whens[number % 4]}\n"
        f'  do\n    send desk.note\n      line: "l"\n'
        for number in numbers
    )


def test_an_index_of_many_keeps_the_order_of_the_names_that_were_written() -> None:
    event = Event("e", "tick", {"n": 4, "word": "x"}, NOON, User("u", frozenset({"staff"}), "acme"))
    cache, last, even = Cache(), None, range(0, 240, 2)
    for odd in (range(1, 120, 2), range(1, 240, 2), range(1, 242, 2)):
        texts = [
            Source("rules.atamo", COMMON),
            Source("more.atamo", many(even)),
            *(Source(f"{of}.atamo", many(odd, of), of) for of in ORGANISATIONS),
        ]
        both = compile_sources(texts, no_file, cache=cache).ruleset
        assert both is not None
        follow(both, last)
        last = both
        fired = [one.rule for one in decide(both, event).fired if one.rule != "alarm"]
        wanted = sorted([*even, *odd])
        assert [id.rpartition("/")[2] for id in fired] == [f"r_{number:03}" for number in wanted]
        assert {id.partition("/")[0] for id in fired if "/" in id} == {"acme"}
