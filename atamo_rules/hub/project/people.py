"""The people files of a project: `people.yaml`, and every YAML file of the folder `people`."""

from __future__ import annotations

from pathlib import Path

from atamo_rules.hub.project.files import PEOPLE, PEOPLE_FOLDER, load
from atamo_rules.model.people import Directory
from atamo_rules.people.misspelt import misspelt
from atamo_rules.people.read import read_sources
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source


def read_people(folder: Path) -> tuple[Directory, tuple[Diagnostic, ...]]:
    """The directory of a project's folder; without a file it is empty."""
    sources, found = _sources(folder)
    return (Directory(), found) if found else read_sources(sources)


def misspelt_in(folder: Path) -> tuple[Diagnostic, ...]:
    """Names in a project's people files that are nearly one which they declare; none where the files are not sound."""
    sources, found = _sources(folder)
    return () if found or read_sources(sources)[1] else tuple(misspelt(sources))


def _sources(folder: Path) -> tuple[list[Source], tuple[Diagnostic, ...]]:
    loaded = [load(path) for path in people_files(folder)]
    return [source for source, _ in loaded], tuple(one for _, wrong in loaded for one in wrong)


def people_files(folder: Path) -> list[Path]:
    """Every people file, in a fixed order; in their place their folder, where it cannot be read."""
    beside = next((folder / name for name in PEOPLE if (folder / name).exists()), None)
    below = folder / PEOPLE_FOLDER
    try:
        inside = [path for path in below.iterdir() if _counts(path)] if below.is_dir() else []
    except PermissionError:
        inside = [below]
    return [*([beside] if beside else []), *sorted(inside)]


def _counts(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and not path.is_dir()
