"""`atamo dead`: actions that were given up, and what to do about them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import Place, Refused, RunningHub, hub_options, json_argument, me, url_option
from atamo_rules.cli.sentences import Sentences

LIST = """\b
Examples:
  atamo dead list
  atamo dead list --agent crm --error timeout

Exit codes: 0 told, also when there are none, 2 usage, or no hub answers."""

SHOW = """\b
Examples:
  atamo dead show 3

Exit codes: 0 told, 1 there is no such dead letter, 2 usage, or no hub answers."""

REDRIVE = """\b
Examples:
  atamo dead redrive 3
  atamo dead redrive 3 --body '{"to": "ops@example.org"}'
  atamo dead redrive --agent crm --error timeout --dry-run
  atamo dead redrive --all

Exit codes: 0 done, 1 there is none that fits or the hub refused, 2 usage, or no hub answers."""

DISCARD = """\b
Examples:
  atamo dead discard 3
  atamo dead discard --agent crm --error "http 410"

Exit codes: 0 done, 1 there is none that fits or the hub refused, 2 usage, or no hub answers."""

Command = TypeVar("Command", bound=Callable[..., Any])


WHOLE = """\b
Examples:
  atamo dead list
  atamo dead show 3
  atamo dead redrive --agent crm --dry-run"""


@click.group(cls=Sentences, epilog=WHOLE)
def dead() -> None:
    """Dead letters: actions that were given up."""


def which_options(command: Command) -> Command:
    """Adds the options that choose among dead letters."""
    for name, about in reversed(
        (
            ("--agent", "Those of an agent."),
            ("--rule", "Those of a rule."),
            ("--error", "Those of a class of error, as `list` shows it."),
            ("--event", "Those of an event."),
        )
    ):
        command = click.option(name, default="", help=about)(command)
    return command


@dead.command("list", epilog=LIST)
@which_options
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option(
    "--after", type=click.IntRange(0), default=0, metavar="NUMBER", help="Only those after this one."
)
@hub_options
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def list_(limit: int, after: int, place: Place, format: str, **which: str) -> int:
    """List dead letters, oldest first, with how many there are of each agent and class of error."""
    from atamo_rules.cli.ink import Ink, plain
    from atamo_rules.model.strict_json import encode

    with place.open() as hub:
        found = hub.get("/v1/dead", {**which, "limit": limit, "after": after})
    if format == "json":
        say(encode(found) + "\n")
        return 0
    ink = Ink(color_of(sys.stdout))
    for group in found["groups"]:
        say(
            f"{ink.bad(str(group['count']))} of {plain(group['agent'])}: {plain(group['error'] or 'failed')}\n"
        )
    for letter in found["letters"]:
        number = ink.strong(f"{letter['number']:>5}")
        tries = f"{letter['attempts']} attempt{'' if letter['attempts'] == 1 else 's'}"
        where = f"{plain(letter['event'])} {ink.faint(plain(letter['rule']))}"
        say(f"{number}  {plain(letter['target'])}  {where}  {tries}: {plain(letter['why'])}\n")
    if not found["letters"]:
        say("no dead letters\n" if not any(which.values()) else "no dead letters that fit\n")
    elif not found["end"]:
        say(f"      there are more: --after {found['cursor']}\n")
    return 0


@dead.command(epilog=SHOW)
@click.argument("number", type=click.IntRange(1))
@hub_options
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def show(number: int, place: Place, format: str) -> int:
    """Show dead letter NUMBER: what was to be done, for whom, and the reason of every attempt."""
    from atamo_rules.cli.ink import Ink, plain
    from atamo_rules.model.strict_json import encode

    with place.open() as hub:
        letter = hub.get(f"/v1/dead/{number}")
    if format == "json":
        say(encode(letter) + "\n")
        return 0
    ink = Ink(color_of(sys.stdout))
    say(
        f"{ink.strong(plain(letter['target']))} was given up at {plain(letter['at'])}: {plain(letter['why'])}\n"
    )
    say(f"  event   {plain(letter['event'])}\n")
    say(f"  rule    {plain(letter['rule'])}  {ink.faint(plain(letter['because']))}\n")
    say(f"  user    {plain(letter['who']) or 'nobody in particular'}\n")
    say(f"  error   {plain(letter['error']) or 'failed'}\n")
    for attempt, reason in enumerate(letter["errors"], 1):
        say(f"  {attempt:>7} {plain(reason)}\n")
    say(f"  body    {plain(encode(letter['body']))}\n")
    return 0


@dead.command(epilog=REDRIVE)
@click.argument("numbers", type=click.IntRange(1), nargs=-1)
@which_options
@click.option("--all", "everything", is_flag=True, help="All there are.")
@click.option("--upto", type=click.IntRange(1), default=None, metavar="NUMBER",
              help="Only those up to this one.  [default: the last there is now]")  # fmt: skip
@click.option("--body", default="", metavar="JSON", help="Send this instead; of one dead letter only.")
@click.option("--dry-run", is_flag=True, help="Only say which would be done again.")
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def redrive(
    numbers: tuple[int, ...],
    everything: bool,
    upto: int | None,
    body: str,
    dry_run: bool,
    url: str,
    format: str,
    **which: str,
) -> int:
    """Have dead letters done again: those with these NUMBERS, or all that fit the options.

    Their attempts are counted anew. They keep their keys, so that an agent that did the work after all can tell; one
    that is given another body has a key of its own.
    """
    order: dict[str, Any] = {"dry_run": True} if dry_run else {}
    if body:
        if len(numbers) != 1:
            raise click.UsageError("--body is given to one dead letter: say its number.")
        order["body"] = json_argument(body, "the body")
    return _act("redrive", numbers, which, everything, upto, order, url, format)


@dead.command(epilog=DISCARD)
@click.argument("numbers", type=click.IntRange(1), nargs=-1)
@which_options
@click.option("--all", "everything", is_flag=True, help="All there are.")
@click.option("--upto", type=click.IntRange(1), default=None, metavar="NUMBER",
              help="Only those up to this one.  [default: the last there is now]")  # fmt: skip
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def discard(
    numbers: tuple[int, ...], everything: bool, upto: int | None, url: str, format: str, **which: str
) -> int:
    """Take dead letters away for good: those with these NUMBERS, or all that fit the options. The audit keeps that."""
    return _act("discard", numbers, which, everything, upto, {}, url, format)


def _act(
    verb: str,
    numbers: tuple[int, ...],
    which: dict[str, str],
    everything: bool,
    upto: int | None,
    order: dict[str, Any],
    url: str,
    format: str,
) -> int:
    """Redrive or discard; exactly one way of choosing must be given, so that nothing is meant by leaving it out."""
    from atamo_rules.model.strict_json import encode

    chosen = {name: value for name, value in which.items() if value}
    ways = bool(numbers) + bool(chosen) + everything
    if ways != 1:
        raise click.UsageError(
            "Which? Give numbers, or options that choose, or --all."
            if not ways
            else "Numbers, options that choose, and --all go each alone."
        )
    by = me()
    orders: list[dict[str, Any]] = [{"number": number, **order, "by": by} for number in numbers]
    if not numbers:
        orders = [{"which": chosen, **order, "by": by, **({"upto": upto} if upto is not None else {})}]
    count = 0
    letters: list[Any] = []
    refused: list[Refused] = []
    with RunningHub(url) as hub:
        for one in orders:
            try:
                done = hub.post(f"/v1/dead/{verb}", one)
            except Refused as error:
                refused.append(error)
                continue
            count += done.get("redriven", 0) + done.get("discarded", 0)
            letters += done.get("letters", ())
    for no in refused:
        no.show()
    dry = bool(order.get("dry_run"))
    if format == "json":
        said = [dict(no.problem) for no in refused]
        told = {"dry_run": dry, "count": len(letters) if dry else count, "letters": letters, "refused": said}
        say(encode(told) + "\n")
    elif dry:
        from atamo_rules.cli.ink import plain

        for letter in letters:
            say(
                f"{letter['number']:>5}  {plain(letter['target'])}  {plain(letter['event'])}: {plain(letter['why'])}\n"
            )
        say(f"{_letters(len(letters))} would be done again\n")
    elif count or not refused:
        say(f"{_letters(count)} {'will be done again' if verb == 'redrive' else 'discarded'}\n")
    return 1 if refused or not (letters if dry else count) else 0


def _letters(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"
