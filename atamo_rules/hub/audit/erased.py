"""Records whose event was erased: what may hold something of it goes, the record's place and hash stay.

A hash is of all that a record said, so a record cannot be half erased and still be proved. Of one that is `hollow` the
hash is kept in the place of what it said, and the tree stands as it stood. Whoever could write such a thing could hide
any record: so the record of the erasure, which the tree vouches for, says of each position what may stand there now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.merkle import leaf_hash
from atamo_rules.model.audit import AuditRecord, Kind
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Json

KIND: Kind = "event.erased"
HASH = "erased"
"""The one member of a hollow record's `what`: its hash, in hex."""
HARMLESS = frozenset({
    "action", "again", "age", "answered", "as", "at", "attempt", "because", "by", "conforms", "considered", "deciding",
    "digest", "due", "expected", "fires", "follows", "host", "key", "keys", "letter", "limit", "matched", "mode", "of",
    "outcome", "part", "provider", "providers", "rule", "secret", "shadow", "source", "state", "stopped_by", "target",
    "type", "verb", "version", "via", "wait", "whose", "window",
})  # fmt: skip
"""What a record may say without saying anything of what an event said: names, numbers and the author's own words."""


Hollowed: TypeAlias = "dict[str, Json]"
"""By their positions, as texts, the hashes of hollow records as they are now."""


def may_hold(record: AuditRecord) -> bool:
    """Whether a record may say something of what its event said: there is a text under a name that is not harmless."""
    if record.kind == KIND or kept_hash(record.what) is not None:
        return False
    return any(name not in HARMLESS and _texts(value) for name, value in record.what.items())


def _texts(value: Json) -> bool:
    return bool(value) and isinstance(value, str | list | tuple | dict)


def hollowed(record: AuditRecord) -> tuple[dict[str, Json], str] | None:
    """What a record says once its event was erased, and its hash in hex as it is then; None for one that stays."""
    if not may_hold(record):
        return None
    what: dict[str, Json] = {HASH: leaf_hash(record_bytes(record)).hex()}
    return what, leaf_hash(record_bytes(replace(record, what=what))).hex()


def kept_hash(what: Mapping[str, Json]) -> bytes | None:
    """The hash that a hollow record keeps; None for any other."""
    kept = what.get(HASH) if len(what) == 1 else None
    if not isinstance(kept, str) or len(kept) != 64:
        return None
    try:
        return bytes.fromhex(kept)
    except ValueError:
        return None


def leaf_of(record: AuditRecord) -> bytes:
    """The hash of a record in the tree."""
    return kept_hash(record.what) or leaf_hash(record_bytes(record))


def leaf_of_bytes(raw: bytes) -> bytes:
    """The hash of a record in the tree, from its bytes."""
    value = _members(raw) if _MARK in raw else None
    return (kept_hash(value["what"]) if value is not None else None) or leaf_hash(raw)


_MARK = f'"what":{{"{HASH}":"'.encode()
"""Bytes that every hollow record has, and hardly any other."""


class Erasures:
    """Goes along a log as it is read, and knows at its end which hollow records no erasure speaks of."""

    def __init__(self) -> None:
        self._hollow: dict[tuple[int, str], str] = {}
        self._spoken: dict[tuple[int, str], tuple[str, int]] = {}

    def along(self, log: Iterable[bytes]) -> Iterator[bytes]:
        """The records of a log."""
        for raw in log:
            if b'"event.erased"' in raw or _MARK in raw:
                self._take(raw)
            yield raw

    def _take(self, raw: bytes) -> None:
        value = _members(raw)
        if value is None or type(value.get("position")) is not int:
            return
        event, what, position = str(value.get("event")), value["what"], value["position"]
        if kept_hash(what) is not None:
            self._hollow[position, event] = leaf_hash(raw).hex()
        records = what.get("records")
        if value.get("kind") == KIND and isinstance(records, dict):
            for at, hash in records.items():
                if at.isascii() and at.isdecimal():
                    self._spoken[int(at), event] = str(hash), position

    @property
    def unspoken(self) -> tuple[int, ...]:
        """The positions of hollow records that no erasure speaks of, or not as they are."""
        return tuple(sorted(at for at, event in self._hollow if self._erasure(at, event) is None))

    def unvouched(self, size: int) -> tuple[int, ...]:
        """Those of the first `size` that only an erasure behind them speaks of: whoever wrote that may have hidden
        them."""
        found = ((at, self._erasure(at, event)) for at, event in self._hollow)
        return tuple(sorted(at for at, by in found if by is not None and at <= size < by))

    def _erasure(self, at: int, event: str) -> int | None:
        """The position of the erasure that speaks of a hollow record as it is."""
        hash, by = self._spoken.get((at, event), ("", 0))
        return by if hash == self._hollow[at, event] else None


def _members(raw: bytes) -> dict[str, Any] | None:
    try:
        value = decode(raw)
    except JsonRefused:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("what"), dict) else None
