"""Bit vectors as whole numbers: made from positions, and taken apart again, at the speed of C."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate, compress
from typing import TypeVar

FEW = 6
"""Bits that are taken off one by one; of more, whole words are looked through."""
SPARSE = 18
"""Times as many places as bits from which on it is cheaper to look for the bits than to go through the places."""

Item = TypeVar("Item")

_TRUTH = bytes(digit == ord("1") for digit in range(256))


def mask(positions: Iterable[int], size: int) -> int:
    """The number in which the bits at some positions are set; a position that comes twice cancels itself."""
    made = bytearray((size + 7) >> 3)
    for at in positions:
        made[at >> 3] ^= 1 << (at & 7)
    return int.from_bytes(made, "little")


def positions(bits: int) -> list[int]:
    """Where bits are set, rising."""
    return _at(bits, range(bits.bit_length()))


def _at(bits: int, items: Sequence[Item]) -> list[Item]:
    """The items where bits are set, rising."""
    found: list[Item] = []
    if bits.bit_count() < FEW:
        while bits:
            top = bits.bit_length() - 1
            found.append(items[top])
            bits ^= 1 << top
        found.reverse()
        return found
    count = (bits.bit_length() + 63) >> 6
    words = struct.unpack(f"<{count}Q", bits.to_bytes(count << 3, "little"))
    for before, word in zip(compress(range(-1, count << 6, 64), words), filter(None, words), strict=False):
        while word:
            rest = word & (word - 1)
            found.append(items[before + (word ^ rest).bit_length()])
            word = rest
    return found


class Picker:
    """The items at the positions of a number's bits, in their order."""

    __slots__ = ("_falling", "_format", "_items")

    def __init__(self, items: Sequence[str]) -> None:
        self._items = items
        self._falling = tuple(reversed(items))
        self._format = f"0{len(items)}b"

    def __call__(self, bits: int) -> list[str]:
        items = self._items
        if bits.bit_count() * SPARSE < len(items):
            return _at(bits, items)
        # The binary digits, which begin with the highest, say of every item whether it is wanted.
        digits = format(bits, self._format).encode().translate(_TRUTH)
        found = list(compress(self._falling, digits))
        found.reverse()
        return found


class Spans:
    """Runs of adjacent bits, each standing for one thing: the last bit of a run is made to tell whether any of it is
    set."""

    __slots__ = ("_before", "last")

    def __init__(self, lengths: Sequence[int]) -> None:
        """`lengths` are those of the runs, one after another; none is 0."""
        ends = list(accumulate(lengths))
        size = ends[-1] if ends else 0
        self.last = mask([end - 1 for end in ends], size)
        self._before = ((1 << size) - 1) ^ self.last

    def any(self, bits: int) -> int:
        """The last bits of those spans in which any is set."""
        # Added to all ones, whatever is not zero carries into the bit above, and never further.
        before = self._before
        if not before:
            return bits
        return (((bits & before) + before) | bits) & self.last
