"""What `atamo bench` measured, as tables for a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from atamo_rules.cli.measure import Measured, PartCost, RuleCost
from atamo_rules.engine.advice import advice, scanned
from atamo_rules.engine.index.report import BITS, KEY, Filing
from atamo_rules.model.strict_json import encode

FEW = 8
"""Rules of a type that may as well all be asked."""
WIDEST = 60
"""Characters of a part of a condition that a table shows."""


def table(told: Measured, top: int) -> str:
    """The whole report; `top` bounds the lines of each table."""
    pace, types = told.pace, Counter(event.type for event in told.events)
    out = [
        f"{_many(len(told.events), 'event')} of {_many(len(types), 'type')}, {_many(len(told.ruleset.rules), 'rule')}"
        f" · {pace.per_second:,.0f} events/s on one thread · index made in {told.built:.0f} ms\n"
        f"an event takes {pace.take + pace.decide:.1f} µs: {pace.take:.1f} to read and check, {pace.match:.1f} to find "
        f"the rules that match, {max(0.0, pace.decide - pace.match):.1f} to make their actions\n"
    ]
    seen = [cost for cost in told.rules if cost.each > 0]
    whole = sum(cost.each for cost in seen)
    rows = [(cost.rule.id, f"{cost.each:.2f}", f"{100 * cost.each / whole:.1f} %", f"{cost.asked * 100:.0f} %",
             f"{cost.ask * 1000:.0f}", f"{cost.matched * 100:.0f} %", f"{cost.act:.1f}", found_by(cost.filing))
            for cost in seen[:top]]  # fmt: skip
    head = ("rule", "µs/event", "share", "asked", "ns to ask", "matched", "µs to act", "found by")
    out.append(_table("the dearest rules", head, rows, left=(0, 7)))
    shown = [(_short(part), f"{part.ask * 1000:.0f}", f"{part.held * 100:.0f} %", str(part.part.span))
             for part in told.parts[:top]]  # fmt: skip
    out.append(
        _table("the dearest parts of conditions", ("part", "ns to ask", "held", "where"), shown, left=(0, 3))
    )
    blind = Counter(one.type for one in told.index.rules if one.blind)
    largest = sorted(told.index.types, key=lambda one: -one.rules)[:top]
    filed = [(one.type, str(one.rules), str(one.by_key), str(one.by_bits), str(one.scanned), str(blind[one.type]),
              f"{one.cost / 1000:.1f}") for one in largest]  # fmt: skip
    columns = ("event type", "rules", "by key", "bit vectors", "loop", "every event asks", "µs expected")
    out.append(_table("how the rules of a type are found", columns, filed))
    held = [(one.rule, one.part, f"{one.keys:,}", f"{one.each:.0f}", f"{one.largest:,}", f"{one.writes:,}")
            for one in told.windows[:top]]  # fmt: skip
    titles = ("rule", "of its", "keys", "kept of a key", "at most", "written")
    out.append(_table("what windows hold, in characters", titles, held, left=(0, 1)))
    out.append(_remedies(told, top))
    return "\n".join(one for one in out if one)


def found_by(filing: Filing) -> str:
    """How the index comes to a rule, in words."""
    if filing.tier == KEY:
        return " or ".join(filing.keys[:2]) + (" or …" if len(filing.keys) > 2 else "")
    if filing.blind:
        return "nothing: every event asks it"
    return "bit vectors" if filing.tier == BITS else "a loop"


def as_json(told: Measured) -> str:
    """One JSON object: times in microseconds, shares from 0 to 1, every rule."""
    pace = told.pace
    return encode({
        "digest": told.ruleset.digest,
        "events": len(told.events),
        "events_per_second": round(pace.per_second),
        "us_per_event": {"take": _micro(pace.take), "match": _micro(pace.match), "decide": _micro(pace.decide)},
        "index_ms": _micro(told.built),
        "rules": [_rule(cost) for cost in told.rules],
        "parts": [{"rule": part.rule.id, "part": " ".join(part.part.span.said.split()), "at": str(part.part.span),
                   "ask_us": _micro(part.ask), "held": _micro(part.held)} for part in told.parts],
        "types": [{"type": one.type, "rules": one.rules, "by_key": one.by_key, "bit_vectors": one.by_bits,
                   "loop": one.scanned, "expected_us": _micro(one.cost / 1000)} for one in told.index.types],
        "windows": [{"rule": one.rule, "part": one.part, "keys": one.keys, "characters_per_key": _micro(one.each),
                     "largest_key": one.largest, "writes": one.writes} for one in told.windows],
    }) + "\n"  # fmt: skip


def _rule(cost: RuleCost) -> dict[str, Any]:
    filing = cost.filing
    made: dict[str, Any] = {
        "rule": cost.rule.id,
        "type": cost.rule.event,
        "us_per_event": _micro(cost.each),
        "asked": _micro(cost.asked),
        "ask_us": _micro(cost.ask),
        "matched": _micro(cost.matched),
        "act_us": _micro(cost.act),
        "tier": filing.tier,
        "keys": list(filing.keys),
        "every_event_asks": filing.blind,
    }
    if filing.note:
        made["note"] = filing.note
    if filing.blind:
        told = advice(cost.rule)
        made["advice"] = {"at": str(told.span), "why": told.why, "help": told.help}
    return made


def _remedies(told: Measured, top: int) -> str:
    """What to change in rules that no index can find, on types with more rules than a few."""
    rules = {one.type: one.rules for one in told.index.types}
    found = [one for type, some in scanned(told.ruleset).items() if rules.get(type, 0) > FEW for one in some]
    found.sort(key=lambda one: -one[1])
    lines = []
    for rule, _ in found[:top]:
        told_of = advice(rule)
        lines.append(f"  {rule.id}, {told_of.span}: {told_of.why}; {told_of.help}\n")
    if len(found) > top:
        lines.append(f"  and {len(found) - top} more\n")
    return "every event of their type asks these; what to change\n" + "".join(lines) if lines else ""


def _short(part: PartCost) -> str:
    text = " ".join(part.part.span.said.split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _micro(value: float) -> float:
    return round(value, 3)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Columns side by side, those of `left` to the left; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]

    def row(line: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if at in left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  " + "  ".join(cells).rstrip() + "\n"

    return f"{title}\n" + "".join(row(line) for line in lines)
