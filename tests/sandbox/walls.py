"""What stands around code of users on the machine of these tests, and what is left of it afterwards."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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


def needs_walls_for(files: Iterable[str]) -> None:
    """Skip the test where a project of these files has code of users, and it is not run here."""
    if any("providers/" in name and name.endswith(".py") for name in files) and why_not():
        pytest.skip(why_not())


def children() -> set[int]:
    """The processes that this one has started, or was left by those it started, and that are not gathered."""
    found: set[int] = set()
    for thread in os.listdir("/proc/self/task"):
        with (
            suppress(FileNotFoundError),
            open(f"/proc/self/task/{thread}/children") as file,
        ):  # it may have ended
            found.update(map(int, file.read().split()))
    return found


@contextmanager
def no_process_left() -> Iterator[None]:
    """Holds that no process is left of what is done within. Orphans come to this process."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = children()
    try:
        yield
        end = time.monotonic() + 10
        while (orphans := children() - before) and time.monotonic() < end:
            for one in orphans:
                os.waitpid(one, os.WNOHANG)  # the dead are gathered; who lives on stays
            time.sleep(0.01)
        assert children() - before == set()
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def open_files() -> set[tuple[str, str]]:
    """Open files by their numbers, each with what it is of; no two sockets or pipes are the same."""
    found: set[tuple[str, str]] = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one that lists them
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found


@contextmanager
def nothing_left() -> Iterator[None]:
    """Holds the same, and that no open file and no thread is left."""
    files, running = open_files(), set(threading.enumerate())
    with no_process_left():
        yield
    assert open_files() - files == set()  # what tests before had open may be closed meanwhile
    assert {one.name for one in set(threading.enumerate()) - running} <= {"asyncio_0", "asyncio_1"}
