"""What each rule made of an event, as lines for people: whether it fired, and which of its conditions held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atamo_rules.cli.ink import Ink, plain
from atamo_rules.cli.shown import condition

Json = Mapping[str, Any]


def decided(record: Json, trace: Json, ink: Ink, every_rule: bool) -> Iterator[str]:
    """The decision of an event, and a few lines for each rule that had a part in it."""
    what, rules = record["what"], trace["rules"]
    fired = len(what.get("matched", ()))
    considered = what.get("considered", len(rules))
    digest = str(record["rules"] or what.get("digest", ""))[:12]
    if trace["event"]["state"] == "erased":
        matched = ", ".join(plain(rule) for rule in what.get("matched", ()))
        yield f"decided: {matched or 'no rule'} matched  {ink.faint(f'rules {digest}')}"
        return
    yield f"{counted(considered, 'rule')} considered, {fired or 'none'} matched  {ink.faint(f'rules {digest}')}"
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


def by(what: Json) -> str:
    """The values of a window's key, where the event still has them, else their names."""
    found = [plain(one) for one in what.get("key") or what.get("by", ())]
    return f", by {', '.join(found)}" if found else ""


def counted(count: int, one: str) -> str:
    """A count with its noun: `1 rule`, `2 rules`."""
    return f"{count} {one}{'' if count == 1 else 's'}"
