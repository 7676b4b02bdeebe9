"""Everything there is to tell of one event, as one JSON document: what `atamo trace` draws.

Records say what happened. Why each rule did or did not fire is computed again, with values, as long as the rules that
decided are in force, or are kept; otherwise what the records kept of it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atamo_rules.engine.explain import Reason, explain
from atamo_rules.engine.reasons import reasons
from atamo_rules.engine.windows.steps import parts
from atamo_rules.functions.printing import jsonable, printed
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.types import Json
from atamo_rules.model.window import OVER


def document(
    event: Event,
    told: Mapping[str, Json],
    records: Sequence[AuditRecord],
    ruleset: Ruleset,
    then: Ruleset | None = None,
) -> dict[str, Any]:
    """The document of an event. `records` are those of the event, in order; `ruleset` is the one in force, `then` the
    one that decided, where it is kept."""
    digest = str(told.get("digest") or "")
    if then is None and digest == ruleset.digest:
        then = ruleset
    rules = _computed(event, then, told, records) if then is not None else _recorded(records)
    return {
        "event": {**told, "key": event.key, "groups": sorted(event.user.groups) if event.user else []},
        "decided_under": digest,
        "rules_now": ruleset.digest,
        "computed": then is not None,
        "rules": rules,
        "records": [_with_key(record_json(record), event) for record in records],
        "follows": _follows(records),
    }


def erased_document(
    key: str, told: Mapping[str, Json], records: Sequence[AuditRecord], rules_now: str
) -> dict[str, Any]:
    """The document of an event of which nothing is left but its steps: by whom it was erased, when and why, beside what
    is told of any."""
    last = next((one for one in reversed(records) if one.kind == "event.erased"), None)
    erased = (
        None
        if last is None
        else {"at": jsonable(last.at), "by": last.what.get("by"), "why": last.what.get("why")}
    )
    return {
        "event": {**told, "key": key, "erased": erased},
        "decided_under": next((one.rules for one in records if one.kind == "event.decided"), ""),
        "rules_now": rules_now,
        "computed": False,
        "rules": [],
        "records": [record_json(record) for record in records],
        "follows": _follows(records),
    }


def _with_key(record: dict[str, Any], event: Event) -> dict[str, Any]:
    """A record of a window with the values of its key, which the audit names only: they are the event's."""
    if record["kind"] != "window.moved":
        return record
    key = []
    for name in record["what"].get("by", ()):
        value: Any = event.body
        for step in str(name).split("."):
            value = value.get(step) if isinstance(value, dict) else None
        key.append(name if value is None else printed(value))
    return {**record, "what": {**record["what"], "key": key}}


def record_json(record: AuditRecord) -> dict[str, Json]:
    """A record as JSON shows it."""
    return {
        "position": record.position,
        "at": jsonable(record.at),
        "kind": record.kind,
        "event": record.event,
        "who": record.who,
        "cause": record.cause,
        "rules": record.rules,
        "what": dict(record.what),
    }


def why(event: Event, rule: Rule, records: Sequence[AuditRecord] = ()) -> dict[str, Any]:
    """One rule's condition on an event, with every value, and what the event did to its windows: what `atamo why`
    draws. Of a rule that several events make fire, that of a step is told that the event may be."""
    of_rule = parts(rule) if rule.time is not None else (rule,)
    steps = [step for step in of_rule if step.event == event.type]
    right = bool(steps) or (event.type == OVER and event.source == f"rule:{rule.id}")
    told = [reasons(step, event) for step in steps]
    best = next((one for one in told if one.held), told[-1] if told else None)
    moved = [
        _with_key(record_json(one), event)["what"]
        for one in records
        if one.kind == "window.moved" and one.what.get("rule") == rule.id
    ]
    return {
        "rule": rule.id,
        "about": rule.about,
        "at": str(rule.span),
        "on": " or ".join(dict.fromkeys(step.event for step in of_rule)) or "no event: it has a schedule",
        "version": rule.digest[:12],
        "status": str(rule.status),
        "for_user": rule.scope.admits(event.user),
        "right_type": right,
        "condition": best.document() if best is not None else None,
        "windows": moved,
    }


def _computed(
    event: Event, ruleset: Ruleset, told: Mapping[str, Any], records: Sequence[AuditRecord]
) -> list[dict[str, Any]]:
    by_id = {rule.id: rule for rule in ruleset.rules}
    fired = {*told.get("matched", ()), *told.get("shadow", ())} if "matched" in told else None
    stopped = next(
        (str(one.what.get("stopped_by", "")) for one in records if one.kind == "event.decided"), ""
    )
    found = explain(ruleset, event, fired=fired, stopped_by=stopped)
    return [_reason(reason, by_id[reason.rule]) for reason in found]


def _reason(reason: Reason, rule: Rule) -> dict[str, Any]:
    shown = reason.atoms if reason.outcome in ("matched", "holds") else reason.missing
    return {
        "rule": reason.rule,
        "about": rule.about,
        "at": str(rule.span),
        "outcome": reason.outcome,
        "shadow": str(rule.status) == "shadow",
        "stopped_by": reason.stopped_by,
        "of": len(reason.atoms),
        "conditions": [
            {"condition": atom.text, "at": str(atom.span), "held": atom.held, "was": atom.was}
            for atom in shown
        ],
    }


def _recorded(records: Sequence[AuditRecord]) -> list[dict[str, Any]]:
    """What the records kept of the rules: those that fired, failed, or nearly fired; kinds in the place of values."""
    found: list[dict[str, Any]] = []
    for record in records:
        what = record.what
        if record.kind != "rule.evaluated":
            continue
        deciding = what.get("deciding")
        found.append(
            {
                "rule": what.get("rule"),
                "about": "",
                "at": what.get("at"),
                "outcome": what.get("outcome"),
                "shadow": what.get("shadow"),
                "stopped_by": "",
                "of": None,
                "conditions": list(deciding) if isinstance(deciding, list) else [],
            }
        )
    return found


def _follows(records: Sequence[AuditRecord]) -> list[str]:
    """The keys of events that this one's rules emitted."""
    keys: list[str] = []
    for record in records:
        if record.kind == "action.created" and record.what.get("verb") == "emit":
            key = record.what.get("follows")
            if isinstance(key, str):
                keys.append(key)
    return keys
