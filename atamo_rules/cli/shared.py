"""Projects whose hub shares its store with others: what a command that reads files says instead of a wrong answer."""

from __future__ import annotations

from pathlib import Path

import click

from atamo_rules.cli.plugged import of_run

NATS = "nats"


def shared_store(folder: str) -> str:
    """The store that the hub of a project shares, as far as it is known: as it is set for `atamo run`, or the stream of
    a view that stands in the project; empty where the hub is alone, and for a file that is meant itself."""
    if folder.partition(":")[0] == NATS:
        return _named(folder)
    place = Path(folder)
    if not place.is_dir():
        return ""
    told = next(iter(of_run("store")), "")
    if told:
        return _named(told) if told.partition(":")[0] == NATS else ""
    views = sorted((place / ".atamo" / NATS).glob("*.db"), key=_changed)
    if not views or _changed(place / ".atamo" / "hub.db") > _changed(views[-1]):
        return ""
    return f"{NATS}:…/{views[-1].stem}"


def view_of(folder: str) -> str:
    """Where what the hub of a project has followed stands, as a sentence; empty where it followed nothing yet."""
    views = sorted((Path(folder) / ".atamo" / NATS).glob("*.db"), key=_changed)
    return (
        f" What this hub had followed stands in `{views[-1]}`: give it in the place of the folder."
        if views
        else ""
    )


def refuse_shared(folder: str, remedy: str) -> None:
    """Raises click.UsageError, with the remedy, where the hub of a project shares its store."""
    store = shared_store(folder)
    if not store:
        return
    if folder.partition(":")[0] == NATS:
        said = f"`{store}` is a store that hubs share, and no file that can be read here."
    else:
        said = (
            f"The hub of `{folder}` shares its store, `{store}`, with others: no file here holds all of it."
        )
    raise click.UsageError(f"{said} {remedy}")


def _named(said: str) -> str:
    """A store as it was said, without its settings."""
    return said.partition("?")[0]


def _changed(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0
