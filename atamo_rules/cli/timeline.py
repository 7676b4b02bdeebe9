"""The story of one event as lines for people: who sent it, what each rule made of it, every action to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from atamo_rules.cli.ink import Ink, plain
from atamo_rules.cli.shown import condition
from atamo_rules.functions.time import parse_moment
from atamo_rules.model.contribution import RULES

Json = Mapping[str, Any]

WIDTH = 10
"""Characters of the column of times."""

ENDS = {"action.done", "action.retry", "action.failed", "action.lost"}
"""How an attempt ends."""
QUIET = {"rule.evaluated", "event.unrouted"}
"""Kinds that are told with the decision, and not once more."""
REQUESTS = {
    "request.partial": "has some answers", "request.completed": "is complete",
    "request.degraded": "is over with what came", "request.failed": "failed",
    "request.expired": "is over: its time has come", "request.cancelled": "is not wanted any more",
}  # fmt: skip
"""How a request stands."""


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
        for number, line in enumerate(_told(record, trace, ink, every_rule)):
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
        story = next(_told(record, trace, ink, False))
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
            took = _length(_moment(record["at"]) - begun[attempt])
            yield {**record, "what": {**record["what"], "took": took}}
            continue
        yield record


def _attempt(record: Json) -> tuple[str, int]:
    return str(record["what"].get("action", "")), int(record["what"].get("attempt") or 0)


def _head(event: Json, records: Sequence[Json], ink: Ink) -> Iterator[str]:
    state = str(event["state"])
    if state == "finished" and records:
        took = _moment(records[-1]["at"]) - _moment(records[0]["at"])
        state = f"finished in {_length(took)}"
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


def _told(record: Json, trace: Json, ink: Ink, every_rule: bool) -> Iterator[str]:
    """A record in one line or a few."""
    kind, what = str(record["kind"]), record["what"]
    if list(what) == ["erased"]:
        yield f"{kind}  {ink.faint('what it said was erased')}"
        return
    match kind:
        case "event.erased":
            hollow = _count(len(what.get("records", ())), "record")
            yield f"{ink.nearly('erased')}{_by(what)}, with what {hollow} said"
        case "event.accepted":
            note = "" if what.get("conforms", True) else ", although it breaks its type"
            came = f" because of {plain(record['cause'])}" if record["cause"] else ""
            yield f"accepted{note}{came}"
        case "event.quarantined":
            yield ink.nearly("put in quarantine: it breaks its type, and no rule sees it")
            yield from (f"    {plain(reason)}" for reason in what.get("reasons", ()))
        case "event.refused":
            yield ink.bad("refused")
            yield from (f"    {plain(reason)}" for reason in what.get("reasons", ()))
        case "event.duplicate":
            yield ink.faint("came in again, and was known")
        case "event.decided":
            yield from _decided(record, trace, ink, every_rule)
        case "event.hops":
            limit = what.get("limit")
            yield ink.bad(
                f"{plain(what.get('rule'))}: emit {plain(what.get('type'))} was cut off after {limit} hops"
            )
        case "event.finished":
            yield ink.faint("nothing more follows")
        case "action.created":
            yield from _created(what, ink)
        case "window.moved":
            yield f"{plain(what.get('rule'))}: {plain(what.get('window'))}{by(what)}"
        case "provider.failed":
            yield ink.bad(f"the provider {plain(what.get('provider'))} failed")
            reasons = (what.get("why"), *what.get("problems", ()))
            yield from (ink.bad(f"    {plain(reason)}") for reason in reasons if reason)
        case "rule.resumed":
            word = "goes on with the answer" if what.get("answered") else "goes on without an answer"
            yield f"{plain(what.get('rule'))} {word}"
            yield from (ink.bad(f"    {plain(problem)}") for problem in what.get("problems", ()))
        case "reply.sent":
            error = what.get("error")
            yield f"replied with an error: {plain(error)}" if error else "replied"
        case "secret.used":
            where = f" at {plain(what['host'])}" if what.get("host") else ""
            text = f"was handed the token of {plain(what.get('of'))}{where}, version {what.get('version')}"
            yield ink.faint(f"{plain(what.get('target'))} {text}")
        case "access.denied" if what.get("verb") == "secret.use":
            where = f" at {plain(what['host'])}" if what.get("host") else ""
            text = f"was not handed the token of {plain(what.get('whose'))}{where}"
            yield ink.bad(f"{plain(what.get('target'))} {text}: {plain(what.get('reason'))}")
        case "request.opened":
            expected = ", ".join(plain(one) for one in what.get("expected", ()))
            yield f"waits for answers{f' of {expected}' if expected else ''}"
        case _ if kind in REQUESTS:
            answered = f", {what['answered']} of {what['of']} answered" if "of" in what else ""
            why = f": {plain(what['why'])}" if what.get("why") else ""
            yield f"the request {REQUESTS[kind]}{answered}{why}"
        case _ if kind.startswith("action."):
            yield _step(kind, what, ink)
        case _:
            facts = ", ".join(f"{name} {plain(value)}" for name, value in what.items())
            yield f"{kind}{f': {facts}' if facts else ''}"


def by(what: Json) -> str:
    """The values of a window's key, where the event still has them, else their names."""
    found = [plain(one) for one in what.get("key") or what.get("by", ())]
    return f", by {', '.join(found)}" if found else ""


