"""Landlock (landlock(7)): a process takes from itself, for ever, every access that it does not name."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence

from atamo_rules.sandbox.inside import kernel

READ_FILE, READ_DIR = 1 << 2, 1 << 3
FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Every access to files there is from each version of the interface on."""
PORTS = 3
"""Binding and connecting TCP ports, from version 4 on."""
SCOPES = 3
"""Abstract sockets and signals of processes outside, from version 6 on."""
_VERSION = 1
_PATH_BENEATH = 1


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "ports", "scopes")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def restrict(shown: Sequence[str]) -> None:
    """Nothing from here on but reading what lies below these folders. Raises OSError, also where there is none."""
    version = kernel.syscall("landlock", kernel.LANDLOCK_CREATE_RULESET, None, 0, _VERSION)
    files = max(access for since, access in FILES.items() if since <= version)
    wanted = _Ruleset(files, PORTS if version >= 4 else 0, SCOPES if version >= 6 else 0)
    # An older kernel takes a longer structure whose rest is zero.
    ruleset = kernel.syscall(
        "landlock", kernel.LANDLOCK_CREATE_RULESET, ctypes.byref(wanted), ctypes.sizeof(wanted), 0
    )
    try:
        for folder in shown:
            parent = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            try:
                beneath = _Beneath(READ_FILE | READ_DIR, parent)
                kernel.syscall(
                    "landlock", kernel.LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(beneath), 0
                )
            finally:
                os.close(parent)
        kernel.syscall("landlock", kernel.LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
