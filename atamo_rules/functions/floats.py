"""Binary floats, which other programs' JSON readers give: a finite one means the decimal its shortest text writes.

So 0.1 is 0.1, and what was parsed with `json.loads` decides as what was parsed exactly. The shortest text that reads
back as a float (what `repr` gives; Steele and White, PLDI 1990) is strictly monotone: floats keep their order. NaN and
the infinities are no numbers: nothing equals them, nothing is less, no function takes them, and where one is written
it is null.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

from atamo_rules.functions.absent import ABSENT


def exactly(value: float) -> Any:
    """The decimal a float means, or absent for NaN and the infinities."""
    return Decimal(float.__repr__(value)) if isfinite(value) else ABSENT


def known(value: Any) -> Any:
    """Any value as rules see it: a float as its decimal, all others as they are."""
    return exactly(value) if isinstance(value, float) else value


def is_number(value: Any) -> bool:
    """A number: whole, decimal, or a float that is one; never a boolean."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
