"""Bit vectors as whole numbers: made from positions, and taken apart again, at the speed of C."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import compress

FEW = 6
"""Bits that are taken off one by one; of more, whole words are looked through."""


def mask(positions: Iterable[int], size: int) -> int:
    """The number in which the bits at some positions are set; a position that comes twice cancels itself."""
    made = bytearray((size + 7) >> 3)
    for at in positions:
        made[at >> 3] ^= 1 << (at & 7)
    return int.from_bytes(made, "little")


def positions(bits: int) -> list[int]:
    """Where bits are set, rising."""
    found: list[int] = []
    if bits.bit_count() < FEW:
        while bits:
            top = bits.bit_length() - 1
            found.append(top)
            bits ^= 1 << top
        found.reverse()
        return found
    count = (bits.bit_length() + 63) >> 6
    words = struct.unpack(f"<{count}Q", bits.to_bytes(count << 3, "little"))
    for before, word in zip(compress(range(-1, count << 6, 64), words), filter(None, words), strict=False):
        while word:
            low = word & -word
            found.append(before + low.bit_length())
            word ^= low
    return found
