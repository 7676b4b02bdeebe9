"""`atamo simulate`: what rules would do with events, and what was missing where they nearly would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from atamo_rules.cli.beside import Beside, beside
from atamo_rules.cli.console import say
from atamo_rules.cli.given import events_options, project
from atamo_rules.cli.moments import moment_option
from atamo_rules.cli.passing import Passing
from atamo_rules.cli.progress import counted
from atamo_rules.cli.project import event_lines, param_option, places, read_params, walls_option
from atamo_rules.cli.shown import show

EPILOG = """\b
Examples:
  atamo simulate rules/ --events events.jsonl
  atamo simulate rules/ --events body.jsonl --type order.placed
  tail -1 events.jsonl | atamo simulate rules/ --events - --format jsonl

Exit codes: 0 fine, 1 an event could not be taken or the rules have errors, 2 usage or files."""

MANY = 500
"""Rules of more than which near misses are shown only to who asks for them: each is looked at for every event."""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1)
@events_options
@click.option("--near", type=click.IntRange(0, 10), default=None, show_default=f"2, or 0 of more than {MANY} rules",
              help="Show a rule that at most so many sub-conditions kept from firing.")  # fmt: skip
@moment_option("--until", "Go on after the last event up to then, with what waits and with schedules.")
@click.option("--provider", "providers", multiple=True, metavar="NAME[:PLACE]",
              help="Ask a plug-in beside the rules, too, in this process and with all it may do."
              " May be given again.")  # fmt: skip
@param_option
@walls_option
@click.option("--format", "format", type=click.Choice(["full", "jsonl"]), default="full")
def simulate(
    paths: tuple[str, ...],
    events: str,
    type_name: str | None,
    user: str | None,
    groups: tuple[str, ...],
    near: int | None,
    until: str | None,
    format: str,
    providers: tuple[str, ...],
    params: tuple[str, ...],
    weaker_walls: bool,
) -> int:
    """Say for each event which rules match, which nearly do and what was missing, and the rendered actions.

    Lines are CloudEvents objects {"id", "type", "source", "time", "user", "data"}, or bare data with --type. PATHS
    are files or folders (default: here); a `people.yaml` in the first folder says who is in which group. Time passes as
    the events say, from the first to the last. Python files in `providers` are asked in their sandboxes, plug-ins
    only where `--provider` names them. Nothing is sent and no agent is called.
    """
    from atamo_rules.hub.intake import Intake

    found = places(paths)
    opened = project(found, read_params(params))
    if opened is None:
        return 1
    ruleset, people = opened
    intake = Intake(ruleset, people)
    sender = opened.sender(user, groups)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    if near is None:
        near = 2 if len(ruleset.rules) <= MANY else 0
    windows = Passing(ruleset)
    bad = 0
    with beside(found, ruleset, people, named=providers, weaker=weaker_walls) as others:
        if not isinstance(others, Beside):
            show(others)
            return 1
        for number, line in enumerate(counted(event_lines(events), "events", speaks=True), 1):
            if not line.strip():
                continue
            taken = intake.take(line, type_name=type_name, user=sender, now=now, fallback_id=f"line-{number}")
            bad += bool(taken.refused)
            if format == "jsonl":
                _json(ruleset, taken, number, near, windows, others)
            else:
                _full(ruleset, taken, number, near, windows, others)
    if until is not None:
        _passed(windows, until, format)
    if windows.left_out:
        say("schedules had more moments than are shown: 1000 between two events\n", err=True)
    return 1 if bad else 0


def _passed(windows: Passing, until: str, format: str) -> None:
    """What time alone makes after the last event."""
    from atamo_rules.functions.time import parse_moment

    moment = parse_moment(until)
    assert moment is not None, "the option gives RFC 3339"
    for event, end in windows.until(moment):
        (_json_end if format == "jsonl" else _full_end)(event, end)


def _json_end(event: Any, end: Any) -> None:
    from atamo_rules.model.strict_json import encode

    ended = {"id": event.id, "type": event.type, "at": event.at.isoformat(), "matched": list(end.matched)}
    say(encode({**ended, "actions": [action_json(a) for a in end.actions], "digest": end.digest}) + "\n")


def _full_end(event: Any, end: Any) -> None:
    say(f"{event.type} {event.at.isoformat()}\n")
    for found in end.fired:
        _fired(found)


def _json(ruleset: Any, taken: Any, number: int, near: int, windows: Passing, others: Beside) -> None:
    from atamo_rules.engine.explain import explain
    from atamo_rules.model.strict_json import encode

    if taken.event is None or not taken.decided:
        record: dict[str, Any] = {
            "id": taken.id,
            "line": number,
            "matched": [],
            "actions": [],
            "reasons": list(taken.refused or taken.reasons),
        }
        record["outcome"] = "refused" if taken.refused else "quarantined"
        say(encode(record) + "\n")
        return
    ends, decision, moved = windows.take(taken.event)
    for event, end in ends:
        _json_end(event, end)
    record = {
        "id": taken.event.id,
        "type": taken.event.type,
        "matched": list(decision.matched),
        "shadow": [f.rule for f in decision.fired if f.shadow],
        "actions": [action_json(a) for a in decision.actions],
        "problems": [p for f in decision.fired for p in f.problems],
        "digest": decision.digest,
        "conforms": taken.event.conforms,
    }
    if moved:
        record["windows"] = [{"rule": one.rule, "window": one.sentence, "fires": one.fires} for one in moved]
    if others.evaluators:
        record["providers"] = [
            {
                "provider": one.provider,
                "actions": [action_json(a) for a in one.actions],
                "problems": [p for p in (one.why, *one.problems) if p],
            }
            for one in others.ask(taken.event)
        ]
    if near:
        record["nearly"] = [
            {
                "rule": r.rule,
                "missing": [{"condition": a.text, "was": a.was, "wanted": not a.held} for a in r.missing],
            }
            for r in explain(ruleset, taken.event, **_fate(decision), most=near)
            if r.outcome == "nearly"
        ]
    say(encode(record) + "\n")


def action_json(action: Any) -> dict[str, Any]:
    """An action as JSON lines show it."""
    shown = {
        "id": action.id,
        "verb": action.verb,
        "target": action.target,
        "body": action.body,
        "rule": action.rule,
        "because": action.because,
    }
    if action.after is not None:
        shown["after"] = action.after
    if action.error is not None:
        shown["error"] = action.error
    if action.acting_as is not None:
        shown["as"] = str(action.acting_as)
    return shown


def _full(ruleset: Any, taken: Any, number: int, near: int, windows: Passing, others: Beside) -> None:
    from atamo_rules.engine.explain import explain
    from atamo_rules.model.decision import Fired

    if taken.event is None or not taken.decided:
        word = "refused" if taken.refused else "quarantined"
        say(f"line {number} {taken.id}: {word}\n")
        for reason in taken.refused or taken.reasons:
            say(f"    {reason}\n")
        return
    ends, decision, moved = windows.take(taken.event)
    for event, end in ends:
        _full_end(event, end)
    say(f"{taken.event.type} {taken.event.id}{'' if taken.event.conforms else '  (breaks its schema)'}\n")
    every = near or len(ruleset.rules) <= MANY
    found = explain(ruleset, taken.event, **_fate(decision), most=near or 1) if every else decision.fired
    for reason in found:
        if isinstance(reason, Fired) or reason.outcome == "matched":
            fired = next(f for f in decision.fired if f.rule == reason.rule)
            _fired(fired)
        elif near and reason.outcome == "nearly":
            say(f"  ~ {reason.sentence()}\n")
        elif reason.outcome == "stopped":
            say(f"  - {reason.sentence()}\n")
    for step in moved:
        by = f", by {', '.join(step.by)}" if step.by else ""
        say(f"  · {step.rule}: {step.sentence}{by}\n")
    said = [one for one in others.ask(taken.event) if one.actions or one.problems or one.why]
    for one in said:
        say(f"  {'!' if one.why else '+'} provider {one.provider}{f': {one.why}' if one.why else ''}\n")
        _actions(one.actions)
        for problem in one.problems:
            say(f"      problem: {problem}\n")
    if not decision.fired and not moved:
        say("  no rule matched\n")


def _fate(decision: Any) -> dict[str, Any]:
    """Which rules fired, and which stopped the others."""
    return {"fired": {one.rule for one in decision.fired}, "stopped_by": decision.stopped_by}


def _actions(actions: Any) -> None:
    from atamo_rules.model.strict_json import encode

    for action in actions:
        say(f"      {_head(action)} {_cut(encode(action.body if action.error is None else action.error))}\n")


def _fired(fired: Any) -> None:
    say(f"  + {fired.rule}{' (shadow)' if fired.shadow else ''}\n")
    _actions(fired.actions)
    if fired.waiting is not None:
        say("      … what follows waits for the answer\n")
    for problem in fired.problems:
        say(f"      problem: {problem}\n")


def _head(action: Any) -> str:
    from atamo_rules.functions.printing import length_text

    if action.verb == "reply":
        return "reply" if action.error is None else "reply error"
    wait = f" after {length_text(timedelta(seconds=float(action.after)))}" if action.after is not None else ""
    return f"{action.verb} {action.target}{wait}"


def _cut(text: str) -> str:
    return text if len(text) < 300 else text[:299] + "…"
