"""The story of one event as lines for people: who sent it, what each rule made of it, every action to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from atamo_rules.cli.ink import Ink, plain
from atamo_rules.cli.lengths import length_text
from atamo_rules.cli.record_lines import told
from atamo_rules.functions.time import parse_moment

Json = Mapping[str, Any]

WIDTH = 10
"""Characters of the column of times."""

ENDS = {"action.done", "action.retry", "action.failed", "action.lost"}
"""How an attempt ends."""
QUIET = {"rule.evaluated", "event.unrouted"}
"""Kinds that are told with the decision, and not once more."""


def timeline(trace: Json, ink: Ink, *, every_rule: bool = False) -> Iterator[str]:
    """The lines of a trace document. With `every_rule` also the rules that were not near."""
    event, records = trace["event"], trace["records"]
    begin = _moment(records[0]["at"]) if records else None
    yield from _head(event, records, ink)
    yield ""
    shown = ""
    for record in _with_lengths(records):
        if record["kind"] in QUIET:
            continue
        when = _since(begin, _moment(record["at"]))
        for number, line in enumerate(told(record, trace, ink, every_rule)):
            clock = when if number == 0 and when != shown else ""
            yield f"{ink.faint(clock.rjust(WIDTH))}  {line}".rstrip()
        shown = when
    if trace["follows"]:
        yield ""
        for key in trace["follows"]:
            yield f"{' ' * WIDTH}  {ink.faint('see also')} atamo trace {plain(key)}"


def one_line(record: Json, ink: Ink) -> str:
    """A record in one line, with its time of day."""
    trace = {"rules": (), "computed": True}
    what = record["what"]
    if record["kind"] == "rule.evaluated":
        story = f"{plain(what.get('rule'))} {plain(what.get('outcome'))}"
    elif record["kind"] == "event.decided":
        matched = ", ".join(plain(rule) for rule in what.get("matched", ()))
        digest = ink.faint(f"rules {str(record['rules'])[:12]}")
        story = f"decided: {matched or 'no rule'} matched  {digest}"
    else:
        story = next(told(record, trace, ink, False))
    clock = f"{_moment(record['at']):%H:%M:%S.%f}"[:-3]
    return f"{ink.faint(clock)}  {story}"


def _with_lengths(records: Sequence[Json]) -> Iterator[Json]:
    """The records without the beginnings of attempts that ended: the end says how long the attempt took."""
    begun: dict[tuple[str, int], datetime] = {}
    over = {_attempt(record) for record in records if record["kind"] in ENDS}
    for record in records:
        attempt = _attempt(record)
        if record["kind"] == "action.started":
            begun[attempt] = _moment(record["at"])
            if attempt in over:
                continue
        elif record["kind"] in ENDS and attempt in begun:
            took = length_text(_moment(record["at"]) - begun[attempt])
            yield {**record, "what": {**record["what"], "took": took}}
            continue
        yield record


def _attempt(record: Json) -> tuple[str, int]:
    return str(record["what"].get("action", "")), int(record["what"].get("attempt") or 0)


def _head(event: Json, records: Sequence[Json], ink: Ink) -> Iterator[str]:
    state = str(event["state"])
    if state == "finished" and records:
        took = _moment(records[-1]["at"]) - _moment(records[0]["at"])
        state = f"finished in {length_text(took)}"
    marked = ink.good(state) if event["state"] == "finished" else ink.nearly(state)
    yield f"{ink.strong(plain(event['type']))} {plain(event['key'])}   {marked}"
    sender = f"sent by {plain(event['user'])}" if event.get("user") else "sent by nobody in particular"
    if event.get("groups"):
        sender += f" ({', '.join(plain(group) for group in event['groups'])})"
    if event.get("source"):
        sender += f", from {plain(event['source'])}"
    yield f"{sender}, {plain(event['time'])}"
    erased = event.get("erased")
    if erased:
        by = f" by {plain(erased['by'])}" if erased["by"] else ""
        why = f": {plain(erased['why'])}" if erased["why"] else ""
        yield ink.nearly(f"erased on {plain(erased['at'])}{by}{why}")


def _moment(text: str) -> datetime:
    found = parse_moment(text)
    assert found is not None, "a hub writes its times as RFC 3339"
    return found


def _since(begin: datetime | None, at: datetime) -> str:
    return f"+{length_text(at - begin)}" if begin is not None else ""
