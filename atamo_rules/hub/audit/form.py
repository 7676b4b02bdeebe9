"""A record in bytes: what is stored, hashed and exported, the same everywhere.

One line of JSON, UTF-8, keys sorted, no spaces, all members always there. Checking never writes a record anew: the
hash is of the bytes as they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from atamo_rules.functions.printing import moment_text
from atamo_rules.functions.time import parse_moment
from atamo_rules.model.audit import KINDS, AuditRecord
from atamo_rules.model.strict_json import JsonRefused, decode, encode_sorted
from atamo_rules.model.types import Json

FORM = 1
"""The form of records, said in each; another number may mean other members."""
_ENCODER = msgspec.json.Encoder(order="sorted")
_ATOMS = frozenset({str, int, bool, type(None)})
_TEXT, _LISTS = frozenset({str}), frozenset({list, tuple})


class Same(dict[str, Json]):
    """A part that many records share. It is never changed, and its text is kept here once it was written."""

    __slots__ = ("text",)

    def __init__(self, what: Mapping[str, Json]) -> None:
        super().__init__(what)
        self.text = ""


_OBJECTS = frozenset({dict, Same})


def record_bytes(record: AuditRecord) -> bytes:
    """The record's one form in bytes, without a newline."""
    members = {
        "at": moment_text(record.at),
        "cause": record.cause,
        "event": record.event,
        "form": FORM,
        "kind": record.kind,
        "position": record.position,
        "rules": record.rules,
        "what": record.what,
        "who": record.who,
    }
    if is_simple(record.what):
        try:
            return _ENCODER.encode(members)
        except (OverflowError, UnicodeError):  # a whole number beyond 64 bits, or half of a surrogate pair
            pass
    return encode_sorted(members).encode("utf-8", "replace")


def is_simple(value: Any) -> bool:
    """Whether a value is of nothing but texts, whole numbers, truth values, nulls, lists and objects: of these the fast
    encoder makes the bytes that `encode_sorted` makes. Of numbers with a fraction it does not."""
    kind = type(value)
    if kind in _OBJECTS:
        if not _TEXT.issuperset(map(type, value)):
            return False
        value = value.values()
    elif kind not in _LISTS:
        return kind in _ATOMS
    if _ATOMS.issuperset(map(type, value)):
        return True
    for one in value:  # noqa: SIM110  a generator costs as much as all the rest
        if type(one) not in _ATOMS and not is_simple(one):
            return False
    return True


def read_record(raw: bytes) -> AuditRecord:
    """The record that some bytes are. Raises ValueError, a sentence, for what is no record of this form."""
    value = _members(raw)
    if value is None or value.get("form") != FORM:
        raise ValueError(f"this is no audit record of form {FORM}")
    at = parse_moment(value["at"]) if isinstance(value.get("at"), str) else None
    texts = [str(value.get(name)) for name in ("kind", "event", "who", "cause", "rules")]
    what, position = value.get("what"), value.get("position")
    if at is None or type(position) is not int or not isinstance(what, dict):
        raise ValueError("this audit record lacks its time, its position or what it says")
    kind = next((known for known in KINDS if known == texts[0]), None)
    if kind is None:
        raise ValueError(f"there is no kind of audit record `{texts[0][:60]}`")
    _, event, who, cause, rules = texts
    return AuditRecord(position, at, kind, event, who, what, cause, rules)


def position_of(raw: bytes) -> int | None:
    """The position that a record gives itself; None when it cannot be read."""
    value = _members(raw)
    position = value.get("position") if value else None
    return position if type(position) is int else None


def name_of(raw: bytes) -> str:
    """What people know a record by: its kind, and the event that it is about."""
    value = _members(raw)
    if not value or not isinstance(value.get("kind"), str):
        return "unreadable"
    event = value.get("event")
    return f"{value['kind'][:60]} of {event[:80]}" if isinstance(event, str) and event else value["kind"][:60]


def _members(raw: bytes) -> dict[str, Any] | None:
    try:
        value = decode(raw)
    except JsonRefused:
        return None
    return value if isinstance(value, dict) else None
