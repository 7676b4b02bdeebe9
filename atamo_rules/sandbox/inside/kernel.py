"""The calls of Linux that Python's library does not have, by ctypes."""

from __future__ import annotations

import ctypes
import os
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
"""The numbers of `pivot_root`, which no C library offers."""
MOUNT_SETATTR = 442
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
"""From 424 on every machine has the same numbers."""


def call(name: str, *arguments: Any) -> int:
    """A function of the C library that gives -1 and sets errno. Raises OSError."""
    try:
        function = getattr(_LIBC, name)
    except AttributeError:
        raise OSError(38, f"the C library has no {name}") from None
    return _result(name, function(*arguments))


def syscall(name: str, number: int, *arguments: Any) -> int:
    """A call by its number. Raises OSError."""
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _result(name, _LIBC.syscall(ctypes.c_long(number), *wide))


def prctl(option: int, *arguments: Any) -> None:
    """`prctl`, all of whose arguments are words. Raises OSError."""
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    _result("prctl", _LIBC.prctl(ctypes.c_int(option), *words))


def _result(name: str, result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result
