"""`atamo erase`: what messages said is gone, and their steps are told and proved as before."""

from __future__ import annotations

from typing import Any

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import asked, me, url_option

EPILOG = """\b
Examples:
  atamo erase order-7 --why "asked for on 3 March"
  atamo erase --user ann --dry-run
  atamo erase --user ann --rewrite

Exit codes: 0 erased, 1 there is nothing to erase, something is not erased and said to be, or the hub refused, 2 usage,
or no hub answers."""

JOINED = "which was joined with it by a rule, and may say something of it: erase it too, if so"
ELSEWHERE = "backups from before have it still, and so have copies of the audit elsewhere\n"
FREE = "a store in a file may have it in free space, until it is written anew: --rewrite\n"


@click.command(epilog=EPILOG)
@click.argument("id", required=False)
@click.option("--user", default="", metavar="NAME", help="All messages that this user sent.")
@click.option("--why", default="", metavar="TEXT", help="Why, for the audit.")
@click.option("--dry-run", is_flag=True, help="Only say which would be erased.")
@click.option("--rewrite", is_flag=True,
              help="Write the store anew afterwards, so that nothing is left in what is free.")  # fmt: skip
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def erase(id: str | None, user: str, why: str, dry_run: bool, rewrite: bool, url: str, format: str) -> int:
    """Erase what message ID said, and what rules emitted because of it: data, messages to agents, answers, dead
    letters, and what the audit holds of them.

    What is open of it is cancelled. Who sent it and each of its steps stay in the audit, which is proved as before; its
    id is never taken again. What agents did is not the hub's to take. What it knows of and cannot erase is said
    behind `not erased:`, on standard error. While the store is written anew, whoever sends waits.
    """
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    if bool(id) == bool(user):
        raise click.UsageError("Of what? Give the id of a message, or --user NAME.")
    order: dict[str, Any] = {"event": id} if id else {"user": user}
    order |= {"by": me(), "why": why, "dry_run": dry_run, "rewrite": rewrite}
    done = asked(url, lambda hub: hub.post("/v1/erasures", order))
    if format == "json":
        say(encode(done) + "\n")
    else:
        verb = "would be erased" if dry_run else "erased"
        for key in done["events"]:
            say(f"{plain(key)} {verb}\n")
        for key in done["left"]:
            say(f"not erased: {plain(key)}, of which something would not end\n", err=True)
        for key in done["joined"]:
            say(f"not erased: {plain(key)}, {JOINED}\n", err=True)
        for sentence in done["kept"]:
            say(f"not erased: {plain(sentence)}\n", err=True)
        if done["sent"]:
            say(f"sent out before, and kept there: {plain(', '.join(done['sent']))}\n")
        if done["events"] and not dry_run:
            say(ELSEWHERE if rewrite else f"{ELSEWHERE}{FREE}")
        if not done["events"] and not done["left"]:
            say("there is nothing to erase\n")
    whole = not (done["left"] or done["joined"] or done["kept"])
    return 0 if done["events"] and whole else 1
