"""Bundles that are larger than a message: cut in parts that stand in the stream one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

BY, NUMBER, PART, OF = "Atamo-By", "Atamo-Number", "Atamo-Part", "Atamo-Of"
FORMAT_IS = "Atamo-Format"
FORMAT = 1
"""How what is written here is to be read. Raised by every change of what a message says or does: a hub of an older
version stops at the first of these, in place of reading half of it. Older formats are read for ever."""

REMEDY = "a hub of a newer version writes this stream, stop this one and start it with that version"


def cut(session: str, number: int, data: bytes, room: int) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """The messages of a bundle, each with its id and its headers."""
    count = max(1, -(-len(data) // room))
    for part in range(count):
        headers = {FORMAT_IS: str(FORMAT), BY: session, NUMBER: str(number), PART: str(part), OF: str(count)}
        yield f"{session} {number} {part}", headers, data[part * room : (part + 1) * room]


class Newer(Exception):
    """Something has a format that is known to later versions only."""

    def __init__(self, format: int) -> None:
        super().__init__(f"it has format {format}, and this version of Atamo reads up to {FORMAT}: {REMEDY}")


class Parts:
    """Puts bundles together again. Those of several hubs may stand between each other; of one hub only the last can be
    unfinished, and what was begun and never ended is left when its hub is."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[int, int, list[bytes]]] = {}

    def add(self, seq: int, headers: Mapping[str, str], data: bytes) -> tuple[str, int, bytes] | None:
        """The session, the number and the whole of a bundle with its last part. Raises KeyError, ValueError, and Newer
        where it was written by a version that this one cannot read."""
        if int(headers[FORMAT_IS]) > FORMAT:
            raise Newer(int(headers[FORMAT_IS]))
        session, number = headers[BY], int(headers[NUMBER])
        part, count = int(headers[PART]), int(headers[OF])
        if count == 1:
            self._begun.pop(session, None)
            return session, number, data
        begun = self._begun.get(session)
        if part == 0:
            begun = self._begun[session] = number, seq, []
        if begun is None or begun[0] != number or len(begun[2]) != part:
            return None  # its first parts were followed before, with all of it
        begun[2].append(data)
        if part + 1 < count:
            return None
        del self._begun[session]
        return session, number, b"".join(begun[2])

    def forget(self, session: str) -> None:
        """No more will come of it."""
        self._begun.pop(session, None)

    def before(self, seq: int) -> int:
        """Up to which place all is whole, at that place."""
        return min([seq, *(first - 1 for _, first, _ in self._begun.values())])
