"""`atamo get`: what is in force in a running hub: its rules, event types, types of actions and agents."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import click

from atamo_rules.cli.columns import table
from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import RunningHub, quoted, url_option
from atamo_rules.cli.in_force import ACTION_TYPES, AGENTS, EVENT_TYPES, RULES, Kind
from atamo_rules.cli.ink import Ink
from atamo_rules.cli.names import names_of, of_hub
from atamo_rules.cli.sentences import Sentences

EVERY = 1000
"""Things that are fetched at a time."""
CODES = """

Exit codes: 0 told, also when there are none, 1 there is no such or the hub refused, 2 usage, or no hub answers."""
WHOLE = """\b
Examples:
  atamo get rules --on order.placed
  atamo get rule big_order
  atamo get event-types 'order.*'
  atamo get agents --format json"""

Command = TypeVar("Command", bound=Callable[..., Any])


ELSEWHERE = {
    "event": "`atamo audit search` lists events, `atamo trace ID` tells of one; types are `event-types`",
    "request": "`atamo trace ID` tells of a request; types are `event-types --requests`",
    "action": "`atamo trace ID` tells of the actions of an event; types are `action-types`",
    "type": "there are `event-types` and `action-types`",
    "key": "`atamo key list` lists them",
    "secret": "`atamo secret list` lists them",
    "proposal": "`atamo proposal list` lists them",
    "dead": "`atamo dead list` lists dead letters",
    "plugin": "`atamo plugins` lists those of this machine",
}
"""Where what somebody may look for here is told."""


class Kinds(Sentences):
    """The kinds of things; one of them may be asked for in the singular, too: `rule` as well as `rules`."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, name) or super().get_command(ctx, f"{name}s")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and (told := ELSEWHERE.get(args[0].removesuffix("s"))):
            raise click.UsageError(f"There is no `atamo get {args[0]}`: {told}.")
        return super().resolve_command(ctx, args)


@click.group(cls=Kinds, epilog=WHOLE)
def get() -> None:
    """List what is in force in a running hub, or show one of it by NAME.

    A NAME with `*` or `?` in it lists all that are called so.
    """


def _epilog(*examples: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  atamo get {one}" for one in examples) + CODES


def listing(kind: Kind) -> Callable[[Command], Command]:
    """Gives a command the NAME of one of a kind, the page of the list, the format, and the hub."""

    def give(command: Command) -> Command:
        for option in reversed(
            (
                click.argument("name", required=False, default="", shell_complete=of_hub(kind)),
                click.option(
                    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many."
                ),
                click.option(
                    "--after", type=click.IntRange(0), default=0, metavar="PLACE",
                    help="Only those after this place of the list.",
                ),
                click.option("--format", "format", type=click.Choice(["text", "json"]), default="text"),
            )
        ):  # fmt: skip
            command = option(command)
        return url_option(command)

    return give


@get.command(epilog=_epilog("rules", "rules --on 'order.*' --status live", "rule big_order"))
@click.option(
    "--on", default="", metavar="TYPE", shell_complete=names_of("event", "request"),
    help="Those of an event type.",
)  # fmt: skip
@click.option("--status", type=click.Choice(["live", "shadow", "draft"]), help="Those of this status.")
@listing(RULES)
def rules(on: str, status: str | None, **asked: Any) -> int:
    """List rules, in the order in which they are tried; or show one."""
    return _told(RULES, {"on": on, "status": status}, **asked)


@get.command(
    "event-types", epilog=_epilog("event-types", "event-types --requests", "event-type order.placed")
)
@click.option("--requests", is_flag=True, help="Only those that are answered.")
@listing(EVENT_TYPES)
def event_types(requests: bool, **asked: Any) -> int:
    """List types of events and of requests, with their fields; or show one."""
    return _told(EVENT_TYPES, {"request": requests}, **asked)


@get.command("action-types", epilog=_epilog("action-types --agent desk", "action-type desk.note"))
@click.option("--agent", default="", shell_complete=names_of("agent"), help="Those that an agent does.")
@listing(ACTION_TYPES)
def action_types(agent: str, **asked: Any) -> int:
    """List what agents can be asked to do, and by which of them; or show one."""
    return _told(ACTION_TYPES, {"agents": agent}, **asked)


@get.command(epilog=_epilog("agents", "agents --plugin http", "agent desk"))
@click.option("--plugin", default="", help="Those of a plug-in.")
@click.option("--paused", is_flag=True, help="Only those that are paused.")
@listing(AGENTS)
def agents(plugin: str, paused: bool, **asked: Any) -> int:
    """List agents, how they stand and what they did; or show one, with its settings."""
    return _told(AGENTS, {"plugin": plugin, "held": paused}, **asked)


def _told(
    kind: Kind, wanted: Mapping[str, Any], name: str, limit: int, after: int, url: str, format: str
) -> int:
    """Show one thing of a kind, or list those that fit."""
    from atamo_rules.model.strict_json import encode

    wanted = {key: value for key, value in wanted.items() if value}
    many = not name or any(char in name for char in "*?[")
    if not many and (wanted or after):
        raise click.UsageError("Which? Give the NAME of one, or options that choose among all.")
    ink = Ink(color_of(sys.stdout))
    with RunningHub(url) as hub:
        if not many:
            one = hub.get(f"{kind.path}/{quoted(name)}")
            say(encode(one) + "\n" if format == "json" else _lines(kind.shown(one, ink)))
            return 0
        if name:
            wanted = {**wanted, kind.key: name}
        found, cursor = _page(hub, kind, wanted, limit, after)
    if format == "json":
        say(encode({kind.member: found, "cursor": cursor, "end": cursor is None}) + "\n")
        return 0
    if found:
        say(_lines(table(kind.head, map(kind.row, found), ink)))
    else:
        say(f"no {kind.words}{' that fit' if wanted or after else ''}\n")
    if cursor is not None:
        say(f"there are more: --after {cursor}\n", err=True)
    return 0


def _page(
    hub: RunningHub, kind: Kind, wanted: Mapping[str, Any], limit: int, after: int
) -> tuple[Sequence[Any], int | None]:
    """As many as are asked for of those that fit, and the place after the last of them, where there are more."""
    found: list[Any] = []
    cursor = after
    for place, one in _every(hub, kind, after):
        if not all(_fits(one[key], value) for key, value in wanted.items()):
            continue
        if len(found) == limit:
            return found, cursor
        found.append(one)
        cursor = place
    return found, None


def _every(hub: RunningHub, kind: Kind, after: int) -> Iterator[tuple[int, Any]]:
    """All that the hub lists after a place, each with its own."""
    while True:
        items = hub.get(kind.path, {"limit": EVERY, "after": after})[kind.member]
        yield from enumerate(items, after + 1)
        if len(items) < EVERY:
            return
        after += EVERY


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(_fits(one, wanted) for one in value)
    return fnmatchcase(value, wanted) if isinstance(wanted, str) else bool(value == wanted)


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
