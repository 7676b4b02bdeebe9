"""`atamo init`: a first project, whole or not at all."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from atamo_rules.cli.console import say

TEMPLATES = ("hello", "orders")
CONTAINERS = ("atamo", "yaml")
PART = ".atamo-init"
"""The folder in which a project stands until it is whole."""

EPILOG = """\b
Examples:
  atamo init shop
  atamo init shop --template orders
  atamo init shop --to yaml

Exit codes: 0 made, 2 usage, or DIR cannot be written or is not empty (then nothing was written)."""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="DIR")
@click.option("--template", type=click.Choice(TEMPLATES), default="hello", show_default=True,
              help="hello: one event, two rules. orders: a request, a parameter and a decision table.")  # fmt: skip
@click.option("--to", "container", type=click.Choice(CONTAINERS), default="atamo", show_default=True,
              help="Whether the rules are written as .atamo or as YAML.")  # fmt: skip
def init(folder: str, template: str, container: str) -> int:
    """Make a small project in DIR, which must be new or empty: events, rules with tests, sample events, a README."""
    target = Path(folder)
    try:
        refuse(target, folder)
        written = write(target, dict(project(template, container)))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise click.UsageError(f"`{folder}` cannot be written: {why}. Nothing was written.") from None
    shown = shlex.quote(folder if not folder.startswith("-") else f"./{folder}")
    events = shlex.quote(str(Path(folder if not folder.startswith("-") else f"./{folder}") / "events.jsonl"))
    say(
        f"{folder}: {written} files\n\n"
        "Check the rules and run their tests, ask what they would do, let them act:\n\n"
        f"  atamo verify {shown}\n"
        f"  atamo simulate {shown} --events {events}\n"
        f"  atamo run {shown} --stdin < {events}\n"
    )
    return 0


def project(template: str, container: str) -> Iterator[tuple[str, str]]:
    """The files of a project: paths below its folder, and their texts."""
    root = files("atamo_rules.cli").joinpath("templates", template)
    for part in ("common", container):
        for name, text in sorted(_below(root.joinpath(part), "")):
            name = ".gitignore" if name == "gitignore" else name
            yield name, text.replace(".SUFFIX", f".{container}") if name == "README.md" else text


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text("utf-8")


def refuse(target: Path, folder: str) -> None:
    """Raise for a place where no project can begin."""
    if target.is_dir():
        if any(target.iterdir()):
            raise click.UsageError(
                f"`{folder}` is not empty; give a new or an empty folder. Nothing was written."
            )
    elif target.exists() or target.is_symlink():
        raise click.UsageError(f"`{folder}` is a file; give a new or an empty folder. Nothing was written.")


def write(target: Path, texts: dict[str, str]) -> int:
    """Write a project beside its place and move it there; whatever fails, no part of it is left. Raises OSError."""
    made = [path for path in (target, *target.parents) if not os.path.lexists(path)]
    part = target / PART
    moved: list[Path] = []
    try:
        part.mkdir(parents=True)
        for name, text in texts.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        for entry in sorted(part.iterdir()):
            moved.append(entry.rename(target / entry.name))
        part.rmdir()
    except BaseException:
        for entry in (part, *moved):
            if os.path.isdir(entry):
                shutil.rmtree(entry, ignore_errors=True)
            elif os.path.lexists(entry):
                entry.unlink()
        for path in made:
            if os.path.isdir(path):
                path.rmdir()
        raise
    return len(texts)
