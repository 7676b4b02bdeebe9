"""Proofs about the tree: that a record is in it, and that a later tree only adds to an earlier one (RFC 9162, 2.1).

Making a proof reads the leaf hashes it is about; checking one needs a proof, two roots and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atamo_rules.hub.audit.merkle import Frontier, node_hash

Leaves = Sequence[bytes]
"""The hash of every leaf, oldest first: a list, or a file of them."""


def root_of(leaves: Leaves, start: int, end: int) -> bytes:
    """The root over the leaves from `start` up to `end`."""
    return Frontier().extend(leaves[at] for at in range(start, end)).root


def inclusion(leaves: Leaves, index: int, size: int) -> tuple[bytes, ...]:
    """The path that proves leaf `index` of the tree of `size` leaves (2.1.3.1). Raises ValueError outside it."""
    if not 0 <= index < size <= len(leaves):
        raise ValueError(f"leaf {index} is not in a tree of {min(size, len(leaves))}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(root_of(leaves, middle, end))
            end = middle
        else:
            path.append(root_of(leaves, start, middle))
            start = middle
    return tuple(reversed(path))


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path proves that a leaf stands at `index` in the tree of that size and root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last = index, size - 1
    for step in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            leaf = node_hash(step, leaf)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            leaf = node_hash(leaf, step)
        here, last = here >> 1, last >> 1
    return last == 0 and leaf == root


def consistency(leaves: Leaves, old: int, size: int) -> tuple[bytes, ...]:
    """The proof that the tree of `size` leaves begins with the tree of `old` (2.1.4.1). Raises ValueError unless
    0 <= old <= size <= the leaves there are."""
    if not 0 <= old <= size <= len(leaves):
        raise ValueError(f"there is no tree of {old} within a tree of {min(size, len(leaves))}")
    if old in (0, size):
        return ()
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(root_of(leaves, middle, end))
            end = middle
        else:
            proof.append(root_of(leaves, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(root_of(leaves, start, end))
    return tuple(reversed(proof))


def consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that a tree begins with an older one (2.1.4.2). Every tree begins with the empty one."""
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == Frontier().root
    if not 0 < old < size or not proof:
        return False
    steps: Iterator[bytes] = iter(proof)
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    # An old tree that is one perfect subtree is its own first step.
    before = after = next(steps) if here else old_root
    for step in steps:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, step)
        here, last = here >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
