"""Numbers that all share, as one organisation is told them: a keyed permutation, so that none tells how many there are.

The positions of records and the numbers of dead letters rise with whatever anybody does. Told as they are, two of them
say how much others did in between. A Feistel network (Luby and Rackoff, 1988) in the manner of FF1 (NIST SP 800-38G),
ten rounds of a keyed hash over 52 bits: the same number is always told the same, and goes back to what it was; between
two of them nothing can be read without the key.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

HALF = 26
BITS = 2 * HALF
"""What is told is below 2^52: every program that reads JSON has it exactly."""
REAL = 1 << 40
"""Numbers that are counted anywhere are below; what opens to a larger one was never told."""
ROUNDS = 10
_MASK = (1 << HALF) - 1
REMEMBERED = 100_000


class Blind:
    """The numbers of one organisation, under the key of its hub."""

    def __init__(self, key: bytes, realm: str) -> None:
        whose = blake2b(realm.encode("utf-8", "surrogatepass"), key=key, person=b"atamo numbers").digest()
        self.keys = tuple(blake2b(bytes([number]), key=whose).digest()[:32] for number in range(ROUNDS))
        self.told: OrderedDict[int, int] = OrderedDict()

    def out(self, number: int) -> int:
        """What a number is told as. 0, before the first of all, is 0 to everybody."""
        if number <= 0:
            return number
        known = self.told.get(number)
        if known is None:
            known = self._walk(number, self.keys)
            self.told[number] = known
            if len(self.told) > REMEMBERED:
                self.told.popitem(last=False)
        return known

    def into(self, told: int) -> int | None:
        """The number that was told so; None for what was not told to this organisation by this hub."""
        if told <= 0:
            return told
        if told >= 1 << BITS:
            return None
        number = self._walk(told, self.keys[::-1], turned=True)
        return number if number < REAL else None

    def _walk(self, number: int, keys: tuple[bytes, ...], *, turned: bool = False) -> int:
        """Through the network until it is not 0, which stands for the beginning (cycle walking: Black and Rogaway,
        2002)."""
        while True:
            high, low = number >> HALF, number & _MASK
            if turned:
                high, low = low, high
            for key in keys:
                mixed = blake2b(low.to_bytes(4, "big"), key=key, digest_size=4).digest()
                high, low = low, high ^ (int.from_bytes(mixed, "big") & _MASK)
            number = (low << HALF) | high if turned else (high << HALF) | low
            if number:
                return number
