"""`atamo request`: ask a running hub, and have the answers now, as they come, or later."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import Refused, RunningHub, json_argument, quoted, url_option
from atamo_rules.cli.names import names_of
from atamo_rules.cli.numbers import Number

EPILOG = """\b
Examples:
  atamo request price.quote '{"sku": "A-1"}' --wait
  atamo request price.quote @question.json --policy first --wait
  atamo request stock.price '{"sku": "gold"}' --follow
  curl localhost:8080/v1/requests/ID       what it was answered, later

Exit codes: 0 asked (with --wait and --follow: and answered by all, or as many as the policy asks), 1 refused, or not
everybody answered, or not in time, 2 usage, or no hub answers."""


@click.command(epilog=EPILOG)
@click.argument("type_name", metavar="TYPE", shell_complete=names_of("request"))
@click.argument("data", metavar="JSON")
@click.option(
    "--id", "id", default="", help="The request's id; the same again is asked once.  [default: a new one]"
)
@click.option("--user", default="", help="Who asks.")
@click.option("--wait", is_flag=True, help="Wait until it is over, and show the answers.")
@click.option(
    "--follow", is_flag=True, help="Show answers as they come, and go on with updates until interrupted."
)
@click.option("--policy", default="", metavar="POLICY",
              help="When there are answers enough: all, first, any(K), deadline(SECONDS).  [default: all]")  # fmt: skip
@click.option("--deadline", type=Number(0.001, 86400), default=None, metavar="SECONDS",
              help="How long agents may take.  [default: 30]")  # fmt: skip
@click.option("--max-age", type=click.IntRange(0), default=0, metavar="SECONDS",
              help="Answers to the same request, so old at most, will do.")  # fmt: skip
@click.option("--timeout", type=Number(0.1, 86400), default=30.0, show_default=True, metavar="SECONDS",
              help="How long --wait waits.")  # fmt: skip
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def request(type_name: str, data: str, url: str, format: str, **more: Any) -> int:
    """Ask a running hub a request of TYPE with JSON as its data.

    JSON is written out, or `@FILE`, or `-` for standard input. Without --wait and --follow the command is over as soon
    as the request is taken; its answers are kept under its id.
    """
    if more["wait"] and more["follow"]:
        raise click.UsageError("--wait waits for the end, --follow for none: give one of them.")
    body = json_argument(data, "the data")
    if not isinstance(body, dict):
        raise click.UsageError('The data of a request is an object, such as \'{"sku": "A-1"}\'.')
    asked: dict[str, Any] = {"type": type_name, "data": body}
    asked.update({name: more[name] for name in ("id", "user") if more[name]})
    params = {
        "policy": more["policy"],
        "deadline": more["deadline"],
        "mode": "feed" if more["follow"] else "",
    }
    with RunningHub(url) as hub:
        fresh = {"Cache-Control": f"max-age={more['max_age']}"} if more["max_age"] else {}
        state = hub.post("/v1/requests", asked, params, headers=fresh)
        if more["follow"]:
            state = _followed(hub, state["id"], format)
        elif more["wait"]:
            state = _awaited(hub, state, more["timeout"], format)
        elif format == "json":
            say(f"{_json(state)}\n")
        else:
            say(f"{_line(state)}\n")
    if not (more["wait"] or more["follow"]):
        return 0
    if format == "text":
        say(f"{_line(state)}\n", err=True)
    return 0 if state["state"] == "complete" else 1


def _awaited(hub: RunningHub, state: dict[str, Any], seconds: float, format: str) -> dict[str, Any]:
    """The request once it is over, or when the time is; every answer is shown as it comes."""
    end, page, cursor = time.monotonic() + seconds, state, 0
    while True:
        for frame in page["frames"]:
            _show(frame, format)
            if frame["kind"] == "end" and "agent" not in frame and "rule" not in frame:
                return page
        cursor = page["cursor"]
        left = end - time.monotonic()
        if left <= 0:
            return page
        page = hub.get(
            f"/v1/requests/{quoted(state['id'])}", {"after": cursor}, wait=max(1.0, min(left, 30.0))
        )


def _followed(hub: RunningHub, id: str, format: str) -> dict[str, Any]:
    """Every frame as it comes, to the end or until somebody interrupts: then nobody wants it any more."""
    path, ended = f"/v1/requests/{quoted(id)}", False
    try:
        for frame in hub.frames(id):
            _show(frame, format)
        ended = True
    except KeyboardInterrupt:
        pass
    finally:
        if not ended:
            with suppress(Refused):  # it may be over by now
                hub.delete(path)
    state: dict[str, Any] = hub.get(path, {"after": 2**52})
    return state


def _show(frame: dict[str, Any], format: str) -> None:
    """One frame: in text only what answers, on standard output one line each."""
    from atamo_rules.cli.ink import Ink, plain

    if format == "json":
        say(f"{_json(frame)}\n")
        return
    if frame["kind"] == "end" or frame.get("late"):
        return
    ink = Ink(color_of(sys.stdout))
    source = (
        f"{frame['agent']}.{frame.get('action', '')}" if "agent" in frame else f"rule {frame.get('rule', '')}"
    )
    key = f" {plain(frame['key'])}" if "key" in frame else ""
    how = f" ({frame['cache']})" if frame["cache"] != "miss" else ""
    text = plain(frame["body"]) if frame["kind"] == "error" else _json(frame["body"])
    body = ink.bad(text) if frame["kind"] == "error" else text
    say(f"{ink.faint(f'{plain(source)}{key}{how}')} {body}\n")


def _line(state: dict[str, Any]) -> str:
    """How a request stands, in one line."""
    from atamo_rules.cli.ink import plain

    missing = f", waiting for {', '.join(map(plain, state['missing']))}" if state["missing"] else ""
    why = f": {plain(state['why'])}" if state.get("why") else ""
    answered = f"{state['answered']} of {len(state['expected'])} answered"
    return f"{state['state']} {plain(state['id'])}: {answered}{missing}{why}"


def _json(value: Any) -> str:
    from atamo_rules.model.strict_json import encode

    return encode(value)
