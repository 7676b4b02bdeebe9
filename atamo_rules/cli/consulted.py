"""Providers of plug-ins asked by `atamo verify`: whether each tells a state, and what it wants done about the events of
the tests. Nothing of what they say is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atamo_rules.cli.plugged import told

if TYPE_CHECKING:
    import asyncio

    from atamo_rules.cli.plugged import Contained
    from atamo_rules.engine.cases import CaseResult
    from atamo_rules.hub.generation import Generation
    from atamo_rules.model.people import Directory
    from atamo_rules.model.rule import Ruleset
    from atamo_rules.source.diagnostic import Diagnostic


def consulted(
    named: Sequence[str],
    paths: Sequence[Path],
    ruleset: Ruleset,
    people: Directory,
    results: Iterable[CaseResult],
) -> Iterator[Diagnostic]:
    """What is wrong with the plug-ins named as `NAME:PLACE`, and with what they answer. Raises click.UsageError for one
    that cannot be made."""
    import asyncio

    from atamo_rules.hub.generation import generation
    from atamo_rules.source import codes
    from atamo_rules.source.span import Source

    if not named:
        return
    folder = next((path for path in paths if path.is_dir()), Path())
    states, silent = told(named, folder)
    for name, why in silent:
        place = Source(f"--provider {name}", "").whole
        yield codes.BAD_CODE.at(place, f"the provider {name} is not asked: {why}")
    state = generation(ruleset, people, {})
    tested = tuple(results)
    with asyncio.Runner() as runner:
        for one in states:
            try:
                yield from _said(one, state, tested, runner)
            finally:
                runner.run(one.close())


def _said(
    one: Contained, state: Generation, tested: Sequence[CaseResult], runner: asyncio.Runner
) -> Iterator[Diagnostic]:
    """Each thing it does wrong once, at the first test whose event makes it so. One that fails is asked no more."""
    from atamo_rules.hub.evaluators.owned import sees
    from atamo_rules.hub.proposals.code import asked
    from atamo_rules.source import codes

    known: set[str] = set()
    for result in tested:
        for event in result.events:
            if not sees(one, event):
                continue
            said = runner.run(asked(one, event, state))
            for problem in (said.why, *said.problems):
                if problem and problem not in known:
                    known.add(problem)
                    message = f"the provider {said.provider}, asked about a `{event.type}`: {problem}"
                    yield codes.BAD_CODE.at(result.case.span, message)
            if said.why:
                return
