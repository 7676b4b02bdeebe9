"""A log held against what was put down elsewhere: which records are no longer what was written, by name.

One pass. As long as every record hashes to what was kept, nothing is remembered; at the first that does not, the rest
of both sides is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from atamo_rules.hub.audit.compare import Difference, Seen, compare
from atamo_rules.hub.audit.erased import Erasures, leaf_of_bytes
from atamo_rules.hub.audit.evidence import Evidence, contradictions
from atamo_rules.hub.audit.form import name_of, position_of
from atamo_rules.hub.audit.merkle import Frontier
from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Report:
    """What verifying found. `size` is how many records there are now, `vouched` how many of them the evidence speaks
    of, `checkpoints` how many agreed. `stretches` are where only checkpoints were there to tell: something between
    these two positions is not what it was. `contradictions` are faults of the evidence itself."""

    size: int
    vouched: int
    checkpoints: int
    differences: tuple[Difference, ...] = ()
    stretches: tuple[tuple[int, int], ...] = ()
    contradictions: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether everything the evidence speaks of is as it was written."""
        return not (self.differences or self.stretches or self.contradictions)

    def sentences(self) -> Iterator[str]:
        """Every finding in one line."""
        for text in self.contradictions:
            yield f"the evidence: {text}"
        for one in self.differences:
            yield one.sentence()
        for first, last in self.stretches:
            records = f"record {first}" if first == last else f"something in records {first} to {last}"
            yield f"{records} is not what was written"


def verify(log: Iterable[bytes], evidence: Evidence) -> Report:
    """Hold a log, record by record from the first, against the evidence. Never raises on what the log holds."""
    wrong, erasures = contradictions(evidence), Erasures()
    along = erasures.along(log)
    if evidence.leaves and not wrong:
        report = _by_leaves(along, evidence)
    else:
        report = _by_checkpoints(along, evidence, wrong)
    hidden = [Difference("hidden", at, at) for at in erasures.unspoken]
    hidden += [Difference("unvouched", at, at) for at in erasures.unvouched(report.vouched)]
    return replace(report, differences=(*report.differences, *hidden))


def _by_leaves(log: Iterator[bytes], evidence: Evidence) -> Report:
    """With the hash of every record. What follows the last of them is held to its positions only."""
    leaves, size = evidence.leaves, 0
    for raw in log:
        if size == len(leaves) or leaf_of_bytes(raw) != leaves[size]:
            log = chain((raw,), log)
            break
        size += 1
    rest = [Seen(leaf_of_bytes(raw), position_of(raw), name_of(raw)) for raw in log]
    if size == len(leaves):
        found = _misplaced(rest, size)
    else:
        found = compare(leaves[size:], rest, size)
    agreed = sum(one.size <= size for one, _ in evidence.checkpoints)
    return Report(size + len(rest), len(leaves), agreed, tuple(found))


def _by_checkpoints(log: Iterator[bytes], evidence: Evidence, wrong: tuple[str, ...]) -> Report:
    """With checkpoints only: positions must rise by one, and the tree must have had every root."""
    due = sorted((one for one, _ in evidence.checkpoints), key=lambda one: one.size)
    tree, agreed, good = Frontier(), 0, 0
    stretch: tuple[tuple[int, int], ...] = ()
    seen: list[Seen] = []

    def hold() -> None:
        nonlocal agreed, good, stretch
        while due and due[0].size == tree.size:
            one = due.pop(0)
            if one.root == tree.root:
                agreed, good = agreed + 1, one.size
            elif not stretch:
                stretch = ((good + 1, one.size),)

    hold()
    for raw in log:
        tree = tree.append(leaf_of_bytes(raw))
        hold()
        position = position_of(raw)
        if seen or position != tree.size:
            seen.append(Seen(b"", position, name_of(raw)))
    start = tree.size - len(seen)
    found = _misplaced(seen, start, evidence.size)
    return Report(tree.size, evidence.size, agreed, tuple(found), stretch, wrong)


def _misplaced(seen: Sequence[Seen], start: int, least: int = 0) -> list[Difference]:
    """What positions alone tell of the records after the first `start`: they rise by one, up to `least` or beyond."""
    highest = max((one.position or 0 for one in seen), default=0)
    highest = min(
        highest, start + 2 * len(seen) + least
    )  # a position that was tampered with may be any number
    written = [_of(at) for at in range(start + 1, max(highest, least) + 1)]
    there = [Seen(_of(one.position or 0), one.position, one.name) for one in seen]
    return compare(written, there, start)


def _of(position: int) -> bytes:
    """A position in the place of a hash."""
    return str(position).encode()


def document(report: Report) -> dict[str, Json]:
    """A report as JSON."""
    return {
        "intact": report.intact,
        "records": report.size,
        "vouched": report.vouched,
        "checkpoints": report.checkpoints,
        "differences": [
            {"what": one.what, "first": one.first, "last": one.last, "sentence": one.sentence()}
            for one in report.differences
        ],
        "stretches": [{"first": first, "last": last} for first, last in report.stretches],
        "contradictions": list(report.contradictions),
    }
