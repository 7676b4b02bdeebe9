"""Two sequences of hashes, what was written and what is there now: what became of each record, by name.

A hash is of one record only, because its position is in it. So whatever still has its hash is unchanged, wherever
it stands now; the fewest that would have to move back are the ones that were moved; and what is left over on both
sides, at one place, was changed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

What = Literal["changed", "removed", "truncated", "inserted", "moved", "hidden", "unvouched"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it stands in the log now: its hash, the position it gives itself, and how people know it."""

    leaf: bytes
    position: int | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Records `first` to `last`, by position from 1. Of an inserted one, `first` is the record that it follows, 0 for
    none. `name` says which record it is now, where there is one."""

    what: What
    first: int
    last: int
    name: str = ""

    def sentence(self) -> str:
        """It in one line."""
        records = (
            f"record {self.first}" if self.first == self.last else f"records {self.first} to {self.last}"
        )
        were = "was" if self.first == self.last else "were"
        name = f" ({self.name})" if self.name else ""
        match self.what:
            case "changed":
                return f"{records} {were} changed{f': now {self.name}' if self.name else ''}"
            case "removed":
                return f"{records} {were} removed"
            case "truncated":
                return f"the end was cut off: {records} {'is' if were == 'was' else 'are'} gone"
            case "moved":
                return f"{records} {were} moved{name}"
            case "hidden":
                them = "it" if were == "was" else "them"
                return f"{records} {were} made to say nothing, and no erasure speaks of {them}"
            case "unvouched":
                return (
                    f"{records} {were} made to say nothing, by an erasure that no checkpoint vouches for yet"
                )
            case "inserted":
                where = f"after record {self.first}" if self.first else "before the first record"
                return f"a record was put in {where}{name}"


def compare(written: Sequence[bytes], seen: Sequence[Seen], start: int = 0) -> list[Difference]:
    """What became of the records at `start` and on, in order. What is there beyond them, and says so by its position,
    is new and none of this."""
    place = {leaf: at for at, leaf in enumerate(written)}
    known = [(index, place[one.leaf]) for index, one in enumerate(seen) if one.leaf in place]
    anchors = [known[one] for one in _longest_rising([at for _, at in known])]
    there = {at for _, at in anchors}
    moved: list[Difference] = []
    stays = {index for index, _ in anchors}
    for index, at in known:
        if at not in there:  # a second copy of what stays, or was found already, is extra
            there.add(at)
            stays.add(index)
            moved.append(Difference("moved", start + at + 1, start + at + 1, seen[index].name))
    missing = [at for at in range(len(written)) if at not in there]
    extra = [index for index in range(len(seen)) if index not in stays]
    out = moved
    for low, high in _gaps(anchors, len(written), len(seen)):
        gone = missing[bisect_left(missing, low[1] + 1) : bisect_left(missing, high[1])]
        new = extra[bisect_left(extra, low[0] + 1) : bisect_left(extra, high[0])]
        out += _gap(_Gap(seen, start, low[1], len(written), high[1] == len(written)), gone, new)
    return _runs(sorted(out, key=lambda one: (one.first, one.what)))


@dataclass(frozen=True, slots=True)
class _Gap:
    """What lies between two unchanged neighbours; `after` is where the first of them was written, -1 for none."""

    seen: Sequence[Seen]
    start: int
    after: int
    written: int
    at_end: bool

    def said(self, what: What, at: int, index: int | None = None) -> Difference:
        name = "" if index is None else self.seen[index].name
        return Difference(what, self.start + at + 1, self.start + at + 1, name)


def _gap(gap: _Gap, gone: Sequence[int], new: Sequence[int]) -> Iterator[Difference]:
    """Records that are gone and records that nobody wrote, at one place: paired by position, else in order."""
    by_position = {gap.seen[index].position: index for index in reversed(new)}
    pairs = {at: by_position[gap.start + at + 1] for at in gone if gap.start + at + 1 in by_position}
    used = set(pairs.values())
    beyond = gap.start + gap.written if gap.at_end else None
    new = [
        index
        for index in new
        if index not in used and (beyond is None or (gap.seen[index].position or 0) <= beyond)
    ]
    left = [at for at in gone if at not in pairs]
    pairs |= dict(zip(left, new, strict=False))
    for at, index in pairs.items():
        yield gap.said("changed", at, index)
    for index in new[len(left) :]:
        yield gap.said("inserted", gap.after, index)
    left = left[len(new) :]
    tail = gap.written
    while left and left[-1] == tail - 1:
        tail = left.pop()
        yield gap.said("truncated", tail)
    for at in left:
        yield gap.said("removed", at)


def _gaps(
    anchors: Sequence[tuple[int, int]], written: int, seen: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The stretches between unchanged neighbours that have something in them."""
    low = (-1, -1)
    for high in (*anchors, (seen, written)):
        if high[0] - low[0] > 1 or high[1] - low[1] > 1:
            yield low, high
        low = high


def _longest_rising(values: Sequence[int]) -> list[int]:
    """The indices of a longest rising subsequence (patience sorting, Fredman 1975)."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        at = bisect_left(tails, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[at], ends[at] = value, index
    chain: list[int] = []
    one = ends[-1] if ends else -1
    while one >= 0:
        chain.append(one)
        one = before[one]
    return chain[::-1]


def _runs(found: Sequence[Difference]) -> list[Difference]:
    """Neighbours to which the same happened, said once."""
    out: list[Difference] = []
    for one in found:
        last = out[-1] if out else None
        if last and one.what == last.what != "inserted" and one.first == last.last + 1:
            out[-1] = Difference(one.what, last.first, one.last, "")
        else:
            out.append(one)
    return out
