"""JSON that another program has read is taken as the strict reader takes its text, whichever way it went in there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.model.given_json import SMALL, exact
from atamo_rules.model.strict_json import DEEPEST, JsonRefused, decode

texts = st.text(st.characters(codec="utf-8") | st.sampled_from("aé\ud800\x00"), max_size=4)
numbers = st.integers() | st.sampled_from([SMALL, -SMALL, SMALL - 1, 10**4000]) | st.floats()
plain = st.none() | st.booleans() | texts | numbers
values = st.recursive(plain, lambda one: st.lists(one, max_size=3) | st.dictionaries(texts, one, max_size=3))


def read(value: Any) -> Any:
    """What the strict reader makes of the text of it; None where it is refused."""
    try:
        return [decode(json.dumps(value).encode())]
    except JsonRefused:
        return None


def taken(value: Any) -> Any:
    try:
        return [exact(value)]
    except JsonRefused:
        return None


def same(one: Any, two: Any) -> bool:
    """Equal, and of the same kinds: True is no 1, and 1 no 1.0."""
    return repr(one) == repr(two)


@given(value=values)
def test_what_was_read_elsewhere_is_what_is_read_here(value: Any) -> None:
    assert same(taken(value), read(value))


@given(value=st.dictionaries(texts, plain, max_size=4))
def test_so_is_an_object_of_plain_members_and_it_is_a_copy(value: dict[str, Any]) -> None:
    found = taken(value)
    assert same(found, read(value))
    assert found is None or found[0] is not value


class Word(str):
    __slots__ = ()


def test_what_only_resembles_a_text_or_an_object_is_looked_at_closer() -> None:
    class Named(dict[Any, Any]):
        """An object of a library."""

    assert type(exact(Named(a=1))) is dict
    assert exact({"a": Word("b")}) == {"a": "b"}
    assert exact({"a": {Word("b"): (1, 2)}}) == {"a": {"b": [1, 2]}}
    for refused in ({1: "a"}, {"a": {None: 1}}, {"a": {1, 2}}, {"a": b"b"}, {"\ud800": 1}, {"a": "\udfff"}):
        assert taken(refused) is None, refused


def test_the_depth_is_held_on_every_way() -> None:
    deep: Any = 1
    for depth in range(1, DEEPEST + 3):
        deep = {"a": deep} if depth % 3 else [deep]
        assert (taken(deep) is None) == (read(deep) is None) == (depth > DEEPEST)


def test_the_strict_reader_goes_to_its_depth_and_no_deeper_however_short_the_text_is() -> None:
    for opens, closes in (('{"":', "}"), ("[", "]"), ('[{"":', "}]")):
        levels = DEEPEST // len(closes)
        assert decode(opens * levels + "1" + closes * levels) is not None
        for inner in ("{}", "[]"):
            with pytest.raises(JsonRefused, match="nested more than"):
                decode(opens * levels + inner + closes * levels)
