"""The Merkle tree over the records, as RFC 9162 hashes it, grown one record at a time.

A tree of n leaves is held as its frontier: the roots of the perfect subtrees that n's binary digits name, largest
first. That is all it takes to append and to give the root, so a log of any length needs 32 bytes times log2 n.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

SIZE = 32
"""Bytes of a hash."""
EMPTY = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162, 2.1.1)."""


def leaf_hash(record: bytes) -> bytes:
    """The hash of a record. The prefix keeps a leaf from ever passing for a node (second preimages)."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree by its perfect subtrees: `peaks` has one hash for every binary one of `size`, largest subtree first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The tree with one more leaf: log2 n hashes at worst, two on average."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The tree with more leaves, in order."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            size += 1
            one, pairs = leaf, size
            while not pairs & 1:  # every trailing zero of the new size joins two equal subtrees
                one = node_hash(peaks.pop(), one)
                pairs >>= 1
            peaks.append(one)
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The tree's hash: the subtrees folded from the right."""
        if not self.peaks:
            return EMPTY
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root
