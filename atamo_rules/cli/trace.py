"""`atamo trace`: the story of one event."""

from __future__ import annotations

import sys

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import Place, hub_options, quoted

EPILOG = """\b
Examples:
  atamo trace order-7
  atamo trace order-7 --all
  atamo trace order-7 --folder desk/       the hub of desk/ is stopped
  atamo trace order-7 --format json

Exit codes: 0 told, 1 nothing is kept under this id, 2 usage, or no hub answers."""


@click.command(epilog=EPILOG)
@click.argument("id")
@click.option(
    "--all", "every", is_flag=True, help="Also rules that were not near, drafts, and rules for others."
)
@hub_options
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def trace(id: str, every: bool, place: Place, format: str) -> int:
    """Tell the story of event ID: who sent it, every rule that was considered and why it did or did not fire, every
    action, every attempt, and every answer.

    Rules: + matched, ~ nearly matched, ! failed, - did not.
    """
    from atamo_rules.cli.ink import Ink
    from atamo_rules.cli.timeline import timeline
    from atamo_rules.model.strict_json import encode

    with place.open() as hub:
        told = hub.get(f"/v1/events/{quoted(id)}/trace")
    if format == "json":
        say(encode(told) + "\n")
    else:
        for line in timeline(told, Ink(color_of(sys.stdout)), every_rule=every):
            say(f"{line}\n")
    return 0
