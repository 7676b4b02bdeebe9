"""The rules of a world, in several generations, and who sends its events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.archive import Script
from atamo_rules.model.people import User
from atamo_rules.model.rule import Ruleset
from atamo_rules.source.span import Source

TEXT = """
event order.placed
  n: whole
  of: whole
event order.checked
  n: whole
  of: whole
request price.quote
  n: whole
  answer
    price: whole

request price.watch
  n: whole
  answer
    price: whole

agent desk
  send note
    n: whole
agent mill
  track grind
    n: whole
agent list
  ask price
    n: whole
    answer
      price: whole

agent wire
  ask look
    n: whole
    safe fresh 5 seconds stale 30 seconds shared by everyone
    answer
      price: whole
  publish ticks
    n: whole
  publish shared_ticks
    n: whole
    safe shared by everyone

rule thrice
  order 0
  on order.placed 3 times within 10 minutes by of
  do
    send desk.note
      n: n

rule missed "What the embargo keeps from being checked"
  order 0
  on order.placed as placed without order.checked within 10 minutes by of
  do
    send desk.note after 5 minutes
      n: placed.n

rule seldom
  order 0
  on order.placed
  when of > 0
  at most once per 1 hour by of
  do
    send mill.grind
      n: n

rule embargo "Whoever is not served gets no further"
  order 1
  on order.placed
  for organisation birch
  when n < 2
  do
    send desk.note
      n: GENERATION
  stop

rule placed "Noted, ground, and checked"
  order 2
  on order.placed
  when n >= 0
  do
    send desk.note retry 1 times
      n: n + GENERATION
    track mill.grind retry 4 times within 30 minutes as job
      n: n
    emit order.checked
      n: n
      of: of

rule acme_only
  on order.placed
  for organisation acme
  when n > 4
  do
    ask list.price within 4 seconds as found
      n: n
      on timeout
        send mill.grind
          n: 0
    send desk.note
      n: found.price

rule looked
  order 3
  on order.placed
  when n > 2
  do
    ask wire.look within 20 seconds as seen
      n: n
      on timeout
        send mill.grind
          n: 1
    send desk.note
      n: seen.price

rule watched
  on request price.watch
  when n > 2
  do
    publish wire.ticks
      n: n

rule watched_together
  on request price.watch
  do
    publish wire.shared_ticks
      n: 1

rule checked
  on order.checked
  when n > 3
  do
    send mill.grind
      n: n

rule quoted
  on request price.quote
  when n > 0
  do
    ask list.price within 3 seconds as found
      n: n
      on timeout
        reply error "nobody knows"
    reply
      price: found.price
    send desk.note retry 2 times within 10 minutes
      n: n + GENERATION

rule cheap
  on request price.quote
  when n < 4
  do
    reply
      price: GENERATION
"""

GENERATIONS = 3
POLICY = 3
"""Attempts of an action whose rule does not say how many."""
ATTEMPTS: Mapping[tuple[str, str], int] = {
    ("placed", "desk.note"): 2,
    ("placed", "mill.grind"): 5,
    ("quoted", "desk.note"): 3,
}
"""By rule and target, what the rules above say."""
AGENTS = ("desk", "mill", "list", "wire")
RULES = (
    "embargo",
    "placed",
    "acme_only",
    "looked",
    "checked",
    "quoted",
    "watched",
    "watched_together",
    "thrice",
    "missed",
    "seldom",
)
USERS = {
    "ann": User("ann", organisation="acme"),
    "bea": User("bea", organisation="birch"),
    "cid": User("cid"),
}


def script(number: int) -> Script:
    """The text of one generation of the rules."""
    return Script((Source("a.atamo", TEXT.replace("GENERATION", str(number))),))


@lru_cache
def ruleset(number: int) -> Ruleset:
    """One generation of the rules."""
    made: Any = compile_sources(script(number).files, lambda *_: "")
    assert made.ruleset is not None, [d.message for d in made.diagnostics]
    compiled: Ruleset = made.ruleset
    return compiled
