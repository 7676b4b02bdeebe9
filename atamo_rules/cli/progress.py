"""How far long work is: a line on a terminal's standard error, and nothing anywhere else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from atamo_rules.cli.console import wants_color

Item = TypeVar("Item")

QUIET = 0.3
"""Seconds before anything is shown: what is over by then was not long."""
OFTEN = 0.1
"""Seconds from one line to the next."""
_CLEAR = "\r\x1b[2K"


def counted(
    items: Iterable[Item], what: str, total: int | None = None, *, speaks: bool = False
) -> Iterator[Item]:
    """The same items, while standard error says how many of them have gone by; `what` are they, in the plural. Nothing
    is said where standard error is no terminal, or standard output is one and each item `speaks` there itself."""
    if not shown(speaks):
        yield from items
        return
    begun = time.monotonic()
    due, said, number = begun + QUIET, False, 0
    try:
        for number, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now >= due:
                due, said = now + OFTEN, True
                sys.stderr.write(_CLEAR + line(number, what, total, now - begun))
                sys.stderr.flush()
    finally:
        if said:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()


def shown(speaks: bool = False) -> bool:
    """Whether progress has somewhere to be seen without being in the way."""
    if os.environ.get("ATAMO_NO_PROGRESS") or os.environ.get("CI"):
        return False
    return sys.stderr.isatty() and not (speaks and sys.stdout.isatty()) and wants_color(sys.stderr, None)


def line(number: int, what: str, total: int | None, seconds: float) -> str:
    """`1,200 of 5,000 events, 24 %, 3 s left`; without a total how many a second."""
    pace = number / seconds if seconds > 0 else 0.0
    if total is None or not pace:
        return f"{number:,} {what}, {pace:,.0f} a second"
    left = max(0.0, (total - number) / pace)
    return f"{number:,} of {total:,} {what}, {100 * number // total} %, {left:.0f} s left"
