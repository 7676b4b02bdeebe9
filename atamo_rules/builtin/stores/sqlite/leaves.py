"""Hashes of records, made of the very texts that go into the file, so that the audit's tree need not read them back.

They are kept only once their transaction was committed, and only as many as may wait for the next checkpoint; whoever
asks for others reads the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TypeAlias

import msgspec

from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.functions.printing import moment_text
from atamo_rules.hub.audit.form import FORM, Same, is_simple
from atamo_rules.hub.audit.merkle import leaf_hash
from atamo_rules.model.audit import Note
from atamo_rules.model.strict_json import JsonRefused, decode, encode_sorted
from atamo_rules.model.types import Json

MOST = 20_000
"""Hashes that wait to be asked for."""
Row: TypeAlias = "tuple[str, str, str, str, str, str, str]"
"""When, kind, event, who, what, cause, rules: a record's row but for its position."""
_ENCODER = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="sorted")


def what_text(what: Mapping[str, Json]) -> str:
    """What a record says, as the text that both the file and the record's bytes hold: read and written once more it
    stays as it is (`hub.audit.form`)."""
    if type(what) is not Same:
        return _text(what)
    if not what.text:
        what.text = _text(what)
    return what.text


def note_text(note: Note) -> str:
    """What a record says, as text; written by its blank where it has one."""
    if note.blank is not None:
        try:
            return note.blank.text(note.what)
        except (OverflowError, UnicodeError):  # a whole number beyond 64 bits, or half of a surrogate pair
            pass
    return what_text(note.what)


def _text(what: Mapping[str, Json]) -> str:
    if is_simple(what):
        try:
            return _SORTED.encode(what).decode()
        except (OverflowError, UnicodeError):
            pass
    written = values.text(what)
    try:
        return values.clean(encode_sorted(decode(written)))
    except JsonRefused:  # deeper than can be read
        return written


class Members(msgspec.Struct, gc=False):
    """The members of a record's bytes, in their order (`hub.audit.form`)."""

    at: str
    cause: str
    event: str
    form: int
    kind: str
    position: int
    rules: str
    what: msgspec.Raw
    who: str


def leaves_of(first: int, rows: Sequence[Row]) -> list[bytes]:
    """The hashes of the records that rows are from a position on, whose `what` is as `what_text` writes it. All are put
    into bytes at once, each as a line: no JSON that is written here holds a newline."""
    members, written, moment = list[Members](), "", ""
    for position, (at, kind, event, who, what, cause, rules) in enumerate(rows, first):
        if at != written:  # most of a transaction are of one moment
            written = at
            moment = f"{at[:-6]}Z" if at.endswith("+00:00") else moment_text(values.moment(at))
        said = msgspec.Raw(what.encode())
        members.append(Members(moment, cause, event, FORM, kind, position, rules, said, who))
    return [leaf_hash(line) for line in _ENCODER.encode_lines(members).split(b"\n")[:-1]]


class Leaves:
    """The newest hashes of a log, in a row without a hole, up to `last`. All of it runs in the loop."""

    def __init__(self, most: int = MOST) -> None:
        self.wanted = False
        """Whether anybody grows a tree: set by the first who asks."""
        self.last = 0
        self._kept: deque[bytes] = deque(maxlen=most)

    def add(self, first: int, leaves: Sequence[bytes]) -> None:
        """Keep the hashes of records that were committed; `first` is the position of the first of them."""
        if first != self.last + 1:
            self._kept.clear()
        self._kept.extend(leaves)
        self.last = first + len(leaves) - 1

    def after(self, position: int, limit: int) -> list[bytes]:
        """Those after a position, and let go of those up to it; none when the next one is not among them."""
        if not self.first <= position + 1 <= self.last:
            return []
        for _ in range(position + 1 - self.first):
            self._kept.popleft()
        return list(islice(self._kept, limit))

    @property
    def first(self) -> int:
        """The position of the first that is kept."""
        return self.last - len(self._kept) + 1
