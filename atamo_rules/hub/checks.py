"""What a hub stands on, looked at before it is needed: versions, plug-ins, rules, files, store, clock.

Nothing is changed. `hub/agents/health.py` asks agents how they are.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal, TypeAlias

from atamo_rules.hub.plugins import GROUPS, listing
from atamo_rules.source.diagnostic import Diagnostic, Severity

State: TypeAlias = Literal["ok", "warning", "wrong"]
ROOM = 256 << 20
"""Bytes that should be free where the store is."""
AHEAD = 300.0
"""Seconds that a file may be newer than now."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `help` says what to do where it is not ok."""

    what: str
    name: str
    state: State
    said: str
    help: str = ""


def versions() -> Iterator[Check]:
    """Python, Atamo and what it needs, as they are installed."""
    yield Check("version", "python", "ok", ".".join(map(str, sys.version_info[:3])))
    for name in ("atamo-rules", *_needed()):
        try:
            yield Check("version", name, "ok", version(name))
        except PackageNotFoundError:
            yield Check("version", name, "wrong", "is not installed", f"pip install {name}")


def _needed() -> list[str]:
    lines = [line for line in requires("atamo-rules") or () if "extra ==" not in line]
    names = [
        "".join(char if char.isalnum() or char in "-_." else " " for char in one).split()[0] for one in lines
    ]
    return sorted(names)


def plugins() -> Iterator[Check]:
    """Every plug-in that is installed, loaded."""
    for one in listing():
        what, name = GROUPS[one.group], one.name
        said = f"{one.distribution} {one.version}"
        if one.why:
            yield Check(what, name, "wrong", one.why, f"mend or remove `{one.distribution}`")
        else:
            yield Check(what, name, "ok", said)


def rules(diagnostics: Sequence[Diagnostic], count: int | None) -> Check:
    """The rules of the project; None for `count` where they could not be taken."""
    errors = [one for one in diagnostics if one.severity is Severity.ERROR]
    if errors:
        first = f"{errors[0].span}: {errors[0].message}"
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        return Check("project", "rules", "wrong", first + more, "`atamo verify` says each with its remedy")
    return Check("project", "rules", "ok", f"{count} rule{'' if count == 1 else 's'}")


def files(folder: Path) -> Iterator[Check]:
    """Who else can read what a hub keeps, and change what it obeys."""
    kept = folder / ".atamo"
    if kept.is_dir() and not os.access(kept, os.W_OK):
        yield Check("files", str(kept), "wrong", "cannot be written", "give it to the user that runs the hub")
    open_to = [path for path in (kept, *_inside(kept)) if path.exists() and _mode(path) & 0o007]
    if open_to:
        said = f"{len(open_to)} files and folders that everybody on this machine can read, `{open_to[0]}` among them"
        yield Check("files", "kept", "warning", said, f"chmod -R o-rwx {kept}")
    elif kept.is_dir():
        yield Check("files", "kept", "ok", "nobody else can read what the hub keeps")
    loose = [path for path in _obeyed(folder) if _mode(path) & 0o002]
    if loose:
        yield Check(
            "files",
            "rules",
            "wrong",
            f"everybody on this machine can change `{loose[0]}`",
            f"chmod o-w {loose[0]}",
        )


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _obeyed(folder: Path) -> Iterator[Path]:
    """Files that decide what a hub does, and the folders they are in."""
    yield folder
    for path in sorted(folder.rglob("*")):
        if (
            path.suffix in (".atamo", ".yaml", ".yml", ".csv", ".xlsx", ".py", ".json")
            and not path.is_symlink()
        ):
            yield path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def room(folder: Path) -> Check:
    """Whether there is room to grow where a hub keeps what it keeps."""
    place = next(one for one in (folder / ".atamo", folder) if one.exists())
    system = os.statvfs(place)
    free = system.f_bavail * system.f_frsize
    state: State = "ok" if free >= ROOM else "warning"
    return Check(
        "store", "room", state, f"{free >> 20} MiB free", "" if state == "ok" else "make room on that disk"
    )


def store(folder: Path) -> Iterator[Check]:
    """The file of the default store: whether it is whole, and has room to grow."""
    path = folder / ".atamo" / "hub.db"
    yield room(folder)
    if not path.exists():
        yield Check("store", "file", "ok", "none yet: the first start makes it")
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found == "ok":
        yield Check("store", "file", "ok", f"whole, SQLite {sqlite3.sqlite_version}")
    else:
        yield Check("store", "file", "wrong", f"`{path}`: {found}", "stop the hub, and go back to a backup")


def clock(folder: Path) -> Check:
    """Whether the wall clock was set back behind what a hub wrote under it."""
    now = time.time()
    newest = max((path.stat().st_mtime for path in _inside(folder / ".atamo")), default=now)
    if newest > now + AHEAD:
        said = f"what the hub wrote last is {newest - now:.0f} seconds in the future"
        return Check("clock", "wall clock", "wrong", said, "set the clock, best by NTP")
    return Check("clock", "wall clock", "ok", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))
