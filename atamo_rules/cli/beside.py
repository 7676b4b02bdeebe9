"""The providers beside the rules, asked by `atamo simulate`: files of the project in their sandboxes, and plug-ins that
were named. Nothing of what they say is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atamo_rules.cli.console import say
from atamo_rules.cli.plugged import opened, tell_unasked
from atamo_rules.model.people import Directory

if TYPE_CHECKING:
    from atamo_rules.builtin.configuration.python_files import PythonFile
    from atamo_rules.cli.plugged import Contained
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.ports import Evaluator
    from atamo_rules.model.contribution import Contribution
    from atamo_rules.model.event import Event
    from atamo_rules.model.rule import Ruleset
    from atamo_rules.source.diagnostic import Diagnostic


class Beside:
    """Asks every provider about an event, one event after another."""

    def __init__(
        self, evaluators: Sequence[Evaluator], generation: Generation, runner: asyncio.Runner
    ) -> None:
        self.evaluators, self.generation, self.runner = evaluators, generation, runner

    def ask(self, event: Event) -> tuple[Contribution, ...]:
        """What each wants done; those of an owner whose event it is not are not asked."""
        from atamo_rules.hub.evaluators.owned import sees
        from atamo_rules.hub.proposals.code import asked

        seeing = [one for one in self.evaluators if sees(one, event)]
        return tuple(self.runner.run(asked(one, event, self.generation)) for one in seeing)


@contextmanager
def beside(
    paths: Sequence[Path], ruleset: Ruleset, people: Directory, *, named: Sequence[str] = (), weaker: bool
) -> Iterator[Beside | tuple[Diagnostic, ...]]:
    """The Python files of the first folder that has some, running, and the plug-ins that were named; or what is wrong
    with the files. What cannot be asked is said. Raises click.UsageError for a plug-in that cannot be used."""
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
    tell_unasked(named)
    if wrong:
        yield wrong
        return
    runner = asyncio.Runner()  # which makes nothing before it is used
    plugged: tuple[Contained, ...] = ()
    try:
        folder = next((path for path in paths if path.is_dir()), Path())
        plugged = opened(named, folder)
        yield Beside((*files, *plugged), generation(ruleset, people, {}), runner)
    finally:
        let_go(files)
        for one in plugged:
            runner.run(one.close())
        runner.close()
