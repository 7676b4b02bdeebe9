"""Records in bytes: one form each, read back as they were, and nothing that is no record."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.hub.audit.form import FORM, name_of, position_of, read_record, record_bytes
from atamo_rules.model.audit import KINDS, AuditRecord
from atamo_rules.model.strict_json import encode_sorted
from tests.audit.logs import record

AT = datetime(2026, 1, 31, 9, 0, 0, 250000, UTC)


def test_the_form() -> None:
    made = AuditRecord(
        3, AT, "action.done", "e1", "ann", {"rule": "ü", "cost": Decimal("1.50")}, "action a1", "d" * 4
    )
    assert record_bytes(made).decode() == (
        '{"at":"2026-01-31T09:00:00.250000Z","cause":"action a1","event":"e1","form":1,"kind":"action.done",'
        '"position":3,"rules":"dddd","what":{"cost":1.50,"rule":"ü"},"who":"ann"}'
    )
    assert read_record(record_bytes(made)) == made
    assert (position_of(record_bytes(made)), name_of(record_bytes(made))) == (3, "action.done of e1")


@given(st.integers(1, 10**12), st.randoms())
def test_records_are_read_back(position: int, by: random.Random) -> None:
    made = record(position, by)
    assert read_record(record_bytes(made)) == made


WHATS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**63 - 2, 2**64 + 2) | st.text(st.characters())
    | st.floats(allow_nan=False, allow_infinity=False) | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4)
    | st.tuples(inner),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters()), WHATS, max_size=6), st.text(st.characters()))
def test_the_fast_encoder_makes_the_bytes_of_the_strict_one(what: dict[str, Any], event: str) -> None:
    made = AuditRecord(3, AT, "action.done", event, "", what)
    strict = {
        "at": "2026-01-31T09:00:00.250000Z", "cause": "", "event": event, "form": FORM, "kind": "action.done",
        "position": 3, "rules": "", "what": what, "who": "",
    }  # fmt: skip
    assert record_bytes(made) == encode_sorted(strict).encode("utf-8", "replace")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no audit record of form 1"),
        (b"\xff", "no audit record of form 1"),
        (b"[1]", "no audit record of form 1"),
        (
            record_bytes(record(1, random.Random(1))).replace(b'"form":1', b'"form":2'),
            "no audit record of form 1",
        ),
        (
            record_bytes(record(1, random.Random(1))).replace(b'"position":1', b'"position":true'),
            "lacks its time",
        ),
        (b'{"form":1,"kind":"x","at":"2026-01-01T00:00:00Z","position":1,"what":{}}', "there is no kind"),
    ],
)
def test_what_is_no_record_is_told(raw: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_record(raw)


@given(st.binary(max_size=60))
def test_any_bytes_have_a_name(raw: bytes) -> None:
    assert name_of(raw)
    assert position_of(raw) is None or isinstance(position_of(raw), int)


def test_the_list_of_kinds_is_closed_and_has_no_doubles() -> None:
    assert len(set(KINDS)) == len(KINDS)
