"""`atamo plugins`: every plug-in that is installed, and why one cannot be used."""

from __future__ import annotations

from dataclasses import asdict

import click

from atamo_rules.cli.console import say

EPILOG = """\b
Examples:
  atamo plugins
  atamo plugins --format json

Exit codes: 0 all can be used, 1 some cannot."""


@click.command(epilog=EPILOG)
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="How they are listed.")  # fmt: skip
def plugins(format: str) -> int:
    """List plug-ins by what they are: name, package, version and where their code is.

    Each is loaded to see whether it can be; what it prints goes to standard error.
    """
    from atamo_rules.hub.plugins import GROUPS, listing
    from atamo_rules.model.strict_json import encode

    found = listing()
    if format == "json":
        say(encode([{**asdict(one), "loaded": not one.why} for one in found]) + "\n")
    else:
        wide = max((len(one.name) for one in found), default=0)
        for group in GROUPS:
            say(f"{group}\n")
            of = [one for one in found if one.group == group]
            for one in of:
                say(f"  {one.name:<{wide}}  {one.distribution} {one.version}  {one.target}\n")
                if one.why:
                    say(f"  {'':<{wide}}  cannot be used: {one.why}\n")
            if not of:
                say("  none\n")
    return 1 if any(one.why for one in found) else 0
