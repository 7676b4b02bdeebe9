"""`atamo send`: one event to a running hub, and if asked what becomes of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import RunningHub, json_argument, quoted, url_option
from atamo_rules.cli.names import names_of
from atamo_rules.cli.numbers import Number

if TYPE_CHECKING:
    from atamo_rules.cli.ink import Ink

EPILOG = """\b
Examples:
  atamo send order.placed '{"total": 120}'
  atamo send order.placed @order.json --id order-7 --wait
  atamo send order.placed '{"total": 120}' --user ann --follow

Exit codes: 0 taken (with --wait and --follow: and all that followed went well), 1 refused, or something that followed
failed or was not over in time, 2 usage, or no hub answers."""


@click.command(epilog=EPILOG)
@click.argument("type_name", metavar="TYPE", shell_complete=names_of("event", "request"))
@click.argument("data", metavar="JSON")
@click.option(
    "--id", "id", default="", help="The event's id; the same again is taken once.  [default: a new one]"
)
@click.option("--source", default="", help="Where it comes from (CloudEvents `source`).")
@click.option("--user", default="", help="Who it comes from.")
@click.option("--time", "time", default="", metavar="RFC3339", help="When it happened.  [default: now]")
@click.option("--wait", is_flag=True, help="Wait until nothing more follows from it, and say what did.")
@click.option("--follow", is_flag=True, help="Show every step as it is taken.")
@click.option("--timeout", type=Number(0.1, 86400), default=30.0, show_default=True, metavar="SECONDS",
              help="How long to wait or follow.")  # fmt: skip
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def send(type_name: str, data: str, url: str, format: str, **more: Any) -> int:
    """Send one event of TYPE with JSON as its data to a running hub.

    JSON is written out, or `@FILE`, or `-` for standard input. Without --wait and --follow the command is over as soon
    as the event is taken: from then on it is not lost.
    """
    from atamo_rules.cli.ink import Ink

    body = json_argument(data, "the data")
    if not isinstance(body, dict):
        raise click.UsageError("The data of an event is an object, such as '{\"total\": 120}'.")
    event: dict[str, Any] = {"type": type_name, "data": body}
    for name in ("id", "source", "user", "time"):
        if more[name]:
            event[name] = more[name]
    ink = Ink(color_of(sys.stdout))
    with RunningHub(url) as hub:
        taken = hub.post("/v1/events", event)
        path = f"/v1/events/{quoted(taken['id'])}"
        if format == "text" and (more["follow"] or more["wait"]):  # whoever waits no longer has the id
            say(f"{_line(taken, ink)}\n")
        if more["follow"]:
            told = _followed(hub, taken["id"], path, more["timeout"], format, ink)
        elif more["wait"]:
            told = _awaited(hub, path, more["timeout"])
        else:
            say(f"{_json(taken) if format == 'json' else _line(taken, ink)}\n")
            return 0
    over = told["state"] in ("finished", "quarantined")
    failed = [
        one for one in told["actions"] if one["state"] not in ("done", "waiting", "running", "again", "later")
    ]
    if more["wait"] and not more["follow"]:
        say(f"{_json(told)}\n" if format == "json" else "".join(f"{line}\n" for line in _outcome(told, ink)))
    if not over:
        say(f"not over within {more['timeout']:g} seconds: atamo trace {taken['id']}\n", err=True)
    return 0 if over and not failed else 1


def _awaited(hub: RunningHub, path: str, seconds: float) -> dict[str, Any]:
    """What is told of an event once it is over, or when the time is."""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        told: dict[str, Any] = hub.get(path, wait=max(1.0, min(left, 30.0)))
        if told["state"] in ("finished", "quarantined") or time.monotonic() >= end:
            return told


def _followed(hub: RunningHub, id: str, path: str, seconds: float, format: str, ink: Ink) -> dict[str, Any]:
    """As `_awaited`, with every record shown as it comes."""
    from atamo_rules.cli.timeline import one_line

    for record in _records(hub, id, seconds):
        say(f"{_json(record)}\n" if format == "json" else f"{one_line(record, ink)}\n")
    told: dict[str, Any] = hub.get(path)
    return told


def _records(hub: RunningHub, id: str, seconds: float) -> Iterator[dict[str, Any]]:
    end, cursor = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        page = hub.get("/v1/audit", {"event": id, "after": cursor}, wait=max(1.0, min(left, 30.0)))
        for record in page["records"]:
            yield record
            if record["kind"] in ("event.finished", "event.quarantined", "event.refused"):
                return
        cursor = page["cursor"]


def _line(taken: dict[str, Any], ink: Ink) -> str:
    from atamo_rules.cli.ink import plain

    state = taken["state"]
    word = {"duplicate": "known already", "quarantined": "put in quarantine"}.get(state, state)
    line = f"{ink.good(word) if state == 'accepted' else ink.nearly(word)} {plain(taken['id'])}"
    return "\n".join([line, *(f"    {plain(reason)}" for reason in taken.get("reasons", ()))])


def _outcome(told: dict[str, Any], ink: Ink) -> Iterator[str]:
    """What became of an event, in a few lines."""
    from atamo_rules.cli.ink import plain

    matched = told.get("matched", [])
    yield f"  {'matched ' + ', '.join(map(plain, matched)) if matched else 'no rule matched'}"
    for one in told["actions"]:
        state = one["state"]
        mark = (
            ink.good(state)
            if state == "done"
            else ink.bad(state)
            if state in ("failed", "timeout")
            else state
        )
        why = f": {plain(one['why'])}" if one["why"] else ""
        yield f"  {one['verb']} {plain(one['target'])} {mark}{why}"
    for problem in told.get("problems", ()):
        yield f"  {ink.bad('problem')}: {plain(problem)}"
    for reply in told.get("replies", ()):
        yield f"  reply {_json(reply.get('answer', reply))}"


def _json(value: Any) -> str:
    from atamo_rules.model.strict_json import encode

    return encode(value)
