"""`exactly one row` claims a gap only where an event that the door lets in can fall."""

from __future__ import annotations

from tests.worlds import codes, compiled

WORLD = """
event ticket
  tier: one of free, pro{optional}
  seats: whole 0..10
{policy}
table desk on ticket
  exactly one row
  | tier | seats  => queue |
  | free | any    => "a"   |
  | pro  | < 5    => "b"   |
  | pro  | >= 5   => "c"   |
"""


def test_a_required_column_is_never_missing() -> None:
    assert codes(WORLD.format(optional="", policy="")) == []


def test_an_optional_column_may_be_missing() -> None:
    assert set(codes(WORLD.format(optional="?", policy=""))) == {"E0217"}


def test_where_invalid_events_are_let_in_anything_may_be_missing() -> None:
    found = compiled(WORLD.format(optional="", policy="  when invalid flag"))
    assert {d.code.id for d in found.errors} == {"E0217"}


def test_a_whole_number_between_two_fractions_is_looked_at() -> None:
    text = """
event t
  n: whole
table z on t
  exactly one row
  | n                  => q   |
  | <= 0.5             => "a" |
  | between 1.2 and 9  => "b" |
  | > 9                => "c" |
"""
    assert codes(text) == ["E0217"]