def _decided(record: Json, trace: Json, ink: Ink, every_rule: bool) -> Iterator[str]:
    what, rules = record["what"], trace["rules"]
    fired = len(what.get("matched", ()))
    considered = what.get("considered", len(rules))
    digest = str(record["rules"] or what.get("digest", ""))[:12]
    if trace["event"]["state"] == "erased":
        matched = ", ".join(plain(rule) for rule in what.get("matched", ()))
        yield f"decided: {matched or 'no rule'} matched  {ink.faint(f'rules {digest}')}"
        return
    yield f"{_count(considered, 'rule')} considered, {fired or 'none'} matched  {ink.faint(f'rules {digest}')}"
    for rule in rules:
        yield from _rule(rule, ink, every_rule)
    if not trace["computed"] and digest:
        yield ink.faint(
            "  the rules have changed since: what the audit kept of them is shown, without values"
        )


def _rule(rule: Json, ink: Ink, every_rule: bool) -> Iterator[str]:
    name, outcome = plain(rule["rule"]), rule["outcome"]
    place = ink.faint(plain(rule["at"]))
    match outcome:
        case "matched":
            shadow = ink.faint(" (shadow: it does nothing)") if rule["shadow"] else ""
            yield f"  {ink.good('+')} {ink.strong(name)}{shadow}  {place}"
        case "failed":
            yield f"  {ink.bad('!')} {ink.strong(name)} failed  {place}"
        case "holds":
            yield f"  {ink.nearly('·')} {name} holds, and does not fire yet or again  {place}"
        case "nearly":
            yield f"  {ink.nearly('~')} {name} {ink.nearly('nearly')}{_held(rule)}  {place}"
        case "stopped":
            yield f"  {ink.faint('-')} {name} was not tried: {plain(rule['stopped_by'])} stopped the event"
            return
        case "no" if every_rule:
            yield f"  {ink.faint('-')} {name}{_held(rule)}  {place}"
        case "out of scope" | "draft" if every_rule:
            yield f"  {ink.faint('-')} {name} {'is a draft' if outcome == 'draft' else 'is not for this user'}"
            return
        case _:
            return
    for one in rule["conditions"]:
        mark = ink.good("yes") if one["held"] else ink.bad("no ")
        yield f"      {mark} {condition(plain(one['condition']), ink)}{was(one.get('was'), ink)}"


def was(value: object, ink: Ink) -> str:
    """The value that a sub-condition looked at, to stand behind it."""
    return f"  {ink.faint(f'(was {plain(value)})')}" if value else ""


def _held(rule: Json) -> str:
    if rule["of"] is None:
        return ""
    return f" {rule['of'] - len(rule['conditions'])} of {rule['of']} held"


def _created(what: Json, ink: Ink) -> Iterator[str]:
    verb = plain(what.get("verb", "send"))
    acting = f" as {plain(what['as'])}" if what.get("as") else ""
    due = f" {ink.nearly('waits')} until {plain(what['due'])}" if what.get("due") else ""
    yield f"{verb} {ink.strong(plain(what.get('target')))}{acting}{due}  {ink.faint(_of(what))}"


def _step(kind: str, what: Json, ink: Ink) -> str:
    """One step of an action."""
    target, attempt, why = plain(what.get("target")), what.get("attempt") or 0, plain(what.get("why", ""))
    number = f" attempt {attempt}" if attempt > 1 or kind not in ("action.done", "action.started") else ""
    took = f" in {what['took']}" if what.get("took") else ""
    match kind:
        case "action.started":
            return f"{target}{number} {ink.faint('is under way')}"
        case "action.done":
            return f"{target}{number} {ink.good('done')}{took}  {ink.faint(_of(what))}"
        case "action.retry":
            return f"{target}{number} {ink.nearly('will be tried again')} in {_wait(what.get('wait'))}: {why}"
        case "action.failed":
            return f"{target}{number} {ink.bad('failed for good')}: {why}"
        case "action.timeout":
            return f"{target} {ink.bad('was not answered in time')}: {why}"
        case "action.lost":
            return f"{target}{number} {ink.nearly('was lost')} with the process that ran it"
        case "action.late":
            return f"{target}{number} {ink.faint('ended too late: somebody else had taken it')}"
    word = kind.partition(".")[2].replace("_", " ")
    return f"{target} {ink.nearly(f'was {word}')}{_by(what)}"


def _by(what: Json) -> str:
    return f" by {plain(what['by'])}" if what.get("by") else ""


def _of(what: Json) -> str:
    rule, provider = str(what.get("rule")), str(what.get("provider", RULES))
    if rule.startswith("provider:"):
        return f"of the provider {plain(provider)}"
    return f"of {plain(rule)}{'' if provider == RULES else f' ({plain(provider)})'}"


def _wait(seconds: Any) -> str:
    try:
        return _length(timedelta(seconds=float(seconds)))
    except (TypeError, ValueError):
        return "a while"


def _moment(text: str) -> datetime:
    found = parse_moment(text)
    assert found is not None, "a hub writes its times as RFC 3339"
    return found


def _since(begin: datetime | None, at: datetime) -> str:
    return f"+{_length(at - begin)}" if begin is not None else ""


def _length(time: timedelta) -> str:
    """A length of time with as many digits as people want."""
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _count(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
