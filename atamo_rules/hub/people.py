"""The people files of a project: `people.yaml`, and every YAML file of the folder `people`."""

from __future__ import annotations

from pathlib import Path

from atamo_rules.hub.files import PEOPLE, PEOPLE_FOLDER, load
from atamo_rules.model.people import Directory
from atamo_rules.people.read import read_sources
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source


def read_people(folder: Path) -> tuple[Directory, tuple[Diagnostic, ...]]:
    """The directory of a project's folder; without a file it is empty."""
    sources: list[Source] = []
    found: list[Diagnostic] = []
    for path in people_files(folder):
        source, wrong = load(path)
        sources.append(source)
        found += wrong
    if found:
        return Directory(), tuple(found)
    return read_sources(sources)


def people_files(folder: Path) -> list[Path]:
    """Every people file, in a fixed order."""
    beside = next((folder / name for name in PEOPLE if (folder / name).exists()), None)
    below = folder / PEOPLE_FOLDER
    inside = [path for path in below.iterdir() if _counts(path)] if below.is_dir() else []
    return [*([beside] if beside else []), *sorted(inside)]


def _counts(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and not path.is_dir()
