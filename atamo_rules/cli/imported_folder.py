"""The folder that `atamo import` writes: whole or not at all, and never at the cost of what somebody else wrote."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import click

RECORD = ".imported.json"
"""Names the files that an import wrote and their digests, so that the next one knows what it may replace."""


def destination(output: str, force: bool) -> tuple[Path, list[str]]:
    """The folder to make, and the files in it that stay. Raises click.UsageError where something would be lost.

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
    return place, others


def write(files: Mapping[str, str], place: Path, keep: list[str]) -> None:
    """Make the folder beside its place, then move it there. Raises click.ClickException, and then all is as it was."""
    made: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        fresh, old = made / "new", made / "old"
        fresh.mkdir()
        for name in keep:
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / name, fresh / name, follow_symlinks=False)
        for name, text in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        record = {name: sha256(text.encode()).hexdigest() for name, text in files.items()}
        (fresh / RECORD).write_text(json.dumps({"files": record}, indent=1) + "\n", "utf-8", newline="\n")
        if place.exists():
            os.rename(place, old)
        try:
            os.rename(fresh, place)
        except BaseException:
            if old.exists():
                os.rename(old, place)
            raise
    except OSError as error:
        raise click.ClickException(
            f"`{place}` cannot be written: {_why(error)}. Nothing was written."
        ) from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _held(place: Path) -> list[str]:
    """Every file below a folder, by its path there."""
    found = []
    for where, _, names in os.walk(place, onerror=_raised):
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
