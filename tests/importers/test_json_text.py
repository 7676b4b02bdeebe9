"""JSON as it was written: what Python's reader takes is read alike, with places; what it does not take is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.importers.json_text import Array, Json, NotJson, Number, Object, Text, lines, parse
from atamo_rules.source.span import Fragment, Source

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab\"\\é😀", max_size=3), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def read(text: str) -> Json:
    value, rest = parse(Fragment.of(Source("x.json", text).whole))
    assert rest is None
    return value


def plain(value: Json) -> Any:
    """The value as Python's own reader would give it; and that each part stands where it says."""
    match value:
        case Text():
            assert json.loads(value.span.text) == value.value
            return value.value
        case Number():
            assert value.span.text == value.text
            return json.loads(value.text)
        case Array():
            return [plain(item) for item in value.items]
        case Object():
            return {key.value: plain(item) for key, item in value.members}
    return value.value


@given(values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_what_is_written_is_read(value: Any, ascii: bool, indent: Any) -> None:
    assert plain(read(json.dumps(value, ensure_ascii=ascii, indent=indent))) == value


@given(st.text('{}[],:"\\ntrue0-1.eE \n', max_size=12))
def test_what_is_not_json_is_refused(text: str) -> None:
    try:
        wanted = json.loads(text)
    except ValueError:
        with pytest.raises((NotJson, AssertionError)):
            read(text)
    else:
        assert plain(read(text)) == wanted


def test_a_key_may_stand_twice_and_more_may_follow() -> None:
    source = Source("x.json", ' {"a": 1, "a": 1.50} tail')
    value, rest = parse(Fragment.of(source.whole))
    assert isinstance(value, Object)
    assert [(key.value, item.span.text) for key, item in value.members] == [("a", "1"), ("a", "1.50")]
    assert value.get("a") == value.members[1][1]
    assert value.get("b") is None
    assert rest is not None
    assert rest.text == "tail"


def test_lines_keep_their_places() -> None:
    source = Source("x.jsonl", '1\r\n\n  {"a":\t2}\n3')
    found = [parse(line)[0].span for line in lines(Fragment.of(source.whole))]
    assert [(span.text, span.begins) for span in found] == [
        ("1", (1, 1)),
        ('{"a":\t2}', (3, 3)),
        ("3", (4, 1)),
    ]
