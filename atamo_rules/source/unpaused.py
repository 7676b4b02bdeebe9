"""Work that makes many lasting values, without Python's cycle collector walking over all of them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unpaused() -> Iterator[None]:
    """No automatic collection inside. Also a decorator.

    A compilation makes a million small values that all stay: the collector would walk them time after time (a third
    of the time of `verify`) and find nothing, since trees and rules hold no cycles. Memory is still freed by counting
    references. Nested and concurrent uses are fine: whoever found it running starts it again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
