"""Rules from a text in the program itself: one state, compiled and tested like any other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from textwrap import dedent

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.agents.binding import bind
from atamo_rules.hub.archive import Script
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.intake import Intake
from atamo_rules.hub.project.rulebook import run_tests
from atamo_rules.model.people import Directory
from atamo_rules.source.diagnostic import Diagnostic, Severity
from atamo_rules.source.span import Source


class RefusedText:
    """Rules that were not taken, and why."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics


class TextProvider:
    """The rules of a text in the `.atamo` form; agents that keep files keep them below `folder`."""

    def __init__(self, text: str, *, people: Directory | None = None, folder: str = ".") -> None:
        self.source = Source("rules.atamo", dedent(text))
        self.people = people or Directory()
        self.folder = folder

    def load(self) -> Generation | RefusedText:
        """The state of the rules, or why there is none."""
        made = compile_sources([self.source], _no_files)
        if made.ruleset is None:
            return RefusedText(made.diagnostics)
        _, failed = run_tests(made.ruleset)
        agents, wrong = bind(made.ruleset, self.folder)
        found = (*failed, *wrong)
        if any(one.severity is Severity.ERROR for one in found):
            return RefusedText(found)
        script = Script((self.source,))
        return Generation(
            made.ruleset,
            Intake(made.ruleset, self.people),
            agents,
            made.diagnostics,
            script=script,
            folder=self.folder,
        )

    async def states(self) -> AsyncIterator[Generation | RefusedText]:
        """The one state; it never changes."""
        yield self.load()
        await asyncio.Event().wait()


def _no_files(relative_to: str, path: str) -> str:
    raise ValueError("rules in a text have no folder to read from")
