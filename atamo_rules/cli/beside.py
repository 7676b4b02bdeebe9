"""The Python files of a project, asked by `atamo simulate` in their sandboxes; nothing of what they say is done."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atamo_rules.cli import settings
from atamo_rules.cli.console import say
from atamo_rules.model.people import Directory

if TYPE_CHECKING:
    from atamo_rules.builtin.configuration.python_files import PythonFile
    from atamo_rules.hub.generation import Generation
    from atamo_rules.model.contribution import Contribution
    from atamo_rules.model.event import Event
    from atamo_rules.model.rule import Ruleset
    from atamo_rules.source.diagnostic import Diagnostic


class Beside:
    """Asks every file about an event, one event after another."""

    def __init__(self, files: Sequence[PythonFile], generation: Generation, runner: asyncio.Runner) -> None:
        self.files, self.generation, self.runner = files, generation, runner

    def ask(self, event: Event) -> tuple[Contribution, ...]:
        """What each wants done; those of an owner whose event it is not are not asked."""
        from atamo_rules.hub.evaluators.owned import sees
        from atamo_rules.hub.proposals.code import asked

        seeing = [one for one in self.files if sees(one, event)]
        return tuple(self.runner.run(asked(one, event, self.generation)) for one in seeing)


@contextmanager
def beside(
    paths: Sequence[Path], ruleset: Ruleset, people: Directory, *, weaker: bool
) -> Iterator[Beside | tuple[Diagnostic, ...]]:
    """The Python files of the first folder that has some, running; or what is wrong with them. Where none can be run
    that is said, and there are none."""
    from atamo_rules.builtin.configuration.python_files import checked, let_go, read
    from atamo_rules.hub.generation import generation
    from atamo_rules.sandbox.faults import NoSandbox

    written, wrong = next((found for path in paths if any(found := read(path))), ((), ()))
    files: tuple[PythonFile, ...] = ()
    try:
        if not wrong:
            files, wrong = checked(written, weaker=weaker)
    except NoSandbox as error:
        say(f"the Python files in `providers` are not asked: {error}\n", err=True)
    if named := plugged():
        say(f"providers of plug-ins are not asked: {', '.join(named)}\n", err=True)
    if wrong:
        yield wrong
        return
    runner = asyncio.Runner()  # which makes nothing before it is used
    try:
        yield Beside(files, generation(ruleset, people, {}), runner)
    finally:
        let_go(files)
        runner.close()


def plugged() -> tuple[str, ...]:
    """The providers of plug-ins that `atamo run` would ask beside the rules, by the settings and the environment."""
    told = click.get_current_context().find_root().params
    here = None if told.get("no_config") else settings.find(Path.cwd())
    place = Path(told["config"]) if told.get("config") else here
    of_run = settings.read(place).values.get("run", {}) if place is not None else {}
    given = os.environ.get("ATAMO_RUN_PROVIDER", "").split() or of_run.get("provider", ())
    return tuple(str(one).partition(":")[0] for one in given)
