"""One hub for one file: a lock that says who holds it, and that a dead process cannot keep."""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from atamo_rules.errors import StoreUnavailable

PATIENCE = 0.5
"""Seconds that a lock is waited for whose holder is dead: a child of it may live a moment longer."""


class FileLock:
    """A file beside the one it guards. The kernel keeps the lock, and gives it back whenever and however its holder
    ends; what stands in the file is for people. It is never taken away: another may be waiting on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Hold it from here on. Raises StoreUnavailable, naming the holder."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + PATIENCE
        while not _locked(descriptor):
            holder = self.holder()
            pid = holder.get("pid")
            if time.monotonic() >= end or not isinstance(pid, int) or _alive(pid):
                os.close(descriptor)
                raise StoreUnavailable(self.sentence(holder))
            time.sleep(0.02)
        who = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(who).encode(), 0)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def give_back(self) -> None:
        """Hold it no longer."""
        if self._descriptor is not None:
            with suppress(OSError):  # the kernel gives it back, whatever the file still says of its holder
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> dict[str, object]:
        """What the lock says of who holds it; nothing where it says nothing."""
        try:
            said = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def sentence(self, holder: dict[str, object]) -> str:
        """Why it cannot be had."""
        guarded = self.path.name.removesuffix(".lock")
        if "pid" not in holder:
            return f"`{guarded}` is in use by another hub"
        return (
            f"`{guarded}` is in use by another hub: process {holder['pid']} on {holder.get('host')}, "
            f"since {holder.get('since')}"
        )


def _locked(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
