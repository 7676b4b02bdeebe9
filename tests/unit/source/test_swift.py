"""A swift dataclass is the dataclass it was, but for how it is made."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from atamo_rules.source.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    place: int = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Plain(Base):
    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)


@swift
@dataclass(frozen=True, slots=True)
class Swift(Base):
    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)


def test_it_is_made_printed_compared_and_kept_alike() -> None:
    one, two = Plain(1, place=7), Swift(1, place=7)
    assert repr(two) == repr(one).replace("Plain", "Swift")
    assert (two.a, two.b, two.c, two.place) == (one.a, one.b, one.c, one.place)
    assert Swift(1, "x", [2], place=1) == Swift(1, b="x", c=[2], place=9) != Swift(1, place=1)
    assert Swift(1, place=1).c is not Swift(1, place=1).c
    assert replace(two, a=5) == Swift(5, place=0)
    assert pickle.loads(pickle.dumps(two)) == two
    assert list(inspect.signature(Swift).parameters) == list(inspect.signature(Plain).parameters)


def test_it_stays_frozen_and_asks_for_what_it_needs() -> None:
    made = Swift(1, place=7)
    with pytest.raises(FrozenInstanceError):
        made.a = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Swift(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Swift(1, "b", [], 7)  # type: ignore[misc]
