"""`atamo explain CODE`: the page of a diagnostic, or of a problem that a hub answers."""

from __future__ import annotations

import json
from difflib import get_close_matches

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.names import codes
from atamo_rules.source import pages

EPILOG = """\b
Examples:
  atamo explain E0203
  atamo explain unknown-id
  atamo explain --all

Exit codes: 0 told, 2 usage, or there is no such code."""


@click.command(epilog=EPILOG)
@click.argument("code", required=False, shell_complete=codes)
@click.option("--all", "every", is_flag=True, help="List all codes, a line each.")
@click.option("--format", "format", type=click.Choice(["full", "json"]), default="full")
def explain(code: str | None, every: bool, format: str) -> int:
    """Say what a code means, of a diagnostic, with an example and its remedy, or of a problem that a hub answers."""
    from atamo_rules.rest import catalogue

    if every:
        for known in pages.all_codes():
            say(f"{known.id}  {known.severity!s:8} {known.title}\n")
        for name, kind in catalogue.CATALOGUE.items():
            say(f"{name}  {'/'.join(map(str, kind.statuses))}  {kind.about}\n")
        return 0
    if code is None:
        raise click.UsageError("Which code? `atamo explain --all` lists them.")
    text = pages.page(code.upper())
    shown = code.upper() if text is not None else code.lower()
    text = text or catalogue.page(shown)
    if text is None:
        close = pages.near(code.upper()) or next(
            iter(get_close_matches(shown, catalogue.CATALOGUE, n=1)), None
        )
        hint = f" Did you mean {close}?" if close else " `atamo explain --all` lists them."
        raise click.UsageError(f"There is no code `{code}`.{hint}")
    say(json.dumps({"code": shown, "page": text}, ensure_ascii=False) + "\n" if format == "json" else text)
    return 0
