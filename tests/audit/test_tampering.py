"""A thousand tamperings of every kind, each found and named; and an honest log, in which nothing is found."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from atamo_rules.hub.audit.checkpoint import read_checkpoint
from atamo_rules.hub.audit.compare import Difference
from atamo_rules.hub.audit.evidence import Evidence
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.note import Note, NoteBroken, read_notes
from atamo_rules.hub.audit.verify import Report, verify
from tests.audit.logs import evidence, log, record

EACH = 1000


@dataclass(frozen=True)
class Tampered:
    """A log after somebody was at it. `exact` is what there is to find, None when several accounts are as short;
    `among` are the positions that were touched."""

    log: list[bytes]
    among: frozenset[int]
    exact: tuple[tuple[str, int, int], ...] | None = None


def bit_flipped(before: list[bytes], by: random.Random) -> Tampered:
    at = by.randrange(len(before))
    raw = bytearray(before[at])
    raw[by.randrange(len(raw))] ^= 1 << by.randrange(8)
    after = [*before[:at], bytes(raw), *before[at + 1 :]]
    last = at + 1 == len(before)  # the last one with another position is gone, and another came
    return Tampered(after, frozenset({at + 1}), None if last else (("changed", at + 1, at + 1),))


def edited(before: list[bytes], by: random.Random) -> Tampered:
    """One member set to something else, and written as a hub would."""
    at = by.randrange(len(before))
    value = json.loads(before[at])
    value[by.choice(["who", "event", "cause", "kind"])] = "mallory"
    raw = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return Tampered(
        [*before[:at], raw, *before[at + 1 :]], frozenset({at + 1}), (("changed", at + 1, at + 1),)
    )


def removed(before: list[bytes], by: random.Random) -> Tampered:
    at = by.randrange(len(before) - 1)
    count = by.randint(1, min(5, len(before) - 1 - at))
    gone = frozenset(range(at + 1, at + count + 1))
    return Tampered(before[:at] + before[at + count :], gone, (("removed", at + 1, at + count),))


def truncated(before: list[bytes], by: random.Random) -> Tampered:
    at = by.randrange(len(before))
    gone = frozenset(range(at + 1, len(before) + 1))
    return Tampered(before[:at], gone, (("truncated", at + 1, len(before)),))


def swapped(before: list[bytes], by: random.Random) -> Tampered:
    low, high = sorted(by.sample(range(len(before)), 2))
    after = list(before)
    after[low], after[high] = after[high], after[low]
    return Tampered(after, frozenset(range(low + 1, high + 2)))


def moved(before: list[bytes], by: random.Random) -> Tampered:
    """One record taken out and put in at least two places away, so that it is plain which one."""
    at, to = by.sample(range(len(before)), 2)
    after = list(before)
    after.insert(to, after.pop(at))
    exact = (("moved", at + 1, at + 1),) if abs(at - to) > 1 else None
    return Tampered(after, frozenset({at + 1, to + 1}), exact)


def reversed_stretch(before: list[bytes], by: random.Random) -> Tampered:
    low, high = sorted(by.sample(range(len(before) + 1), 2))
    high = max(high, low + 2)
    after = before[:low] + before[low:high][::-1] + before[high:]
    return Tampered(
        after if after != before else swapped(before, by).log, frozenset(range(1, len(before) + 1))
    )


def forged(before: list[bytes], by: random.Random) -> Tampered:
    """A record that was never written, put in somewhere under some position."""
    after = by.randrange(len(before) + 1)
    raw = record_bytes(record(by.randint(1, len(before)), random.Random("mallory")))
    return Tampered(
        [*before[:after], raw, *before[after:]], frozenset({after}), (("inserted", after, after),)
    )


def copied(before: list[bytes], by: random.Random) -> Tampered:
    at, after = by.randrange(len(before)), by.randrange(len(before) + 1)
    exact = (("inserted", after, after),)
    if after in (at, at + 1):  # beside itself: either is the copy
        return Tampered([*before[:after], before[at], *before[after:]], frozenset({at, at + 1}))
    return Tampered([*before[:after], before[at], *before[after:]], frozenset({after}), exact)


def replaced_by_a_copy(before: list[bytes], by: random.Random) -> Tampered:
    at, other = by.sample(range(len(before)), 2)
    after = [*before[:at], before[other], *before[at + 1 :]]
    return Tampered(after, frozenset({at + 1, other + 1, at}))


def removed_and_renumbered(before: list[bytes], by: random.Random) -> Tampered:
    """What somebody does who knows the form: everything after the gap is numbered and written anew."""
    at = by.randrange(len(before) - 1)
    after = before[:at]
    for raw in before[at + 1 :]:
        value = json.loads(raw)
        value["position"] -= 1
        after.append(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
    count = len(before)
    return Tampered(
        after,
        frozenset(range(at + 1, count + 1)),
        (("changed", at + 1, count - 1), ("truncated", count, count)),
    )


def tail_replaced(before: list[bytes], by: random.Random) -> Tampered:
    """A fork: another history from some record on, longer than the true one."""
    at = by.randrange(len(before))
    other = random.Random("fork")
    after = before[:at] + [record_bytes(record(n + 1, other)) for n in range(at, len(before) + 3)]
    return Tampered(after, frozenset(range(at + 1, len(before) + 1)), (("changed", at + 1, len(before)),))


def emptied(before: list[bytes], by: random.Random) -> Tampered:
    return Tampered([], frozenset(range(1, len(before) + 1)), (("truncated", 1, len(before)),))


KINDS: tuple[Callable[[list[bytes], random.Random], Tampered], ...] = (
    bit_flipped, edited, removed, truncated, swapped, moved, reversed_stretch, forged, copied, replaced_by_a_copy,
    removed_and_renumbered, tail_replaced, emptied,
)  # fmt: skip


def rounds(kind: str) -> list[tuple[list[bytes], int, random.Random]]:
    """Logs of different lengths, with checkpoints at different distances."""
    out = []
    for number in range(EACH):
        by = random.Random(f"{kind} {number}")
        out.append((log(by.randint(4, 24), by), by.randint(1, 9), by))
    return out


def said(one: Difference) -> tuple[str, int, int]:
    return (one.what, one.first, one.last)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_tampering_is_found_and_named(kind: Callable[[list[bytes], random.Random], Tampered]) -> None:
    for before, every, by in rounds(kind.__name__):
        after = kind(before, by)
        report = verify(after.log, evidence(before, every))
        assert not report.intact
        if after.exact is not None:
            assert tuple(said(one) for one in report.differences) == after.exact
        named = {at for one in report.differences for at in range(one.first, one.last + 1)}
        assert named & after.among
        assert named <= after.among | {0}
        assert all(one.sentence() for one in report.differences)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_with_checkpoints_alone_every_tampering_is_found_in_its_stretch(
    kind: Callable[[list[bytes], random.Random], Tampered],
) -> None:
    for before, every, by in rounds(kind.__name__):
        after = kind(before, by)
        kept = evidence(before, every, leaves=False)
        report = verify(after.log, kept)
        assert not report.intact
        for first, last in report.stretches:
            first_touched = min((at for at in after.among if at), default=1)
            assert last - first < every
            assert last >= first_touched or kind in (forged, copied, bit_flipped)
        if kind in (removed, truncated, moved) and after.exact:
            assert after.exact[0] in [said(one) for one in report.differences]


def test_an_honest_log_is_intact_however_far_it_has_grown() -> None:
    for before, every, by in rounds("honest"):
        kept = evidence(before, every)
        grown = before + [record_bytes(record(len(before) + n, by)) for n in range(1, by.randint(1, 9))]
        for one in (kept, Evidence(kept.checkpoints), Evidence()):
            report = verify(grown, one)
            assert (report.intact, list(report.sentences())) == (True, [])
            assert (report.size, report.checkpoints) == (len(grown), len(one.checkpoints))
        assert verify(before, kept) == Report(len(before), len(before), len(kept.checkpoints))


def test_a_log_that_nothing_vouches_for_is_held_to_its_positions() -> None:
    before = log(9, random.Random(1))
    assert [said(one) for one in verify(before[:3] + before[5:], Evidence()).differences] == [
        ("removed", 4, 5)
    ]
    assert [said(one) for one in verify(before[1:], Evidence()).differences] == [("removed", 1, 1)]
    assert verify(before[:-1], Evidence()).intact, (
        "that an end was cut off shows only against something kept elsewhere"
    )
    after = before + before[4:5]
    assert [said(one) for one in verify(after, evidence(before, 3)).differences] == [("inserted", 9, 9)]


def test_evidence_that_was_tampered_with_is_told() -> None:
    """Against hashes beside it, against one another, or as no note at all; a log that is fine stays fine."""
    told = 0
    for number in range(EACH):
        by = random.Random(f"evidence {number}")
        before = log(by.randint(4, 20), by)
        kept = evidence(before, by.randint(1, 2))
        if by.random() < 0.5:
            leaves = list(kept.leaves)
            at = by.randrange(len(leaves))
            leaves[at] = bytes([leaves[at][0] ^ 1]) + leaves[at][1:]
            changed = Evidence(kept.checkpoints, leaves)
        else:
            text = "".join(note.written for _, note in kept.checkpoints)
            where = by.randrange(len(text))
            text = text[:where] + chr(ord(text[where]) ^ 1 << by.randrange(7)) + text[where + 1 :]
            try:
                changed = Evidence(
                    tuple((read_checkpoint(note), note) for note in read_notes(text)), kept.leaves
                )
            except NoteBroken:
                continue
            if {one for one, _ in changed.checkpoints} < {one for one, _ in kept.checkpoints}:
                continue  # an empty line was filled: one checkpoint less, and what is left is true
        report = verify(before, changed)
        assert report.contradictions
        assert not report.intact
        assert not report.differences
        told += 1
    assert told > EACH / 2


def test_two_checkpoints_of_one_size_and_two_roots_are_a_fork() -> None:
    one, other = (evidence(log(5, random.Random(seed)), 5, leaves=False) for seed in (1, 2))
    report = verify(log(5, random.Random(1)), Evidence((*one.checkpoints, *other.checkpoints)))
    assert "the log was forked" in next(report.sentences())
    foreign = evidence(log(7, random.Random(1)), 7, leaves=False, origin="somebody/else")
    report = verify(log(7, random.Random(1)), Evidence((*one.checkpoints, *foreign.checkpoints)))
    assert "is of another log" in next(report.sentences())


def test_what_is_found_is_said_in_sentences() -> None:
    before = log(9, random.Random(3))
    kept = evidence(before, 4)

    def of(after: list[bytes]) -> list[str]:
        return list(verify(after, kept).sentences())

    assert of(before[:3] + before[4:]) == ["record 4 was removed"]
    assert of(before[:3] + before[5:]) == ["records 4 to 5 were removed"]
    assert of(before[:7]) == ["the end was cut off: records 8 to 9 are gone"]
    assert of(before[:8]) == ["the end was cut off: record 9 is gone"]
    assert of([b"x", *before[1:]]) == ["record 1 was changed: now unreadable"]
    assert of([b"x", *before]) == ["a record was put in before the first record (unreadable)"]
    assert of([before[8], *before[:8]])[0].startswith("record 9 was moved (")
    text = "".join(note.written for _, note in kept.checkpoints)
    assert isinstance(next(iter(read_notes(text))), Note)
    bare = verify([*before[:4], b"x", *before[5:]], Evidence(kept.checkpoints))
    assert list(bare.sentences()) == [
        "record 5 was changed: now unreadable",
        "something in records 5 to 8 is not what was written",
    ]
