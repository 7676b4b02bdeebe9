"""A filter of the kernel's calls (seccomp(2)): a small program of BPF that the kernel asks before each of them.

What is not allowed fails with EPERM, so that code of users gets an OSError at its own line. Calls newer than 2019 fail
with ENOSYS, for which C libraries have older ways. No page of memory is ever both written and executed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterator, Mapping, Sequence

from atamo_rules.sandbox.inside import kernel
from atamo_rules.sandbox.inside.syscalls import MACHINES, Machine

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Where these stand in `struct seccomp_data`; arguments take eight bytes each, the low half first."""
NEWER = 424
PROT_WRITE, PROT_EXEC, MAP_ANONYMOUS = 2, 4, 0x20
F_GETFD, F_SETFD, F_GETFL = 1, 2, 3

Step = tuple[int, int, int, int]
"""Operation, steps to leap when it is so, steps to leap when not, operand."""


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def program(machine: Machine, pid: int) -> tuple[Step, ...]:
    """The filter for a machine, and a process."""
    return tuple(_program(machine, pid))


def _program(machine: Machine, pid: int) -> Iterator[Step]:
    yield LOAD, 0, 0, ARCHITECTURE
    yield EQUAL, 1, 0, machine.audit
    yield RETURN, 0, 0, KILL
    yield LOAD, 0, 0, NUMBER
    for number in machine.free:
        yield EQUAL, 0, 1, number
        yield RETURN, 0, 0, ALLOW
    for number, body in _asked(machine, pid).items():
        # The number is still what was loaded: each body ends in a return.
        yield EQUAL, 0, len(body), number
        yield from body
    yield AT_LEAST, 0, 1, NEWER
    yield RETURN, 0, 0, ERRNO | ENOSYS
    yield RETURN, 0, 0, ERRNO | EPERM


def _asked(machine: Machine, pid: int) -> Mapping[int, Sequence[Step]]:
    """Calls that are allowed by what they are given."""
    no, yes = (RETURN, 0, 0, ERRNO | EPERM), (RETURN, 0, 0, ALLOW)
    mapped = (
        (LOAD, 0, 0, _low(2)),
        (ANY_BIT, 0, 4, PROT_EXEC),
        (ANY_BIT, 2, 0, PROT_WRITE),
        (LOAD, 0, 0, _low(3)),
        (ANY_BIT, 0, 1, MAP_ANONYMOUS),
        no,
        yes,
    )
    protected = ((LOAD, 0, 0, _low(2)), (ANY_BIT, 0, 1, PROT_EXEC), no, yes)
    controlled = (
        (LOAD, 0, 0, _low(1)),
        (EQUAL, 3, 0, F_GETFD),
        (EQUAL, 2, 0, F_SETFD),
        (EQUAL, 1, 0, F_GETFL),
        no,
        yes,
    )
    # Limits may be read: no new ones are given.
    limited = (
        (LOAD, 0, 0, _low(2)),
        (EQUAL, 0, 2, 0),
        (LOAD, 0, 0, _low(2) + 4),
        (EQUAL, 1, 0, 0),
        no,
        yes,
    )
    # What abort() needs: whoever else there is, is not signalled.
    signalled = ((LOAD, 0, 0, _low(0)), (EQUAL, 1, 0, pid), no, yes)
    return {
        machine.mmap: mapped,
        machine.mprotect: protected,
        machine.fcntl: controlled,
        machine.prlimit64: limited,
        machine.tgkill: signalled,
    }


def _low(argument: int) -> int:
    return ARGUMENTS + 8 * argument


def restrict() -> None:
    """Filter the calls of this process from here on, for ever. Needs no_new_privs. Raises OSError."""
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(ENOSYS, f"the numbers of calls on {platform.machine()} are not known")
    steps = program(machine, os.getpid())
    packed = b"".join(struct.pack("HBBI", *step) for step in steps)
    wanted = _Program(len(steps), packed)
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.byref(wanted))
