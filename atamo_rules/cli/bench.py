"""`atamo bench`: how fast rules decide given events, and which of them take the time."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.failing import nothing
from atamo_rules.cli.given import events_options, project
from atamo_rules.cli.numbers import Number
from atamo_rules.cli.project import event_lines, param_option, places, read_params

if TYPE_CHECKING:
    from atamo_rules.hub.intake import Taken
    from atamo_rules.model.event import Event

MOST_LINES = 20_000
"""Lines of events that are measured; what is beyond them is left out, and said."""
EPILOG = """\b
Examples:
  atamo bench rules/ --events events.jsonl
  atamo bench rules/ --events body.jsonl --type order.placed --top 25
  atamo bench rules/ --events events.jsonl --format json > bench.json

Exit codes: 0 measured, 1 no event could be taken or the rules have errors, 2 usage or files."""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1)
@events_options
@click.option("--seconds", type=Number(0.01, 600), default=2, show_default=True,
              help="How long to measure the pace.")  # fmt: skip
@click.option("--top", type=click.IntRange(1, 1000), default=10, show_default=True,
              help="How many rules, parts and indexes a table shows; `json` has all rules.")  # fmt: skip
@param_option
@click.option("--format", "format", type=click.Choice(["table", "json"]), default="table", show_default=True)
def bench(
    paths: tuple[str, ...],
    events: str,
    type_name: str | None,
    user: str | None,
    groups: tuple[str, ...],
    seconds: float,
    top: int,
    params: tuple[str, ...],
    format: str,
) -> int:
    """Measure how fast events are taken and decided, what each rule adds, and how the index finds it.

    Lines are as for `simulate`; the first 20,000 are measured. PATHS are files or folders (default: here). Nothing is
    sent and no agent is called. Times are of this machine, now: compare figures of one run.
    """
    from atamo_rules.cli.bench_report import as_json, table
    from atamo_rules.cli.measure import measure
    from atamo_rules.hub.intake import Intake

    found = places(paths)
    opened = project(found, read_params(params))
    if opened is None:
        return 1
    ruleset, people = opened
    sender = opened.sender(user, groups)
    source = "standard input" if events == "-" else f"`{events}`"
    if not ruleset.rules:
        named = " and ".join(f"`{path}`" for path in found)
        return nothing(f"{named} has no rule to measure: write one, or name the folder that holds them.")
    numbered = enumerate(islice(event_lines(events), MOST_LINES + 1), 1)
    lines = [(number, line.strip()) for number, line in numbered if line.strip()]
    if lines and lines[-1][0] > MOST_LINES:
        say(f"only the first {MOST_LINES:,} lines are measured\n", err=True)
        del lines[-1]
    intake, now = Intake(ruleset, people), datetime(2026, 1, 1, tzinfo=UTC)

    def take() -> list[Taken]:
        return [
            intake.take(line, type_name=type_name, user=sender, now=now, fallback_id=f"line-{number}")
            for number, line in lines
        ]

    taken = take()
    refused = [(number, one.refused) for (number, _), one in zip(lines, taken, strict=True) if one.refused]
    for number, reasons in refused[:3]:
        say(f"line {number} of {source} was not taken: {reasons[0]}\n", err=True)
    if len(refused) > 3:
        say(f"{len(refused) - 3} more lines were not taken\n", err=True)
    decided: list[Event] = [one.event for one in taken if one.event is not None and one.decided]
    if not decided:
        what = "no event that rules decide" if lines else "no lines"
        type = ruleset.rules[0].event
        return nothing(
            f'{source} has {what}: each line is one event, as {{"type": "{type}", "data": {{…}}}}, '
            f"or its data alone, with `--type {type}`."
        )
    told = measure(ruleset, decided, take, seconds)
    say(table(told, top) if format == "table" else as_json(told))
    return 0
