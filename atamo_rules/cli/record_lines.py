"""One record of the audit as a line for people, or a few: what happened, to whom, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from atamo_rules.cli.ink import Ink, plain
from atamo_rules.cli.lengths import length_text
from atamo_rules.cli.rule_lines import by, counted, decided
from atamo_rules.model.contribution import RULES

Json = Mapping[str, Any]

REQUESTS = {
    "request.partial": "has some answers", "request.completed": "is complete",
    "request.degraded": "is over with what came", "request.failed": "failed",
    "request.expired": "is over: its time has come", "request.cancelled": "is not wanted any more",
}  # fmt: skip
"""How a request stands."""


def told(record: Json, trace: Json, ink: Ink, every_rule: bool) -> Iterator[str]:
    """The lines of a record. `trace` is the document it is part of; with `every_rule` a decision also names the
    rules that were not near."""
    kind, what = str(record["kind"]), record["what"]
    if list(what) == ["erased"]:
        yield f"{kind}  {ink.faint('what it said was erased')}"
        return
    match kind:
        case "event.decided":
            yield from decided(record, trace, ink, every_rule)
        case "action.created":
            yield _created(what, ink)
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
        case "secret.used":
            yield ink.faint(_handed(what, "was handed", what.get("of")) + f", version {what.get('version')}")
        case "access.denied" if what.get("verb") == "secret.use":
            refused = _handed(what, "was not handed", what.get("whose"))
            yield ink.bad(f"{refused}: {plain(what.get('reason'))}")
        case _ if kind in EVENTS:
            yield from EVENTS[kind](record, ink)
        case "reply.sent":
            error = what.get("error")
            yield f"replied with an error: {plain(error)}" if error else "replied"
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


def _erased(record: Json, ink: Ink) -> Iterator[str]:
    what = record["what"]
    hollow = counted(len(what.get("records", ())), "record")
    yield f"{ink.nearly('erased')}{_by(what)}, with what {hollow} said"


def _accepted(record: Json, ink: Ink) -> Iterator[str]:
    note = "" if record["what"].get("conforms", True) else ", although it breaks its type"
    came = f" because of {plain(record['cause'])}" if record["cause"] else ""
    yield f"accepted{note}{came}"


def _quarantined(record: Json, ink: Ink) -> Iterator[str]:
    yield ink.nearly("put in quarantine: it breaks its type, and no rule sees it")
    yield from (f"    {plain(reason)}" for reason in record["what"].get("reasons", ()))


def _refused(record: Json, ink: Ink) -> Iterator[str]:
    yield ink.bad("refused")
    yield from (f"    {plain(reason)}" for reason in record["what"].get("reasons", ()))


def _repeated(record: Json, ink: Ink) -> Iterator[str]:
    yield ink.faint("came in again, and was known")


def _cut_off(record: Json, ink: Ink) -> Iterator[str]:
    what = record["what"]
    emitted = f"{plain(what.get('rule'))}: emit {plain(what.get('type'))}"
    yield ink.bad(f"{emitted} was cut off after {what.get('limit')} hops")


def _finished(record: Json, ink: Ink) -> Iterator[str]:
    yield ink.faint("nothing more follows")


EVENTS: Mapping[str, Callable[[Json, Ink], Iterator[str]]] = {
    "event.accepted": _accepted,
    "event.duplicate": _repeated,
    "event.erased": _erased,
    "event.finished": _finished,
    "event.hops": _cut_off,
    "event.quarantined": _quarantined,
    "event.refused": _refused,
}
"""How an event came in and ended."""


def _handed(what: Json, was: str, of: object) -> str:
    """Who was, or was not, handed whose token, and where."""
    where = f" at {plain(what['host'])}" if what.get("host") else ""
    return f"{plain(what.get('target'))} {was} the token of {plain(of)}{where}"


def _created(what: Json, ink: Ink) -> str:
    verb = plain(what.get("verb", "send"))
    acting = f" as {plain(what['as'])}" if what.get("as") else ""
    due = f" {ink.nearly('waits')} until {plain(what['due'])}" if what.get("due") else ""
    return f"{verb} {ink.strong(plain(what.get('target')))}{acting}{due}  {ink.faint(_of(what))}"


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
        return length_text(timedelta(seconds=float(seconds)))
    except (TypeError, ValueError):
        return "a while"
