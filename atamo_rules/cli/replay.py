"""`atamo replay`: events that were decided, through other rules; nothing is sent."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.given import project
from atamo_rules.cli.hubs import Place, hub_options
from atamo_rules.cli.moments import moment_option
from atamo_rules.cli.names import names_of
from atamo_rules.cli.progress import counted
from atamo_rules.cli.project import param_option, read_params

if TYPE_CHECKING:
    from atamo_rules.cli.ink import Ink
    from atamo_rules.hub.history.replay import Difference, Replayed

EPILOG = """\b
Examples:
  atamo replay rules/                       everything the hub still has
  atamo replay rules/ --since 2h --type order.placed
  atamo replay rules/ --folder desk/ --format json

Exit codes: 0 every event would be decided the same, 1 some would not, or the rules have errors, 2 usage, or no hub
answers."""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True)
@moment_option("--since", "Only events accepted from then on.")
@moment_option("--until", "Only events accepted before then.")
@click.option(
    "--type",
    "type_name",
    default="",
    shell_complete=names_of("event", "request"),
    help="Only events of this type.",
)
@click.option(
    "--most", type=click.IntRange(1), default=10_000, show_default=True, help="At most so many events."
)
@click.option("--examples", type=click.IntRange(0, 100), default=3, show_default=True,
              help="Events that are shown for each way in which decisions differ.")  # fmt: skip
@hub_options
@param_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def replay(
    paths: tuple[str, ...],
    since: Any,
    until: Any,
    type_name: str,
    most: int,
    examples: int,
    place: Place,
    params: tuple[str, ...],
    format: str,
) -> int:
    """Decide events again, under the rules in PATHS, and say which decisions would differ from what was decided.

    Nothing is sent, no agent is called, and the hub is only read. What follows an `ask` is not decided again: its
    answer belongs to the rules that asked. Rules with clauses about time are not compared: what they do hangs on the
    events before; `atamo simulate` tries them on many. Groups are those of the `people.yaml` in PATHS, if there is one,
    else those that the event had.
    """
    from atamo_rules.cli.ink import Ink
    from atamo_rules.hub.history.replay import Replayed, timed_rules
    from atamo_rules.model.strict_json import encode
    from atamo_rules.model.window import OVER

    found = tuple(Path(path) for path in paths)
    opened = project(found, read_params(params))
    if opened is None:
        return 1
    ruleset, people = opened
    replayed = Replayed(examples)
    timed = {rule.id for rule in timed_rules(ruleset)}
    replayed.apart.update(timed)
    for one in counted(_recorded(place, since, until, type_name, most), "events"):
        replayed.apart.update(one.get("timed", ()))
        if one["type"] == OVER:
            replayed.ends += 1
        else:
            apart = timed.union(one.get("timed", ()))
            replayed.add(one["type"], _again(one, ruleset, people, apart))
    if format == "json":
        say(encode({"digest": ruleset.digest, **replayed.document()}) + "\n")
    else:
        for line in _told(replayed, ruleset.digest, Ink(color_of(sys.stdout))):
            say(f"{line}\n")
    return 1 if replayed.differ else 0


def _recorded(place: Place, since: Any, until: Any, type_name: str, most: int) -> Iterator[dict[str, Any]]:
    """Events with what was decided of them, oldest first."""
    given = {"since": since, "until": until, "type": type_name}
    cursor, left = 0, most
    with place.open() as hub:
        while left > 0:
            page = hub.get("/v1/decided", {**given, "after": cursor, "limit": min(left, 500)})
            yield from page["events"]
            left -= len(page["events"])
            cursor = page["cursor"]
            if page["end"]:
                return


def _again(one: dict[str, Any], ruleset: Any, people: Any, apart: Collection[str]) -> Difference | None:
    """One event under the other rules: how its decision differs, if it does, but for what some rules do."""
    from atamo_rules.engine.decide import decide
    from atamo_rules.functions.time import parse_moment
    from atamo_rules.hub.history.replay import Difference, decision_facts, difference, without
    from atamo_rules.hub.intake import Intake
    from atamo_rules.model.people import User

    name = one["user"]
    user = None
    if name is not None:
        known = people.user(name)
        user = known if known.groups else User(name, frozenset(one["groups"]), one["organisation"])
    at = parse_moment(one["time"])
    assert at is not None, "a hub writes its times as RFC 3339"
    taken = Intake(ruleset, people).enter(one["type"], one["data"], one["id"], one["source"], at, user)
    then = without(one["decision"], apart)
    if taken.event is None or not taken.decided:
        reason = "; ".join(taken.refused or taken.reasons)
        word = "refused" if taken.event is None else "put in quarantine"
        less = tuple(then["actions"])
        return Difference(
            one["key"],
            one["type"],
            (),
            tuple(sorted(then["matched"])),
            (),
            less,
            f"{word}: {reason}",
        )
    now = without(decision_facts(decide(ruleset, taken.event)), apart)
    return difference(one["key"], one["type"], then, now)


def _told(replayed: Replayed, digest: str, ink: Ink) -> Iterator[str]:
    from atamo_rules.cli.ink import plain

    count = f"{replayed.events} event{'' if replayed.events == 1 else 's'}"
    if replayed.apart:
        timed = ", ".join(plain(rule) for rule in sorted(replayed.apart))
        ends = f", nor the {replayed.ends} that time made" if replayed.ends else ""
        yield ink.faint(f"not compared: {timed}, whose clauses are about time{ends}")
    if not replayed.events:
        yield "there are no events to replay"
        return
    if not replayed.differ:
        yield f"{count} under rules {digest[:12]}: {ink.good('all decided the same')}"
        return
    acting = f", {replayed.acting} act differently" if replayed.acting != replayed.differ else ""
    yield f"{count} under rules {digest[:12]}: {ink.nearly(f'{replayed.differ} decided differently')}{acting}"
    for word, more, less in (
        ("rule", replayed.more_rules, replayed.less_rules),
        ("action", replayed.more_actions, replayed.less_actions),
    ):
        names = sorted({*more, *less}, key=lambda name: (-more[name] - less[name], name))
        for name in names:
            yield f"  {word} {plain(name)}: {_sides(name, more, less, ink)}"
    for one in replayed.shown:
        yield ""
        yield f"{plain(one.type)} {plain(one.event)}"
        if one.why:
            yield f"  {ink.bad(plain(one.why))}"
        for mark, rules in ((ink.good("+"), one.more_rules), (ink.bad("-"), one.less_rules)):
            for rule in rules:
                yield f"  {mark} rule {plain(rule)}"
        for mark, actions in ((ink.good("+"), one.more), (ink.bad("-"), one.less)):
            for action in actions:
                yield f"  {mark} {_action(action)}"
    hidden = replayed.differ - len(replayed.shown)
    if hidden:
        yield ""
        yield ink.faint(f"{hidden} more like these")


def _sides(name: str, more: Counter[str], less: Counter[str], ink: Ink) -> str:
    parts = []
    if more[name]:
        parts.append(ink.good(f"+{more[name]}"))
    if less[name]:
        parts.append(ink.bad(f"-{less[name]}"))
    return " ".join(parts)


def _action(action: Any) -> str:
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    body = encode(action["body"] if action.get("error") is None else action["error"])
    shown = body if len(body) <= 200 else f"{body[:199]}…"
    return f"{action['verb']} {plain(action['target'])} {plain(shown)}"
