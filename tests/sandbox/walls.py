"""What stands around code of users on the machine of these tests, and what is left of it afterwards."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.faults import NoSandbox

PR_SET_CHILD_SUBREAPER = 36


@cache
def why_not() -> str:
    """Why code of users is not run here; empty where every wall stands."""
    code = SandboxedCode("def evaluate(event):\n    return []\n")
    try:
        code.check()
    except NoSandbox as error:
        return str(error)
    finally:
        code.stop()
    return ""


needs_walls = pytest.mark.skipif(bool(why_not()), reason=why_not())


def children() -> set[int]:
    """The processes that this one has started, or was left by those it started, and that are not gathered."""
    found: set[int] = set()
    for thread in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{thread}/children") as file:
            found.update(map(int, file.read().split()))
    return found


@contextmanager
def nothing_left() -> Iterator[None]:
    """Holds that no process, open file or thread is left of what is done within. Orphans come to this process."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = children(), set(os.listdir("/proc/self/fd")), set(threading.enumerate())
    try:
        yield
        end = time.monotonic() + 10
        while (orphans := children() - before[0]) and time.monotonic() < end:
            for one in orphans:
                os.waitpid(one, os.WNOHANG)  # the dead are gathered; who lives on stays
            time.sleep(0.01)
        assert children() - before[0] == set()
        assert set(os.listdir("/proc/self/fd")) == before[1]
        assert {one.name for one in set(threading.enumerate()) - before[2]} <= {"asyncio_0", "asyncio_1"}
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
