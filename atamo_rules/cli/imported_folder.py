"""The folder that `atamo import` writes: whole or not at all, and never at the cost of what somebody else wrote."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path

import click

KEPT = ".atamo"
"""Where a hub of the folder keeps its store and its audit."""
RECORD = ".imported.json"
"""Names the files that an import wrote and their digests, so that the next one knows what it may replace."""


def destination(output: str, force: bool) -> Path:
    """The folder to make, or to change. Raises click.UsageError where something would be lost.

    A former import's files are replaced when nobody has changed them since; with `force` also when somebody has.
    Files of others are in the way without `force`, and stay with it.
    """
    place = Path(output)
    if place.is_symlink():
        place = place.resolve()
    if place.exists() and not place.is_dir():
        raise click.UsageError(f"`{output}` is a file; give a new folder. Nothing was written.")
    try:
        held = _held(place) if place.exists() else []
        ours = _recorded(place)
        changed = [name for name in held if name in ours and _digest(place / name) != ours[name]]
    except OSError as error:
        raise click.UsageError(f"`{output}` cannot be used: {_why(error)}. Nothing was written.") from None
    others = [name for name in held if name not in ours and name != RECORD]
    if others and not force:
        shown = ", ".join(f"`{name}`" for name in others[:3]) + (", …" if len(others) > 3 else "")
        raise click.UsageError(
            f"`{output}` holds {shown}, which no import wrote; give a folder of its own, or --force, which leaves "
            "such files where they are. Nothing was written."
        )
    if changed and not force:
        raise click.UsageError(
            f"`{changed[0]}` in `{output}` was changed since it was imported; --force replaces it. Nothing was written."
        )
    return place


def write(files: Mapping[str, str], place: Path) -> None:
    """Put the files into their folder in place of those of a former import, and touch nothing else there: a hub may run
    on it, and hold what it keeps open. Raises click.ClickException, and then all is as it was."""
    made: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        fresh, old = made / "new", made / "old"
        for name, text in {**files, RECORD: _record(files)}.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        if place.exists():
            # What a record names that is not in the folder, by `..` or by a link, is nobody's to move.
            gone = sorted((_recorded(place).keys() & set(_held(place))) - files.keys())
            _exchange([*files, RECORD], gone, fresh, place, old)
        else:
            os.rename(fresh, place)
    except OSError as error:
        raise click.ClickException(
            f"`{place}` cannot be written: {_why(error)}. Nothing was written."
        ) from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _exchange(come: Sequence[str], go: Sequence[str], fresh: Path, place: Path, old: Path) -> None:
    """Move files in and out of a folder, one after another; where one cannot be moved all are moved back."""
    with ExitStack() as back:
        for name in (*go, *come):
            here, aside = place / name, old / name
            if here.is_file() or here.is_symlink():
                aside.parent.mkdir(parents=True, exist_ok=True)
                os.rename(here, aside)
                back.callback(os.rename, aside, here)
            if name in come:
                here.parent.mkdir(parents=True, exist_ok=True)
                os.rename(fresh / name, here)
                back.callback(here.unlink)
        back.pop_all()
    for name in go:
        with suppress(OSError):  # a folder with something in it stays
            (place / name).parent.rmdir()


def _record(files: Mapping[str, str]) -> str:
    record = {name: sha256(text.encode()).hexdigest() for name, text in files.items()}
    return json.dumps({"files": record}, indent=1) + "\n"


def _held(place: Path) -> list[str]:
    """Every file below a folder, by its path there, but for what a hub keeps of what it did."""
    found = []
    for where, folders, names in os.walk(place, onerror=_raised):
        if Path(where) == place and KEPT in folders:
            folders.remove(KEPT)
        found += [Path(where, name).relative_to(place).as_posix() for name in names]
    return sorted(found)


def _raised(error: OSError) -> None:
    raise error


def _recorded(place: Path) -> dict[str, str]:
    """What a former import wrote here; nothing when its record is gone or is none."""
    try:
        files = json.loads((place / RECORD).read_text("utf-8"))["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
