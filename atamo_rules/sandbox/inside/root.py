"""A root of one's own: an empty file system in memory with some folders of the machine in it, all of it read-only.

The order is that of pivot_root(2): the new root first, then what is shown of the old one, then the old one goes.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Sequence

from atamo_rules.sandbox.inside import kernel

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4

PLACES = ("/tmp", "/run", "/var", "/mnt", "/opt", "/usr")
"""Folders over which the new root may be put up, which nobody else sees."""
HIDDEN = ("site-packages", "dist-packages")
"""Folders of Python's library that hold what was installed beside it."""


class _Attributes(ctypes.Structure):
    """`struct mount_attr` of mount_setattr(2)."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def enter(shown: Sequence[str]) -> None:
    """Stand in an empty root in which nothing but these folders, by their own names, can be read. Raises OSError."""
    number = kernel.PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(38, f"pivot_root is not known on {platform.machine()}")
    place = next(one for one in PLACES if os.path.isdir(one))
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    _mount("sandbox", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=256k,mode=755")
    os.mkdir(f"{place}/outside")
    kernel.syscall("pivot_root", number, place.encode(), f"{place}/outside".encode())
    os.chdir("/")
    for folder in shown:
        os.makedirs(folder, 0o755, exist_ok=True)
        _mount(f"/outside{folder}", folder, "", MS_BIND | MS_REC)
        _restrict(folder, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, AT_RECURSIVE)
        for name in HIDDEN:
            if os.path.isdir(f"{folder}/{name}"):
                _mount(
                    "sandbox",
                    f"{folder}/{name}",
                    "tmpfs",
                    MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "size=4k,mode=555",
                )
                _restrict(f"{folder}/{name}", ATTR_RDONLY)
    kernel.call("umount2", b"/outside", MNT_DETACH)
    os.rmdir("/outside")
    _restrict("/", ATTR_RDONLY)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    kernel.call("mount", *words)


def _restrict(target: str, attributes: int, how: int = 0) -> None:
    """Take away what the attributes name. It only adds bounds, so those that came from outside stay."""
    wanted = _Attributes(attributes, 0, 0, 0)
    kernel.syscall(
        "mount_setattr", kernel.MOUNT_SETATTR, AT_FDCWD, os.fsencode(target), how, ctypes.byref(wanted),
        ctypes.sizeof(wanted),
    )  # fmt: skip
