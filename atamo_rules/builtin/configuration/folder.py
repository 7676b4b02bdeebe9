"""Rules from a folder: compiled whole, tested, and again whenever a file changes; the last good state stays."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atamo_rules.hub.binding import bind
from atamo_rules.hub.files import SUFFIXES
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.intake import Intake
from atamo_rules.hub.people import read_people
from atamo_rules.hub.rulebook import NothingThere, Rulebook, Tested, run_tests
from atamo_rules.hub.unpaused import unpaused
from atamo_rules.model.types import Json
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Severity
from atamo_rules.source.span import Source

QUIET_MS = 30
"""A change counts once the folder has been quiet so long; many files changed at once are one change."""
WATCHED = {*SUFFIXES, ".json"}
PATIENCE = 0.15
"""Seconds a bad state, or a file that has just become empty, is given to become another: saving a file is often
emptying it and then writing it."""
MOUNTED = "..data"
"""The link by which Kubernetes swaps the files of a mounted ConfigMap."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A state of the folder that was not taken, and why."""

    diagnostics: tuple[Diagnostic, ...]


class FolderProvider:
    """Watches a folder. `tests` says whether the tests in the rule files must pass before a state is taken."""

    def __init__(
        self,
        folder: Path,
        *,
        tests: bool = True,
        watch: bool = True,
        params: Mapping[str, Json] | None = None,
    ) -> None:
        self.folder = folder
        self.tests = tests
        self.watch = watch
        self.book = Rulebook((folder,), params or {})
        self.written = Rulebook((folder,))
        self.tested: Tested = {}
        self.last: Generation | None = None
        self.seen: object = None
        self.refused = False

    @unpaused()
    def load(self, noticed: float | None = None) -> Generation | Refused | None:
        """The folder as it is now; None when nothing that matters has changed. Never raises.

        A folder that was mended back to the last good state gives that state again.
        """
        state = self._load(noticed)
        if state is None and self.refused:
            state = self.last
        self.refused = isinstance(state, Refused) or (state is None and self.refused)
        return state

    def _load(self, noticed: float | None) -> Generation | Refused | None:
        begun = noticed if noticed is not None else time.monotonic()
        try:
            made = self.book.compile()
        except NothingThere as error:
            nowhere = Source(str(self.folder), "")
            what, _, remedy = str(error).partition(". ")
            message = what[:1].lower() + what[1:].rstrip(".")
            return Refused((codes.NOTHING_HERE.at(nowhere.whole, message, help=remedy.rstrip(".") or None),))
        people, found = read_people(self.folder)
        if made.ruleset is None or found:
            return Refused(tuple(d for d in (*found, *made.diagnostics) if d.severity is Severity.ERROR))
        key = (made.ruleset.digest, tuple(sorted(people.users.items(), key=lambda item: item[0])))
        if self.last is not None and key == self.seen:
            return None
        if self.tests:
            # The tests in the files speak of the rules as written, not of parameters given from outside.
            written = self.written.compile().ruleset if self.book.params else made.ruleset
            _, failed = run_tests(written or made.ruleset, self.tested)
            bad = tuple(d for d in failed if d.severity is Severity.ERROR)
            if bad:
                return Refused(bad)
        agents, wrong = bind(made.ruleset, str(self.folder), self.last.agents if self.last else None)
        if wrong:
            return Refused(wrong)
        took = time.monotonic() - begun
        self.last = Generation(made.ruleset, Intake(made.ruleset, people), agents, made.diagnostics, took)
        self.seen = key
        return self.last

    async def states(self) -> AsyncIterator[Generation | Refused]:
        """The folder's state now, then one for every change. The watch outlives bad edits and a vanished folder."""
        first = self.load()
        if first is not None:
            yield first
        while self.watch:
            try:
                # The watch stands before the folder is read again, so that no change falls in between.
                changes = aiter(self.changes())
                change = asyncio.ensure_future(anext(changes))
                await asyncio.sleep(0)
                try:
                    while True:
                        told = self.refused
                        state = await asyncio.to_thread(self.load, time.monotonic())
                        if isinstance(state, Refused) and (await asyncio.wait({change}, timeout=PATIENCE))[0]:
                            self.refused = (
                                told  # the folder was still being written: look again before a word
                            )
                        elif state is not None:
                            yield state
                        await settled(await change)
                        change = asyncio.ensure_future(anext(changes))
                finally:
                    change.cancel()
            except (OSError, StopAsyncIteration):
                await asyncio.sleep(0.5)

    def changes(self) -> AsyncIterator[set[tuple[Any, str]]]:
        """Sets of changes that may matter. Raises FileNotFoundError when there is no folder to watch."""
        from watchfiles import awatch

        return awatch(self.folder.resolve(), watch_filter=self.matters, debounce=200, step=QUIET_MS)

    def matters(self, change: object, path: str) -> bool:
        """Whether a changed path may change the rules: not the audit, nor what agents write."""
        parts = Path(path).parts[len(self.folder.resolve().parts) :]
        if any(part.startswith(".") and part != MOUNTED for part in parts):
            return False
        suffix = Path(path).suffix
        return suffix in WATCHED or (not suffix and not Path(path).is_file())


async def settled(changes: set[tuple[Any, str]]) -> None:
    """Come back when no changed file is empty, or has been for long enough to be meant so."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(_empty(path) for _, path in changes):
        await asyncio.sleep(0.01)


def _empty(path: str) -> bool:
    try:
        return os.stat(path).st_size == 0
    except OSError:
        return False
