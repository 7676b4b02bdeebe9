"""What is found of a proposal before anybody decides: findings, which rules change, which recent decisions would."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from atamo_rules.engine.decide import decide
from atamo_rules.hub.audit.search import AT_ONCE, MOST_READ
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.history.replay import Replayed, decision_facts, difference, timed_rules, without
from atamo_rules.hub.ports import Rejected
from atamo_rules.hub.proposals.proposal import CODE
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.types import Json
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.formats import region

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub
    from atamo_rules.proof.compared import Moved

RECENT = 200
"""Decided events that a proposal is tried on, the newest."""
MOST_MOVED, MOST_PROVED = 50, 200
"""Rules whose change is put into events, and rules of which more is asked than their types and tests tell."""
EFFORT = 50_000
"""Steps that proofs about one proposal may take, some seconds at most."""
FEW = 3
"""Examples of each way in which decisions differ."""


def changes(then: Ruleset, now: Ruleset) -> dict[str, Json]:
    """Which rules come, go and change, and in what, by their meaning: a reformatted file changes none."""
    from atamo_rules.proof.compared import moved  # most hubs start without a proposal
    from atamo_rules.proof.search import Effort

    before, after = {one.id: one for one in then.rules}, {one.id: one for one in now.rules}
    changed: dict[str, Json] = {
        id: list(_parts(before[id], after[id]))
        for id in sorted(before.keys() & after.keys())
        if before[id].digest != after[id].digest
    }
    return {
        "added": [*sorted(after.keys() - before.keys())],
        "removed": [*sorted(before.keys() - after.keys())],
        "changed": changed,
        "acts": {one.rule: _acts(one) for one in islice(moved(then, now, Effort(EFFORT)), MOST_MOVED)},
    }


def _acts(one: Moved) -> Json:
    """An event on which a rule acts now and did not before, one the other way round, and whether it is proved that
    there is neither."""
    from atamo_rules.proof.space import Verdict

    more, less = one.more, one.less
    return {
        "more": more.given if more.verdict is Verdict.YES else None,
        "less": less.given if less.verdict is Verdict.YES else None,
        "same": one.same,
    }


def proofs(state: Generation, names: Collection[str]) -> list[Json]:
    """What is proved of the rules in the proposed files, by themselves: nothing is said of other people's."""
    from atamo_rules.proof.findings import proved
    from atamo_rules.proof.search import Effort

    mine = tuple(rule for rule in state.ruleset.rules if rule.span.source.name in names)[:MOST_PROVED]
    return findings(
        tuple(proved(replace(state.ruleset, rules=mine), state.diagnostics, Effort(EFFORT))), names
    )


def _parts(then: Rule, now: Rule) -> Iterator[str]:
    found = False
    for name, words in (
        ("event", "the event it is on"), ("condition", "when it fires"), ("lets", "its values"),
        ("plans", "what it does"), ("scope", "whose events it sees"), ("order", "its order"),
        ("stop", "whether it stops"), ("status", "its status"), ("time", "its clauses about time"),
    ):  # fmt: skip
        if getattr(then, name) != getattr(now, name):
            found = True
            yield words
    if not found:
        yield "what it rests on"


ELSEWHERE: dict[str, Json] = {
    "code": "", "severity": "error", "message": "it does not go with other rules of this hub",
    "help": "those may be somebody else's, and are not shown here, nor are their tests; "
    "whoever keeps the project's files is told by `atamo verify`, with these files beside its own",
}  # fmt: skip
"""All that is said where other people's rules stand in the way."""


def errors(diagnostics: tuple[Diagnostic, ...], names: Collection[str]) -> list[Diagnostic]:
    """What is wrong in the proposed files."""
    return [d for d in diagnostics if str(d.severity) == "error" and d.span.source.name in names]


def together(
    alone: tuple[Diagnostic, ...], state: Generation | Rejected, names: Collection[str]
) -> list[Json]:
    """Findings in the proposed files: in rules as they are by themselves, and in code. Where there would be no state of
    all rules, what is wrong may be somebody else's, or theirs together: that it is so is all that is said."""
    code = frozenset(name for name in names if name.endswith(CODE))
    found = [*findings(alone, names), *findings(state.diagnostics, code)]
    if isinstance(state, Generation):
        return found
    taken = findings(tuple(_colleagues(state.diagnostics, names)), names)
    if taken:
        return [*(one for one in found if one != ELSEWHERE), *taken]
    return found if ELSEWHERE in found or errors(state.diagnostics, code) else [*found, ELSEWHERE]


def _colleagues(diagnostics: tuple[Diagnostic, ...], names: Collection[str]) -> Iterator[Diagnostic]:
    """Names in the proposed files that other rules of the same organisation have: those are no secret to its people."""
    for one in diagnostics:
        if one.code is codes.DECLARED_TWICE and one.span.source.space:
            for span in (one.span, *(label.span for label in one.also)):
                if span.source.name in names:
                    yield replace(one, span=span, also=())
                    break


def findings(diagnostics: tuple[Diagnostic, ...], names: Collection[str]) -> list[Json]:
    """Findings in the proposed files. What is wrong elsewhere by them is not shown: it may be somebody else's."""
    found: list[Json] = [
        {
            "code": d.code.id, "severity": str(d.severity), "message": d.message, "help": d.help,
            "where": region(d.span), "place": str(d.span),
        }
        for d in diagnostics
        if d.span.source.name in names
    ]  # fmt: skip
    if any(str(d.severity) == "error" and d.span.source.name not in names for d in diagnostics):
        found.append(ELSEWHERE)
    return found


async def impact(hub: Hub, recent: Sequence[tuple[Event, Decision]], now: Ruleset) -> dict[str, Json]:
    """How the newest decided events would go under other rules. Nothing is sent; what follows an `ask`, and what
    rules with clauses about time do, is not decided again."""
    replayed, timed = Replayed(FEW), {rule.id for rule in timed_rules(now)}
    known: dict[str, set[str]] = {}
    for event, decision in recent:
        if event.type not in now.events:
            continue
        if decision.digest not in known:
            rules = await hub.rules_of(decision.digest)
            known[decision.digest] = {rule.id for rule in timed_rules(rules)} if rules is not None else set()
        apart = timed | known[decision.digest]
        replayed.apart |= apart & {one.rule for one in decision.fired}
        then, again = decision_facts(decision), decision_facts(decide(now, event))
        differs = difference(event.key, event.type, without(then, apart), without(again, apart))
        replayed.add(event.type, differs)
    return replayed.document()


async def recent(hub: Hub, tenant: str) -> list[tuple[Event, Decision]]:
    """The newest decided events, with what was decided; of an organisation's proposal only its own, however much others
    did since."""
    seen: list[tuple[Event, Decision]] = []
    end = head = await hub.store.head()
    while end > 0 and len(seen) < RECENT and head - end < MOST_READ:
        begin = max(0, end - AT_ONCE)
        for record in reversed(await hub.store.audit(begin, end - begin)):
            if record.kind != "event.decided" or len(seen) == RECENT:
                continue
            event = await hub.store.event(record.event)
            decision = await hub.store.decision(record.event)
            if event is None or decision is None:
                continue
            if not tenant or (event.user is not None and event.user.organisation == tenant):
                seen.append((event, decision))
        end = begin
    return seen[::-1]
