"""`atamo why`: one rule and one event, part by part."""

from __future__ import annotations

import sys

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import Place, hub_options, quoted
from atamo_rules.cli.names import names_of

EPILOG = """\b
Examples:
  atamo why order-7 --rule big_order
  atamo why order-7 --rule big_order --format json

Exit codes: 0 the condition holds, 1 it does not, or there is no such event or rule, 2 usage, or no hub answers."""


@click.command(epilog=EPILOG)
@click.argument("id")
@click.option("--rule", required=True, shell_complete=names_of("rule"), help="The rule that is asked about.")
@click.option("--now", is_flag=True, help="Ask the rule in force, whichever decided the event.")
@hub_options
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def why(id: str, rule: str, now: bool, place: Place, format: str) -> int:
    """Say why a rule does or does not fire on event ID: its condition as a tree, with every value it looked at, and the
    fewest sub-conditions that would have to change.

    The rule is the one that decided, as long as the hub keeps its text; else, and with --now, the one in force. Where
    those are not the same, that is said.
    """
    from atamo_rules.cli.ink import Ink, plain
    from atamo_rules.cli.tree import drawn
    from atamo_rules.model.strict_json import encode

    with place.open() as hub:
        asked = {"rule": rule, "now": "true"} if now else {"rule": rule}
        told = hub.get(f"/v1/events/{quoted(id)}/why", asked)
    held = bool(told["condition"] and told["condition"]["held"])
    if format == "json":
        say(encode(told) + "\n")
        return 0 if held else 1
    ink = Ink(color_of(sys.stdout))
    say(f"{plain(told['type'])} {plain(told['event'])}\n")
    for line in drawn(told, ink):
        say(f"{line}\n")
    then, current = told["decided_under"] or "", told["rules_now"]
    if then and then != current:
        which = "the rule of then" if told["under"] == then else f"the rule of now, {current[:12]}"
        say(f"\nthe event was decided under rules {then[:12]}; this is {which}\n")
    return 0 if held else 1
