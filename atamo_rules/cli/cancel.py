"""`atamo cancel`: what is still open of one event ends."""

from __future__ import annotations

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import RunningHub, me, quoted, url_option

EPILOG = """\b
Examples:
  atamo cancel order-7
  atamo cancel order-7 --agent crm

Exit codes: 0 cancelled, 1 there is no such event, nothing of it is open, or the hub refused, 2 usage, or no hub
answers."""


@click.command(epilog=EPILOG)
@click.argument("id")
@click.option("--agent", default="", help="Only the actions of an agent.")
@click.option("--rule", default="", help="Only the actions of a rule.")
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def cancel(id: str, agent: str, rule: str, url: str, format: str) -> int:
    """End the open actions of event ID for good, also those that run, whose agents are told to stop.

    What was done stays done, and the audit keeps all of it. Events that followed from this one have ids of their own;
    `atamo trace` names them. A request is cancelled as a whole.
    """
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    with RunningHub(url) as hub:
        done = hub.delete(f"/v1/events/{quoted(id)}", {"by": me(), "agent": agent, "rule": rule})
    count, whole = done["cancelled"], done["request"]
    if format == "json":
        say(encode(done) + "\n")
    elif whole:
        say(f"the request {plain(id)} is cancelled\n")
    elif count:
        say(f"{count} action{'' if count == 1 else 's'} of {plain(id)} cancelled\n")
    else:
        fits = " that fits" if agent or rule else ""
        say(f"nothing of {plain(id)} is open{fits}\n")
    return 0 if count or whole else 1
