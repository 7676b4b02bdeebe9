"""What the commands share: which paths are meant, parameters given on the command line, people and agents."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from atamo_rules.compiler.pipeline import Compilation
    from atamo_rules.model.people import Directory
    from atamo_rules.source.diagnostic import Diagnostic

Command = TypeVar("Command", bound=Callable[..., Any])


def places(paths: Sequence[str]) -> tuple[Path, ...]:
    """The paths that are meant: those given, else here, as `run` does. Event types may stand beside `rules/`. Raises
    click.UsageError for a file that by its name is something else: what is a mistake in it would be said of rules."""
    from atamo_rules.syntax.read import SUFFIXES

    found = tuple(Path(path) for path in paths) or (Path(),)
    for path in found:
        if path.suffix and not path.name.endswith(SUFFIXES) and path.is_file():
            raise click.UsageError(
                f"`{path}` is no rule file by its name: those end in {', '.join(SUFFIXES)}. A file without an ending is"
                " read as .atamo."
            )
    return found


def param_option(command: Command) -> Command:
    """Adds `--param NAME=VALUE`."""
    return click.option(
        "--param", "params", multiple=True, metavar="NAME=VALUE",
        help="Give a `param` another value: JSON, or else text. May be given again.",
    )(command)  # fmt: skip


def code_option(command: Command) -> Command:
    """Adds `--code PLACE`."""
    return click.option(
        "--code", multiple=True, metavar="PLACE", envvar="ATAMO_CODE",
        help="Allow agents to use code from there: a package, a `./folder` or `./file.py` of the project, or a program"
        " by its path. May be given again. Also ATAMO_CODE.",
    )(command)  # fmt: skip


def walls_option(command: Command) -> Command:
    """Adds `--weaker-walls`."""
    return click.option(
        "--weaker-walls", is_flag=True,
        help="Run the Python files in `providers` also where this machine cannot put up every wall of their sandbox.",
    )(command)  # fmt: skip


def read_params(given: Sequence[str]) -> dict[str, Any]:
    """The values of `--param`. Raises click.UsageError."""
    from atamo_rules.model.strict_json import JsonRefused, decode

    values: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"`--param {one}` is not NAME=VALUE.")
        try:
            values[name.strip()] = decode(text)
        except JsonRefused:
            values[name.strip()] = text
    return values


def people_of(paths: Sequence[Path]) -> tuple[Directory, tuple[Diagnostic, ...]]:
    """The users in the `people.yaml` of the first folder that has one."""
    from atamo_rules.hub.project.people import read_people
    from atamo_rules.model.people import Directory

    for path in paths:
        if path.is_dir():
            directory, found = read_people(path)
            if directory.users or found:
                return directory, found
    return Directory(), ()


def misspelt_people(paths: Sequence[Path]) -> tuple[Diagnostic, ...]:
    """What is asked about the names within the people files of every folder."""
    from atamo_rules.hub.project.people import misspelt_in

    return tuple(one for path in paths if path.is_dir() for one in misspelt_in(path))


def agents_of(made: Compilation, paths: Sequence[Path], code: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """What is wrong with the agents as they are declared. They are made, and never called."""
    from atamo_rules.hub.agents.binding import bind

    if made.ruleset is None:
        return ()
    folder = next((path for path in paths if path.is_dir()), Path())
    return bind(made.ruleset, str(folder), code=code)[1]


def python_of(paths: Sequence[Path], weaker: bool) -> tuple[Diagnostic, ...]:
    """What is wrong with the Python files of the first folder that has some: each is loaded in its sandbox, and ended.
    Where none can be run it is said, and is no mistake of theirs."""
    from atamo_rules.builtin.configuration.python_files import checked, let_go, read
    from atamo_rules.cli.console import say
    from atamo_rules.sandbox.faults import NoSandbox

    for path in paths:
        written, found = read(path)
        if not (written or found):
            continue
        try:
            made, wrong = checked(written, weaker=weaker)
        except NoSandbox as error:
            say(f"the Python files in `providers` were not checked: {error}\n", err=True)
            return found
        let_go(made)
        return (*found, *wrong)
    return ()


def event_lines(events: str) -> Iterator[bytes]:
    """The lines of a file of events, `-` being standard input. Raises click.UsageError."""
    if events == "-":
        yield from sys.stdin.buffer
        return
    path = Path(events)
    if not path.exists() or path.is_dir():
        raise click.UsageError(f"`{events}` {'is a folder' if path.is_dir() else 'does not exist'}.")
    with path.open("rb") as file:
        yield from file
