"""`atamo pause` and `atamo resume`: work that is held, and work that goes on."""

from __future__ import annotations

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import asked, me, quoted, url_option
from atamo_rules.cli.names import held

PAUSE = """\b
Examples:
  atamo pause agent crm
  atamo pause rule big_order --why "pays twice: see ticket 4711"
  atamo pause organisation acme --format json

Exit codes: 0 it is paused, 1 there is no such thing or the hub refused, 2 usage, or no hub answers."""

RESUME = """\b
Examples:
  atamo resume agent crm

Exit codes: 0 it goes on, 1 it was not paused or the hub refused, 2 usage, or no hub answers."""

KIND = click.Choice(["agent", "rule", "organisation"])


@click.command(epilog=PAUSE)
@click.argument("kind", type=KIND, metavar="agent|rule|organisation")
@click.argument("name", shell_complete=held)
@click.option("--why", default="", metavar="TEXT", help="Why, for whoever finds it paused.")
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def pause(kind: str, name: str, why: str, url: str, format: str) -> int:
    """Begin no more actions of an agent, of a rule, or of an organisation's events.

    Attempts that run go on to their end. Events are taken and decided as before, and what they ask for waits; the pause
    outlives the hub's process. `atamo top` shows what is paused, by whom,
    since when and why.
    """
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    done = asked(url, lambda hub: hub.put(_path(kind, name), {"by": me(), "why": why}))
    if format == "json":
        say(encode(done) + "\n")
    else:
        say(f"{kind} {plain(name)} {'is paused' if done['new'] else 'was paused already'}\n")
    return 0


@click.command(epilog=RESUME)
@click.argument("kind", type=KIND, metavar="agent|rule|organisation")
@click.argument("name", shell_complete=held)
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def resume(kind: str, name: str, url: str, format: str) -> int:
    """Go on with the actions of an agent, of a rule, or of an organisation's events, oldest first.

    What another pause holds as well goes on waiting for that one's end.
    """
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    done = asked(url, lambda hub: hub.delete(_path(kind, name), {"by": me()}))
    say(encode(done) + "\n" if format == "json" else f"{kind} {plain(name)} goes on\n")
    return 0


def _path(kind: str, name: str) -> str:
    return f"/v1/holds/{kind}/{quoted(name)}"
