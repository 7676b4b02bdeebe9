"""Rules from a folder: compiled whole, tested, and again whenever a file changes; the last good state stays."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from atamo_rules.builtin.configuration import python_files
from atamo_rules.builtin.configuration.python_files import checked, digests, taken
from atamo_rules.builtin.configuration.watching import watched
from atamo_rules.engine.decide import follow
from atamo_rules.engine.index.pausing import nothing
from atamo_rules.hub.agents.binding import bind
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.intake import Intake
from atamo_rules.hub.project.people import read_people
from atamo_rules.hub.project.rulebook import NothingThere, Rulebook, Tested, run_tests
from atamo_rules.hub.proposals.code import let_go
from atamo_rules.model.types import Json
from atamo_rules.sandbox.faults import NoSandbox
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Severity
from atamo_rules.source.span import Source
from atamo_rules.source.unpaused import unpaused

PATIENCE = 0.15
"""Seconds a bad state is given to become another before it is told."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A state of the folder that was not taken, and why."""

    diagnostics: tuple[Diagnostic, ...]


def _give_way() -> None:
    """Let whoever waits for the interpreter have it: deciding goes on while rules are filed."""
    time.sleep(0)


class FolderProvider:
    """Watches a folder. `tests` says whether the tests in the rule files must pass before a state is taken, `code` what
    code its agents may name: packages, files and folders of the project, programs. `weaker_walls` has the Python files
    in `providers` run where not every wall of their sandbox stands."""

    def __init__(
        self,
        folder: str | Path,
        *,
        tests: bool = True,
        watch: bool = True,
        params: Mapping[str, Json] | None = None,
        code: Sequence[str] = (),
        weaker_walls: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.code = tuple(code)
        self.weaker_walls = weaker_walls
        self.tests = tests
        self.watch = watch
        self.book = Rulebook((self.folder,), params or {})
        self.written = Rulebook((self.folder,))
        self.submitted: Mapping[str, str] = {}
        self.tested: Tested = {}
        self.last: Generation | None = None
        self.seen: object = None
        self.refused = False
        self.lock = threading.RLock()
        self.turn = 0
        """Counts what was taken: a state that was made in another turn is overtaken."""
        self.turns: WeakKeyDictionary[Generation, int] = WeakKeyDictionary()

    # --- submitted rules --------------------------------------------------------------------------------

    def tried(self, files: Mapping[str, str]) -> Generation | Refused:
        """The folder with these submitted files, as `load` gives it; what holds is not changed."""
        with self.lock:
            before = self.submitted
            self._beside(files)
            try:
                return self.load()
            finally:
                self._beside(before)

    def take(self, files: Mapping[str, str], state: Generation) -> None:
        """Have these submitted files stand beside the folder's from here on."""
        with self.lock:
            self._beside(files)
            self.turn += 1
            self.news(state)

    def _beside(self, files: Mapping[str, str]) -> None:
        self.submitted = files
        rules = tuple(Source(name, text) for name, text in files.items() if not name.endswith(".py"))
        self.book.beside = self.written.beside = rules

    def overtaken(self, state: Generation) -> bool:
        """Whether submitted rules were taken after this state of the folder was read."""
        with self.lock:
            return self.turns.get(state, self.turn) != self.turn and state is not self.last

    def _read(self, noticed: float) -> Generation | Refused:
        """The folder as it is now, with its turn."""
        with self.lock:
            state = self.load(noticed)
            if isinstance(state, Generation):
                self.turns[state] = self.turn
            return state

    @unpaused()
    def load(self, noticed: float | None = None) -> Generation | Refused:
        """The folder as it is now; the last generation itself when nothing that matters has changed. Never raises."""
        begun = noticed if noticed is not None else time.monotonic()
        try:
            made = self.book.compile()
        except NothingThere as error:
            nowhere = Source(str(self.folder), "")
            what, _, remedy = str(error).partition(". ")
            message = what[:1].lower() + what[1:].rstrip(".")
            return Refused((codes.NOTHING_HERE.at(nowhere.whole, message, help=remedy.rstrip(".") or None),))
        people, found = read_people(self.folder)
        files, unread = python_files.read(self.folder, self.submitted)
        if made.ruleset is None or found or unread:
            wrong = (*found, *unread, *made.diagnostics)
            return Refused(tuple(d for d in wrong if d.severity is Severity.ERROR))
        if self.last is not None and (made.ruleset.digest, people, digests(files)) == self.seen:
            return self.last
        # Before the tests, which ask it too; and for a change at the cost of the change.
        follow(made.ruleset, self.last.ruleset if self.last else None, _give_way if self.last else nothing)
        if self.tests:
            # The tests in the files speak of the rules as written, not of parameters given from outside.
            written = self.written.compile().ruleset if self.book.params else made.ruleset
            _, failed = run_tests(written or made.ruleset, self.tested)
            bad = tuple(d for d in failed if d.severity is Severity.ERROR)
            if bad:
                return Refused(bad)
        before = self.last.agents if self.last else None
        agents, wrong = bind(made.ruleset, str(self.folder), before, self.code)
        if any(one.severity is Severity.ERROR for one in wrong):
            return Refused(wrong)
        # Last, since what it starts is running from then on.
        running = self.last.evaluators if self.last else ()
        try:
            evaluators, bad = checked(files, running, weaker=self.weaker_walls)
        except NoSandbox as error:
            bad = (codes.BAD_CODE.at(files[0].source.span(0, 0), f"it is not run: {error}"),)
        if bad:
            return Refused(bad)
        took = time.monotonic() - begun
        diagnostics = (*made.diagnostics, *wrong)
        return Generation(
            made.ruleset,
            Intake(made.ruleset, people),
            agents,
            diagnostics,
            took,
            self.book.script,
            str(self.folder),
            evaluators,
        )

    def news(self, state: Generation | Refused) -> bool:
        """Whether a state is to be told, which it is from here on. Mending a bad edit back to what was is news."""
        refused, self.refused = self.refused, isinstance(state, Refused)
        if isinstance(state, Refused):
            return True
        if state is not self.last:
            self.last = state
            taken(state.evaluators)
            self.seen = state.digest, state.intake.people, digests(state.evaluators)
            return True
        return refused

    async def states(self) -> AsyncIterator[Generation | Refused]:
        """The folder's state now, then one for every change. The watch outlives bad edits and a vanished folder."""
        first = self.load()
        self.news(first)
        yield first
        while self.watch:
            try:
                async for change in watched(self.folder.resolve()):
                    state = await asyncio.to_thread(self._read, time.monotonic())
                    patience = PATIENCE if isinstance(state, Refused) else 0
                    if not await change.quiet(patience):
                        if isinstance(state, Generation):  # overtaken before anybody had it
                            await let_go(state)
                    elif self.news(state):
                        yield state
            except OSError:
                await asyncio.sleep(0.5)
