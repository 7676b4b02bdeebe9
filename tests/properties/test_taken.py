"""What is let in by a short look is what a long one lets in: texts, envelopes, and the names of events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from atamo_rules.hub import intake
from atamo_rules.model import event as model
from atamo_rules.model import strict_json
from atamo_rules.model.people import User

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPACE = st.text(" \t\n\r\x0b\x00\u00a0\u2028x", max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(
    ["type", "data", "id", "source", "user", "time", "alerts", "specversion", "subject"]
)
GIVEN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=4),
    st.sampled_from(["e1", "", "a\x01", "a\x7f", "ü", "2026-01-31T09:00:00Z", "x" * 256, "x" * 257]),
)


def said(read: Any, text: str) -> tuple[str, Any]:
    """What a text was read as, with the types of its values; or why it was not."""
    try:
        return "is", repr(read(text))
    except json.JSONDecodeError as error:
        return "is not", (error.msg, error.pos)
    except strict_json.JsonRefused as error:
        return "refused", str(error)


@given(VALUES, SPACE, SPACE, st.integers(0, 40))
def test_a_text_is_read_as_the_decoder_reads_it(value: Any, before: str, behind: str, cut: int) -> None:
    whole = json.dumps(value)
    for text in (before + whole + behind, whole + behind, whole[:cut], whole + whole):
        for decoder in (strict_json._SHORT, strict_json._DECODER):
            assert said(lambda text, by=decoder: strict_json._read(by, text), text) == said(
                decoder.decode, text
            )


@given(st.dictionaries(MEMBERS, GIVEN))
def test_an_envelope_that_is_passed_by_one_look_has_no_trouble(envelope: dict[str, Any]) -> None:
    assert intake._envelope(envelope) == intake._troubles(envelope)


NAMES = st.text("a#@%/:", max_size=4)


@given(*[st.tuples(NAMES, NAMES, NAMES)] * 2)
def test_no_two_triples_have_one_name(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    def key(realm: str, source: str, id: str) -> str:
        return model.Event(id, "t", {}, NOON, source=source, realm=realm).key

    realm, source, id = one
    assert key("", "", "a") == "a"
    assert key(realm, source, id).endswith(id)
    assert (key(*one) == key(*other)) == (one == other)


@given(st.none() | NAMES, st.none() | NAMES)
def test_who_an_event_came_from_follows_its_user(first: str | None, then: str | None) -> None:
    def user(name: str | None) -> User | None:
        return None if name is None else User(name)

    made = model.Event("e", "t", {}, NOON, user(first))
    assert made.who == (first or "")
    assert replace(made, user=user(then)).who == (then or "")
