"""`atamo top`: a hub as it runs, drawn again every moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import RunningHub, url_option
from atamo_rules.cli.ink import Ink, plain
from atamo_rules.cli.numbers import Number

EPILOG = """\b
Examples:
  atamo top
  atamo top --once                  one picture, for scripts and logs
  atamo top --every 5 --count 12 --format json

Exit codes: 0 ended as asked, 2 usage, or no hub answers. Ctrl-C ends it."""

Json = Mapping[str, Any]


@click.command(epilog=EPILOG)
@click.option("--every", type=Number(0.2, 3600), default=1.0, show_default=True, metavar="SECONDS",
              help="How often it is drawn.")  # fmt: skip
@click.option("--count", type=click.IntRange(1), default=None, help="End after so many.")
@click.option("--once", is_flag=True, help="The same as --count 1.")
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def top(every: float, count: int | None, once: bool, url: str, format: str) -> int:
    """Show how a running hub stands: events and actions a second, what is open, every agent, and the last failures."""
    from atamo_rules.model.strict_json import encode

    left = 1 if once else count
    alone = left == 1
    before: Json | None = None
    with RunningHub(url) as hub:
        while True:
            now = hub.get("/v1/status")
            if format == "json":
                say(encode(now) + "\n")
            else:
                clear = "\x1b[H\x1b[2J" if sys.stdout.isatty() and not alone else ""
                lines = picture(now, before, hub.url, Ink(color_of(sys.stdout)))
                say(clear + "".join(f"{line}\n" for line in lines))
            before = now
            if left is not None:
                left -= 1
                if not left:
                    return 0
            time.sleep(every)


def picture(now: Json, before: Json | None, url: str, ink: Ink) -> Iterator[str]:
    """The lines of one picture. Rates are taken between two states, and over the whole run in the first."""
    state = ink.good("taking events") if now["accepting"] else ink.bad("taking nothing more")
    yield f"{ink.strong(url)}  {state}  rules {now['digest'][:12]} ({now['rules']})  up {_time(now['uptime'])}"
    kinds = _rates(now, before, lambda one: one["kinds"])
    events, done = kinds.get("event.accepted", 0.0), kinds.get("action.done", 0.0)
    troubled = sum(kinds.get(kind, 0.0) for kind in ("action.failed", "action.timeout", "action.lost"))
    failures = ink.bad(f"{troubled:.1f}") if troubled else "0"
    yield f"events/s {events:.1f}   done/s {done:.1f}   failed/s {failures}"
    if now["took_ms"]["p50"] is not None:
        yield _spread("event", now["took_ms"])
    depth = now["open"]
    dead = ink.bad(str(depth["dead"])) if depth["dead"] else "0"
    parts = "   ".join(
        f"{name} {depth[name]}" for name in ("waiting", "running", "later", "delayed", "held", "pending")
    )
    yield parts
    yield f"dead {dead}   oldest {_time(depth['oldest'])}"
    for hold in now["paused"]:
        yield ink.nearly(f"paused: {hold['kind']} {plain(hold['name'])}") + ink.faint(_of(hold))
    for one in now.get("limited", ()):
        yield ink.nearly(f"at its rate: agent {plain(one['agent'])}") + ink.faint(
            f", {one['rate']}, for {_time(one['stands'])}"
        )
    if now["agents"]:
        yield ""
        head = f"{'agent':<20} {'started':>9} {'done':>9} {'again':>7} {'failed':>7}"
        yield ink.faint(f"{head}  {'p50':>7} {'p95':>7} ms")
    for name, agent in sorted(now["agents"].items()):
        counts, took = agent["counts"], agent["took_ms"]
        failed = sum(counts.get(kind, 0) for kind in ("failed", "timeout", "lost"))
        bad = ink.bad(f"{failed:>7}") if failed else f"{failed:>7}"
        yield (
            f"{plain(name):<20.20} {counts.get('started', 0):>9} {counts.get('done', 0):>9} "
            f"{counts.get('retry', 0):>7} {bad}  {_number(took['p50']):>7} {_number(took['p95']):>7}"
        )
    if now.get("sources"):
        yield ""
        yield ink.faint(f"{'source':<20} {'state':>9} {'taken':>9} {'again':>7} {'refused':>7}")
    for one in now.get("sources", ()):
        state = one["state"] if one["state"] != "broken" else ink.bad(f"{'broken':>9}")
        refused = ink.bad(f"{one['refused']:>7}") if one["refused"] else f"{0:>7}"
        yield f"{plain(one['name']):<20.20} {state:>9} {one['taken']:>9} {one['duplicates']:>7} {refused}"
    if now.get("providers"):
        yield ""
        yield ink.faint(f"{'provider':<20} {'version':>12} {'state':>12} {'failures':>9}")
    for one in now.get("providers", ()):
        alone = one["state"] != "asked"
        state = ink.bad(f"{one['state']:>12}") if alone else f"{one['state']:>12}"
        failed = ink.bad(f"{one['failures']:>9}") if one["failures"] else f"{0:>9}"
        why = f"  {ink.faint(plain(one['why']))}" if one.get("why") else ""
        yield f"{plain(one['name']):<20.20} {plain(one['version']):>12.12} {state} {failed}{why}"
    if now["fired"]:
        yield ""
        for name, times in list(now["fired"].items())[:8]:
            yield f"{times:>9} {plain(name)}"
    if now["troubles"]:
        yield ""
    for one in now["troubles"][:8]:
        why = ink.bad(plain(one["why"] or one["kind"]))
        yield f"{ink.faint(one['at'][11:19])} {plain(one['target'])} {plain(one['event'])} {why}"


def _rates(now: Json, before: Json | None, of: Any) -> dict[str, float]:
    """How often each thing happened a second."""
    seconds = float(now["uptime"]) - (float(before["uptime"]) if before is not None else 0.0)
    old = of(before) if before is not None else {}
    return {
        name: (count - old.get(name, 0)) / seconds if seconds > 0 else 0.0 for name, count in of(now).items()
    }


def _spread(name: str, took: Json) -> str:
    return f"{name} p50 {took['p50']} ms, p95 {took['p95']} ms, longest {took['max']} ms"


def _number(value: Any) -> str:
    return "-" if value is None else str(value)


def _time(seconds: Any) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole} s"


def _of(hold: dict[str, Any]) -> str:
    """By whom something is paused, since when, and why."""
    said = [f"by {plain(hold['by'])}"] if hold["by"] else []
    said += [f"since {hold['at'][:19].replace('T', ' ')}"] if hold["at"] else []
    told = f", {' '.join(said)}" if said else ""
    return f"{told}: {plain(hold['why'])}" if hold["why"] else told
