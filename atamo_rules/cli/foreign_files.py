"""The files of other systems that `atamo import` is given: found, read, and given their place in the new folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import click

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source

LARGEST = 64 << 20
"""Bytes a foreign file may have."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file, and the place of what is made of it below the new folder's `rules`, without a suffix."""

    path: Path
    place: str


def foreign_files(given: Sequence[str], suffixes: tuple[str, ...]) -> list[Foreign]:
    """Every file that is named, and those below every folder that is. Raises click.UsageError."""
    found: dict[Path, Foreign] = {}
    places: set[str] = set()
    for name in given:
        path = Path(name)
        if not path.exists():
            raise click.UsageError(f"`{name}` does not exist.")
        below = list(_below(path, suffixes)) if path.is_dir() else [path]
        if not below:
            raise click.UsageError(
                f"There is no {' or '.join(f'`{one}`' for one in suffixes)} file in `{name}`."
            )
        for one in below:
            inside = one.relative_to(path) if path.is_dir() else Path(one.name)
            place = _free(str(PurePosixPath(inside.with_suffix("").as_posix())), places)
            found.setdefault(one, Foreign(one, place))
            places.add(place)
    return list(found.values())


def _below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Files with one of the suffixes, in a fixed order; nothing hidden, and no link to a folder is followed."""
    for where, folders, names in os.walk(folder, onerror=_raised):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(suffixes) and not name.startswith("."):
                yield Path(where, name)


def _raised(error: OSError) -> None:
    """A folder that cannot be read is no empty one."""
    raise error


def _free(place: str, places: set[str]) -> str:
    """A place that no other file has: `orders`, then `orders-2`."""
    number, free = 1, place
    while free in places:
        number += 1
        free = f"{place}-{number}"
    return free


def load(path: Path) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The text of a file, or an empty one and why it cannot be read."""
    from atamo_rules.hub.project.files import decoded, read_regular, unreadable

    empty = Source(str(path), "")
    try:
        raw = read_regular(path, LARGEST)
    except OSError as error:
        return empty, (unreadable(empty, error),)
    if len(raw) > LARGEST:
        return empty, (codes.TOO_DEEP.at(empty.whole, f"this file has more than {LARGEST} bytes"),)
    return decoded(str(path), raw.removeprefix(b"\xef\xbb\xbf"))
