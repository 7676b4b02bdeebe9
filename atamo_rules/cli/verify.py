"""`atamo verify`: everything that can be said of rules before a deploy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.numbers import Number
from atamo_rules.cli.plugged import tell_unasked
from atamo_rules.cli.project import (
    code_option,
    param_option,
    places,
    read_params,
    walls_option,
)
from atamo_rules.cli.shown import pieces
from atamo_rules.source.formats import FORMATS, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from atamo_rules.hub.project.rulebook import Rulebook, Tested

EPILOG = """\b
Examples:
  atamo verify rules/
  atamo verify rules/ --format sarif > findings.sarif
  atamo verify rules/ --coverage-threshold 80 --junit report.xml
  cat rule.atamo | atamo verify -

Exit codes: 0 fine, 1 findings or failed tests, 2 usage or files, 3 a fault of Atamo itself."""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1)
@click.option("--format", "format", type=click.Choice(FORMATS), envvar="ATAMO_FORMAT", default=None,
              help="How findings are shown; `github` by default inside GitHub Actions.")  # fmt: skip
@click.option("--fail-level", type=click.Choice(["note", "warning", "error"]), default="error", show_default=True,
              help="The least severity that makes the command fail.")  # fmt: skip
@click.option("--coverage-threshold", type=click.IntRange(0, 100), default=0,
              help="Fail when the tests show fewer outcomes of sub-conditions than this, in percent.")  # fmt: skip
@click.option("--show-missing", is_flag=True, help="List the outcomes of sub-conditions that no test shows.")
@click.option("--scan-limit", type=Number(0), default=20, show_default=True, metavar="µs",
              help="Warn where rules that no index can find take longer of every event; 0 never warns.")  # fmt: skip
@click.option("--junit", type=click.Path(dir_okay=False), help="Also write a JUnit report here.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes, then verify again.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix: also those that need a second look.")
@click.option("--watch", is_flag=True, help="Verify again whenever a file changes.")
@click.option("--provider", "providers", multiple=True, metavar="NAME[:PLACE]",
              help="Ask a plug-in about the events of the tests, too, in this process and with all it may do."
              " May be given again.")  # fmt: skip
@param_option
@code_option
@walls_option
@click.option("--stdin-name", default="stdin.atamo", help="The name of what is read from `-`.")
def verify(paths: tuple[str, ...], watch: bool, **options: Any) -> int:
    """Check rules: text, types, templates, findings, then the tests in the files and what they cover.

    PATHS are files or folders (default: here); `-` reads standard input. No agent is called and
    nothing is written, except with --fix and --junit. Plug-ins are asked only where `--provider` names them.
    """
    from atamo_rules.hub.project.rulebook import Rulebook
    from atamo_rules.source.unpaused import unpaused

    # One book and the results of its tests for all rounds of --watch: only what changed is read and run again.
    book = Rulebook(places(paths), read_params(options.pop("params")))
    tested: Tested = {}
    tell_unasked(options["providers"])

    @unpaused()
    def once() -> int:
        return _once(book, tested, **options)

    if not watch:
        return once()
    import asyncio

    if any(str(path) == "-" for path in book.paths):
        raise click.UsageError("`-` cannot be watched: standard input is read once. Give files or folders.")
    return asyncio.run(_watch(book.paths, once))


async def _watch(paths: tuple[Path, ...], once: Callable[[], int]) -> int:
    """Verify now and after every change, until interrupted. Paths that are not there any more are waited for."""
    import asyncio

    from atamo_rules.builtin.configuration.watching import watched

    for path in paths:
        if not path.exists():
            raise click.UsageError(f"`{path}` does not exist.")
    # A file that is saved by renaming another over it would be lost; its folder stays.
    folders = {path.resolve() if path.is_dir() else path.resolve().parent for path in paths}
    rounds = 0
    while True:
        try:
            async for _ in watched(*sorted(folders)):
                if rounds:
                    say("\n— changed —\n")
                rounds += 1
                try:
                    once()
                except click.ClickException as error:
                    error.show()
        except FileNotFoundError:
            await asyncio.sleep(0.5)


def _once(
    book: Rulebook,
    tested: Tested,
    *,
    format: str | None,
    fail_level: str,
    show_missing: bool,
    junit: str | None,
    fix: bool,
    unsafe_fixes: bool,
    stdin_name: str,
    **options: Any,
) -> int:
    """One round: what is found, shown; `options` are those of `verified`."""
    from atamo_rules.cli.verified import compiled, verified
    from atamo_rules.source.diagnostic import Severity, in_order
    from atamo_rules.source.render import render_concise

    format = format or _default_format()
    made = compiled(book, stdin_name, fix=fix, unsafe=unsafe_fixes)
    found = verified(book, made, tested, show_missing=show_missing, **options)
    diagnostics, missing, summary = found.diagnostics, found.missing, found.summary
    if format in _MACHINE:
        diagnostics, missing = in_order([*diagnostics, *missing]), []
    else:
        # Many are normal and one line each is enough, so they are listed whole, apart from the findings.
        say(render_concise(missing, color=color_of()))
    line = _line(summary) if "tests" in summary else ""
    worst = [d for d in [*diagnostics, *missing] if d.severity >= Severity[fail_level.upper()]]
    summary["ok"] = not worst
    say(render(diagnostics, format, color=color_of(), results=found.results, summary=summary, pieces=pieces))
    if junit:
        Path(junit).write_text(render(diagnostics, "junit", results=found.results), "utf-8")
    if format in ("full", "concise"):
        errors = sum(d.severity is Severity.ERROR for d in diagnostics)
        warnings = sum(d.severity is Severity.WARNING for d in [*diagnostics, *missing])
        told = f"{_many(errors, 'error')}, {_many(warnings, 'warning')}"
        space = "\n" if format == "full" and diagnostics else ""
        say(space + (f"{line} · " if line else "") + told + "\n", err=bool(errors))
    return 1 if worst else 0


_MACHINE = ("json", "sarif", "junit", "github")


def _default_format() -> str:
    import os

    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" and not sys.stdout.isatty() else "full"


def _line(summary: dict[str, Any]) -> str:
    tests = f"{summary['passed']} of {summary['tests']} tests passed" if summary["tests"] else "no tests"
    return (
        f"{_many(summary['files'], 'file')}, {_many(summary['rules'], 'rule')} · {tests} · "
        f"outcomes covered {summary['covered']}/{summary['outcomes']} · digest {summary['digest'][:12]}"
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
