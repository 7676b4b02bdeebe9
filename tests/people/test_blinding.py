"""Numbers told to one organisation: each back to what it was, none twice, none guessed, and so after a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.people.numbering import Numbering, homes
from atamo_rules.hub.store import Store
from atamo_rules.model.people import Directory, User, Who
from atamo_rules.people.blinding import BITS, REAL, Blind
from tests.hub.stage import state

NUMBERS = st.integers(1, REAL - 1)
RULES = """
event tick
  word: text

rule of_all
  on tick
  stop

rule of_acme
  owner "organisation acme"
  on tick
  stop

rule of_bob
  owner "user bob"
  on tick
  stop
"""
PEOPLE = Directory(
    {"ann": User("ann", frozenset({"desk"}), "acme"), "bob": User("bob", organisation="birch")},
    groups=frozenset({"desk"}), organisations=frozenset({"acme", "birch", "cedar"}),
)  # fmt: skip


@given(NUMBERS, st.binary(min_size=32, max_size=32), st.text(max_size=20))
def test_a_number_goes_back_to_what_it_was(number: int, key: bytes, realm: str) -> None:
    told = Blind(key, realm).out(number)
    assert 0 < told < 1 << BITS
    assert Blind(key, realm).into(told) == number


def test_numbers_in_a_row_are_all_different_and_not_in_a_row() -> None:
    blind = Blind(b"k" * 32, "acme")
    told = [blind.out(number) for number in range(1, 5001)]
    assert len(set(told)) == len(told)
    steps = sum(two > one for one, two in pairwise(told))
    assert 2300 < steps < 2700, "neither rising nor falling"
    assert (blind.out(0), blind.into(0)) == (0, 0)


def test_what_was_told_to_another_or_to_nobody_is_no_number() -> None:
    mine, others = Blind(b"k" * 32, "acme"), Blind(b"k" * 32, "birch")
    told = [others.out(number) for number in range(1, 5001)]
    taken = [one for one in [*told, *range(1, 5001), 1 << BITS] if mine.into(one) is not None]
    assert len(taken) < 20, "one in 4,096 may be a number by chance"


async def numbering(store: Store, now: Generation) -> Numbering:
    await store.open(lambda first, notes: None)
    made = Numbering(store)
    await made.load(now)
    return made


def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    now = state(RULES, {}, PEOPLE)

    async def once() -> tuple[int, str]:
        store = SqliteStore(tmp_path / "a.db")
        try:
            made = await numbering(store, now)
            return made.blind("acme").out(7), made.digest(now.digest, "acme")
        finally:
            await store.close()

    first, again = asyncio.run(once()), asyncio.run(once())
    assert first == again
    assert first[1] != ""


def test_each_organisation_has_a_digest_of_what_its_own_events_may_meet() -> None:
    def told(text: str) -> dict[str, str]:
        async def ask() -> dict[str, str]:
            now = state(text, {}, PEOPLE)
            made = await numbering(MemoryStore(), now)
            return {one: made.digest(now.digest, one) for one in ("acme", "birch", "cedar")}

        return asyncio.run(ask())

    def changed(text: str) -> set[str]:
        before, after = told(RULES), told(text)
        return {one for one in before if before[one] != after[one]}

    assert len(set(told(RULES).values())) == 3
    assert changed(RULES.replace("rule of_bob", "rule of_bobby")) == {"birch"}
    assert changed(RULES.replace("rule of_acme", "rule of_acmes")) == {"acme"}
    assert changed(RULES.replace("rule of_all", "rule of_everybody")) == {"acme", "birch", "cedar"}


def test_whose_rules_an_owner_has() -> None:
    people = replace(PEOPLE, entries={"groups": {"desk": {}, "staff": {"organisation": "cedar"}}})
    owners = (Who("organisation", "acme"), Who("user", "bob"), Who("group", "desk"), Who("group", "staff"))
    assert [homes(one, people) for one in owners] == [{"acme"}, {"birch"}, {"acme"}, {"cedar"}]
    assert homes(Who("user", "nobody"), people) == frozenset()
