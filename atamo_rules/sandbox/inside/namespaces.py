"""Namespaces of one's own: a user without rights outside, a root, processes, a network (namespaces(7)).

Whoever is root outside is mapped twice: as root, so that folders only root may enter can still be shown, and as the
user that code of users runs as in the end, which is nobody outside. Nobody else may map more than themselves.
"""

from __future__ import annotations

import os

from atamo_rules.sandbox.inside import kernel

ALL = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWCGROUP
)
INSIDE = 1
"""The user and the group, inside, that code of users runs as."""
NOBODY = 65534


def enter() -> None:
    """Leave the machine's namespaces; what is forked after this is the first process of its own. Raises OSError."""
    if os.geteuid() == 0:
        os.setgroups([])
        _with_maps_from_outside(f"0 0 1\n{INSIDE} {NOBODY} 1\n")
    else:
        user, group = os.geteuid(), os.getegid()
        kernel.call("unshare", ALL)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{INSIDE} {user} 1\n")
        _write("/proc/self/gid_map", f"{INSIDE} {group} 1\n")
    kernel.call("sethostname", b"sandbox", 7)


def _with_maps_from_outside(maps: str) -> None:
    """Only who is outside may map two users: a process that stays there, and ends when it is done."""
    me = os.getpid()
    begin_in, begin_out = os.pipe()
    outside = os.fork()
    if outside == 0:
        try:
            os.close(begin_out)
            if os.read(begin_in, 1):
                _write(f"/proc/{me}/uid_map", maps)
                _write(f"/proc/{me}/gid_map", maps)
                os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(1)
    os.close(begin_in)
    try:
        kernel.call("unshare", ALL)
        os.write(begin_out, b"1")
    finally:
        os.close(begin_out)
        _, status = os.waitpid(outside, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise OSError(code, f"uid_map: {os.strerror(code)}")


def _write(path: str, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)
