"""Few rules, written into one function that reads what they share once, answer as each does alone."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan, nextafter
from random import Random
from typing import Any

import pytest

from atamo_rules.engine.decide import decide, index_of
from atamo_rules.engine.index import written
from atamo_rules.model.event import Event
from tests.worlds import DESK, NOON, ruleset

EVENT = """
event thing
  n: number
  m: number
  kind: text
  inner:
    k: number
    name: text
  note: text?
"""
BOUNDS = ("0", "1", "-1", "0.1", "0.3", "0.30000000000000001", "2.5", "99.5", "9007199254740992", "9007199254740993",
          "1152921504606847000", "-0.1")  # fmt: skip
VALUES: tuple[Any, ...] = (
    0, 1, -1, 2, 0.0, -0.0, 0.1, 0.3, 2.5, 99.5, Decimal("0.1"), Decimal("0.3"), Decimal("0.30000000000000001"),
    Decimal("2.5"), 2**53, 2**53 - 1, 2**53 + 1, 2.0**53, 2.0**60, -(2**53), 10**30, 1e300, inf, -inf, nan, True, False,
    "1", "", None, [], [1], {}, nextafter(0.1, 1), nextafter(0.1, 0), nextafter(0.3, 1),
)  # fmt: skip
TEXTS = (
    "kind is a",
    'kind is one of ["a", "b"]',
    "note is present",
    "not (note is present)",
    'inner.name is "x"',
)


def rules(random: Random) -> str:
    text = f"{DESK}{EVENT}"
    for number in range(random.randint(3, 24)):
        parts = [_part(random) for _ in range(random.randint(1, 4))]
        joined = random.choice((" and ", " or ")).join(parts)
        text += f"\nrule r{number:02}\n  on thing\n  when {joined}\n  do\n    send desk.note\n"
    return text


def _part(random: Random) -> str:
    if random.random() < 0.25:
        return random.choice(TEXTS).replace("is a", 'is "a"')
    path, operator, bound = (
        random.choice(("n", "n", "m", "inner.k")),
        random.choice(("<", "<=", ">", ">=", "is")),
        random.choice(BOUNDS),
    )
    test = f"{path} {operator} {bound}"
    return f"not ({test})" if random.random() < 0.3 else test


def body(random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "n": random.choice(VALUES),
        "m": random.choice(VALUES[:12]),
        "kind": random.choice(("a", "b", 1)),
        "inner": {"k": random.choice(VALUES[:24]), "name": random.choice(("x", "y"))},
    }
    if random.random() < 0.5:
        made["note"] = "here"
    if random.random() < 0.1:
        del made[random.choice(tuple(made))]
    return made


@pytest.mark.parametrize("seed", range(8))
def test_they_answer_as_each_does_alone(seed: int) -> None:
    random = Random(seed)
    whole = ruleset(rules(random))
    match = index_of(whole).of("thing")
    for _ in range(150):
        found = body(random)
        event = Event("e", "thing", found, NOON, None)
        assert match(found) == [one.id for one in whole.rules if decide(whole, event, only=one.id).matched], (
            found
        )


def test_what_they_share_really_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is not near enough to zero is asked by the other function."""
    text = rules(Random(1))
    assert index_of(ruleset(text)).of("thing")(body(Random(1))) is not None
    monkeypatch.setattr(written, "SAFE", 1)
    match = index_of(ruleset(text)).of("thing")
    asked: list[Any] = []
    monkeypatch.setattr(written.WhenAsked, "__call__", lambda self, found: asked.append(found) or [])
    match({"n": 5, "m": 5, "kind": "a", "inner": {"k": 5, "name": "x"}})
    assert asked
