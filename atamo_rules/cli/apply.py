"""`atamo apply`: rule files submitted to a hub and put in force in one go, where one pair of eyes is enough."""

from __future__ import annotations

import sys

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import Refused, RunningHub, quoted
from atamo_rules.cli.proposal import shown, submission, texts_of

EPILOG = """\b
Examples:
  atamo proposal submit alerts.atamo --level "user ann"   what it would change
  atamo apply alerts.atamo --level "user ann" --about "Big ticks for me"
  atamo apply --level hub --remove old.atamo

Exit codes: 0 in force, or there already; 1 the hub refused, a rule was found wrong, or it waits for somebody else to
approve it; 2 usage, files, or no hub answers."""


@click.command(epilog=EPILOG)
@submission
def apply(
    files: tuple[str, ...], level: str, remove: tuple[str, ...], about: str, url: str, format: str
) -> int:
    """Submit FILES to a running hub and put them in force, if nothing is wrong with them and you may.

    The hub checks them as `atamo verify` would and tries them on recent events, and takes them only over the very rules
    that they were checked with. Where somebody else must approve them they are kept, and wait.
    """
    from atamo_rules.cli.ink import Ink
    from atamo_rules.model.strict_json import encode

    order = {"level": level, "files": texts_of(files, remove), "about": about}
    waits = ""
    with RunningHub(url) as hub:
        one = hub.post("/v1/proposals", order)
        if one["state"] == "open":
            approval = {"base": one["base"], "why": about}
            try:
                one = hub.post(f"/v1/proposals/{quoted(one['id'])}/approve", approval)
            except Refused as refused:
                if refused.status != 403:
                    raise
                waits = f"it waits for somebody else: atamo proposal approve {one['id']}"
    if format == "json":
        say(encode(one) + "\n")
    else:
        for line in list(shown(one, Ink(color_of(sys.stdout))))[: -1 if waits else None]:
            say(f"{line}\n")
    if waits:
        say(f"{waits}\n", err=True)
    return 0 if one["state"] == "applied" else 1
