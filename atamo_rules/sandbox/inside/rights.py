"""What a process gives up: its user, its capabilities, ever gaining others, being read, and most resources."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from contextlib import suppress

from atamo_rules.sandbox.inside import kernel
from atamo_rules.sandbox.inside.namespaces import INSIDE

CAPABILITIES = 64
"""More than there are: the kernel says where they end."""
_CAPABILITY_VERSION = 0x20080522


def drop() -> None:
    """Be nobody, with nothing to gain. Whoever started this process takes it along when it ends. Raises OSError."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    with suppress(OSError):
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(CAPABILITIES):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError:
            break
    try:
        if os.getuid() != INSIDE:
            os.setresgid(INSIDE, INSIDE, INSIDE)
            os.setresuid(INSIDE, INSIDE, INSIDE)
    finally:  # also where there is no such user
        header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION, 0))
        kernel.call("capset", header, ctypes.create_string_buffer(24))


def hide() -> None:
    """Let nobody of the same user read this process, and leave no core behind. Raises OSError."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    # After every change of rights, each of which takes it back.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def limit(memory: int, processor: int) -> None:
    """Bound what this process may take, for good. Raises OSError or ValueError."""
    bounds = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: processor,
        resource.RLIMIT_STACK: 8 << 20,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 1,
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_RTPRIO: 0,
    }
    for which, most in bounds.items():
        hard = resource.getrlimit(which)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (bound, bound))
