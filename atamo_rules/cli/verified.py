"""What `atamo verify` finds in one round: rules compiled and mended, their tests run, and what those cover."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.consulted import consulted
from atamo_rules.cli.project import agents_of, misspelt_people, people_of, python_of
from atamo_rules.compiler.pipeline import Compilation
from atamo_rules.engine.advice import scans
from atamo_rules.engine.cases import CaseResult
from atamo_rules.engine.coverage import Coverage, coverage
from atamo_rules.engine.decide import rule_of
from atamo_rules.hub.project.rulebook import NothingThere, Rulebook, Tested, run_tests
from atamo_rules.model.rule import Ruleset
from atamo_rules.people.nearly import nearly
from atamo_rules.proof.findings import proved
from atamo_rules.proof.missing import answers
from atamo_rules.proof.shown import given
from atamo_rules.proof.space import Answer, Verdict
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, in_order
from atamo_rules.source.formats import TestResult

MOST_ROUNDS = 20
"""How often --fix goes over the files: a clause says one mistake at a time."""


@dataclass(slots=True)
class Verified:
    """Findings in order, and how the tests went. `missing` are the outcomes that no test shows: many are normal.
    `summary` has the figures, of tests only where the rules have no errors."""

    diagnostics: list[Diagnostic]
    summary: dict[str, Any]
    results: list[TestResult] = field(default_factory=list)
    missing: list[Diagnostic] = field(default_factory=list)


def compiled(book: Rulebook, stdin_name: str, *, fix: bool, unsafe: bool) -> Compilation:
    """The rules, after what can be mended is mended where `fix` says so. Raises click.UsageError."""
    try:
        made = book.compile(stdin_name)
        return _fixed(book, made, stdin_name, unsafe=unsafe) if fix else made
    except NothingThere as error:
        raise click.UsageError(str(error)) from None


def _fixed(book: Rulebook, made: Compilation, stdin_name: str, *, unsafe: bool) -> Compilation:
    from atamo_rules.cli.fixes import apply

    applied = 0
    for _ in range(MOST_ROUNDS):
        found = apply(made.diagnostics, unsafe=unsafe)
        if not found:
            break
        applied += found
        made = book.compile(stdin_name)
    if applied:
        say(f"{applied} {'fix' if applied == 1 else 'fixes'} applied\n", err=True)
    return made


def verified(
    book: Rulebook,
    made: Compilation,
    tested: Tested,
    *,
    show_missing: bool,
    coverage_threshold: int,
    scan_limit: float,
    providers: tuple[str, ...],
    code: tuple[str, ...],
    weaker_walls: bool,
) -> Verified:
    """Everything that can be said of compiled rules: their findings, then those of what stands beside them, then their
    tests. Tests are run only where the rules have no errors."""
    people, unread = people_of(book.paths)
    beside = [*unread, *misspelt_people(book.paths), *agents_of(made, book.paths, code)]
    if made.ruleset is not None and not unread:
        beside += nearly(made.ruleset, people)
    beside += python_of(book.paths, weaker_walls)
    ruleset = made.ruleset
    summary: dict[str, Any] = {"files": len(made.files), "ok": ruleset is not None}
    if ruleset is None:
        return Verified(in_order([*made.diagnostics, *beside]), summary)
    outcomes, findings = run_tests(ruleset, tested)
    answers = consulted(providers, book.paths, ruleset, people, outcomes)
    dear = scans(ruleset, scan_limit) if scan_limit else ()
    known = proved(ruleset, made.diagnostics)
    shown = coverage(ruleset, outcomes)
    diagnostics = in_order([*made.diagnostics, *beside, *findings, *answers, *dear, *known])
    if shown.percent < coverage_threshold:
        diagnostics.append(_too_few(made, ruleset, shown.percent, coverage_threshold))
    results = [_result(one) for one in outcomes]
    summary |= {
        "digest": ruleset.digest,
        "rules": len(ruleset.rules),
        "tests": len(results),
        "passed": sum(one.passed for one in results),
        "covered": shown.covered,
        "outcomes": shown.total,
    }
    return Verified(diagnostics, summary, results, _missing(ruleset, shown) if show_missing else [])


def _result(outcome: CaseResult) -> TestResult:
    said = [failure.message for failure in outcome.failures] + ([outcome.vacuous] if outcome.vacuous else [])
    return TestResult(outcome.case.name, outcome.passed, outcome.case.span, "\n".join(said))


def _missing(ruleset: Ruleset, shown: Coverage) -> list[Diagnostic]:
    """The outcomes that no test shows, each with an event that would."""
    return [
        codes.NOT_COVERED.at(
            one.span,
            f"no test shows `{' '.join(one.span.said.split())}` {'true' if one.held else 'false'}"
            f" (rule `{one.rule}`){_would(answer, rule_of(ruleset, one.rule).event)}",
        )
        for one, answer in zip(shown.missing, answers(ruleset, shown.missing), strict=True)
    ]


def _would(answer: Answer | None, event: str) -> str:
    if answer is None or answer.verdict is Verdict.OPEN:
        return ""
    if answer.verdict is Verdict.NO:
        return "; no event can"
    return f"; `given {event} {given(answer.given)}` would"


def _too_few(made: Compilation, ruleset: Ruleset, percent: int, wanted: int) -> Diagnostic:
    place = ruleset.rules[0].span if ruleset.rules else made.files[0].source.whole
    return codes.COVERAGE_LOW.at(
        place,
        f"the tests cover {percent} % of the outcomes of sub-conditions, and {wanted} % are asked for",
        help="`--show-missing` lists them",
    )
