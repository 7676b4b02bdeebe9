"""`atamo explain CODE`: the page of a diagnostic code."""

from __future__ import annotations

import json

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.names import codes
from atamo_rules.source import pages

EPILOG = """\b
Examples:
  atamo explain E0203
  atamo explain --all

Exit codes: 0 told, 2 usage, or there is no such code."""


@click.command(epilog=EPILOG)
@click.argument("code", required=False, shell_complete=codes)
@click.option("--all", "every", is_flag=True, help="List all codes, a line each.")
@click.option("--format", "format", type=click.Choice(["full", "json"]), default="full")
def explain(code: str | None, every: bool, format: str) -> int:
    """Say what a diagnostic code means, with an example and its remedy."""
    if every:
        for known in pages.all_codes():
            say(f"{known.id}  {known.severity!s:8} {known.title}\n")
        return 0
    if code is None:
        raise click.UsageError("Which code? `atamo explain --all` lists them.")
    text = pages.page(code.upper())
    if text is None:
        close = pages.near(code.upper())
        hint = f" Did you mean {close}?" if close else " `atamo explain --all` lists them."
        raise click.UsageError(f"There is no code `{code}`.{hint}")
    say(
        json.dumps({"code": code.upper(), "page": text}, ensure_ascii=False) + "\n"
        if format == "json"
        else text
    )
    return 0
