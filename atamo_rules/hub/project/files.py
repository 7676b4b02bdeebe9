"""The rule files of a project folder: which files count, read whole and safely.

Rule files are every `.atamo`, `.yaml`, `.yml`, `.rules.csv` and `.rules.xlsx` file below the folder, except names that
begin with a dot, `people.yaml`, `sources.yaml` and the folder `people` at the top, what containers are made by
(`compose.yaml`, `kubernetes.yaml`), and folders called `schemas`. Only regular files are opened; links that lead out of
the folder, devices and pipes are not.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from atamo_rules.hub.project.spreadsheet import text_of
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.read import SUFFIXES as SUFFIXES

ASIDE = {"schemas", "node_modules", "__pycache__"}
PEOPLE = ("people.yaml", "people.yml")
SOURCES = ("sources.yaml", "sources.yml")
CONTAINERS = frozenset(
    {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "kubernetes.yaml"}
)
"""What `atamo service` puts beside the rules, and other programs read."""
PEOPLE_FOLDER = "people"
"""At the top of a project; it holds no rules."""
PROVIDERS = "providers"
"""At the top of a project; its Python files decide beside the rules."""
LARGEST = 10 << 20
"""Bytes a rule file may have."""


def rule_files(paths: Sequence[Path]) -> list[Path]:
    """Every rule file that the paths name or hold, in a fixed order, each once; folders that cannot be read, too."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            root = path.resolve()
            for file in _below(path, root, set()):
                found.setdefault(file)
        else:
            found.setdefault(path)
    return list(found)


def _below(folder: Path, root: Path, entered: set[Path]) -> Iterator[Path]:
    real = folder.resolve()
    if real in entered or not real.is_relative_to(root):
        return
    entered.add(real)
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:  # it went away meanwhile
        return
    except (
        OSError
    ):  # what is in it is not known: `load` of the folder says why, so that no rule of it is gone unsaid
        yield folder
        return
    for entry in found:
        name, path = entry.name, folder / entry.name
        if name.startswith("."):
            continue
        link = entry.is_symlink()
        if path.is_dir() if link else entry.is_dir(follow_symlinks=False):
            if name not in ASIDE and not (name == PEOPLE_FOLDER and real == root):
                yield from _below(path, root, entered)
        elif (
            name.endswith(SUFFIXES)
            and name not in PEOPLE
            and name not in CONTAINERS
            and not (name in SOURCES and real == root)
            # Only a link can lead out of a folder that is inside.
            and (not link or _leads_inside(path, root))
        ):
            yield path


def _leads_inside(link: Path, root: Path) -> bool:
    """Whether a link ends inside the folder. One that leads in a circle counts, and is then reported as unreadable."""
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # RuntimeError up to Python 3.12
        return True


def load(path: Path, name: str | None = None) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The text of a rule file, or an empty source and why it cannot be read."""
    named = name or str(path)
    shown = named.encode("utf-8", "backslashreplace").decode()
    empty = Source(shown, "")
    if shown != named:  # no record, answer or page of the console could say where its rules are
        return empty, (
            codes.NOT_TEXT.at(empty.whole, "the name of this file is not UTF-8", help="rename it"),
        )
    try:
        raw = read_regular(path, LARGEST)
    except OSError as error:
        return empty, (unreadable(empty, error),)
    if len(raw) > LARGEST:
        return empty, (codes.TOO_DEEP.at(empty.whole, f"this file has more than {LARGEST} bytes"),)
    if path.suffix == ".xlsx":
        try:
            return Source(shown, text_of(raw)), ()
        except ValueError as error:
            return empty, (codes.BAD_SHEET.at(empty.whole, f"this file cannot be read: {error}"),)
    return decoded(shown, raw)


def unreadable(file: Source, error: OSError) -> Diagnostic:
    """Why a file cannot be read, and what to do about it."""
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, "put a file there that can be read, or take it away")
    what = "folder" if os.path.isdir(file.name) else "file"
    return codes.NOT_TEXT.at(file.whole, f"this {what} cannot be read: {reason.lower()}", help=remedy)


_REMEDIES = {
    errno.EACCES: "let the user that Atamo runs as read it, as by `chmod`",
    errno.EPERM: "let the user that Atamo runs as read it, as by `chmod`",
    errno.ELOOP: "make the link lead to a file, or take it away",
    errno.ENOENT: "make the link lead to a file, or take it away",
}


def decoded(name: str, raw: bytes) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The source of some bytes, which must be UTF-8."""
    try:
        return Source(name, raw.decode("utf-8")), ()
    except UnicodeDecodeError as error:
        good = Source(name, raw[: error.start].decode("utf-8", "replace"))
        place = good.span(max(0, len(good.text) - 1), len(good.text))
        return Source(name, ""), (
            codes.NOT_TEXT.at(
                place,
                f"the file is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}",
                help="save it as UTF-8",
            ),
        )


def read_regular(path: Path, limit: int) -> bytes:
    """At most limit + 1 bytes of a regular file. Raises OSError; never waits on a pipe or device."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is not a regular file")
        pieces: list[bytes] = []
        left, step = limit + 1, found.st_size + 1
        # In steps of what the file says it has: room for the limit would be made, and cleared, for every small file.
        while left > 0 and (piece := os.read(handle, min(left, step))):
            pieces.append(piece)
            left, step = left - len(piece), 65_536
        return b"".join(pieces)
    finally:
        os.close(handle)


def schema_reader(roots: Sequence[Path]) -> Callable[[str, str], str]:
    """Reads the files that rule files name, inside the given folders only."""
    inside = [root.resolve() if root.is_dir() else root.resolve().parent for root in roots]

    def read(relative_to: str, path: str) -> str:
        """The text of `path`, taken from the folder of the rule file. Raises OSError or ValueError."""
        target = (Path(relative_to).parent / path).resolve()
        if not any(target.is_relative_to(root) for root in inside):
            raise ValueError("it is outside the folder of the rules")
        raw = read_regular(target, LARGEST)
        if len(raw) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"it is not UTF-8 at byte {error.start}") from None

    return read
