"""Deciding events: the engine beside what a programmer would write by hand for the same rules."""

from __future__ import annotations

import fnmatch
import hashlib
import ipaddress
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide
from atamo_rules.model.event import Event
from atamo_rules.model.strict_json import decode
from atamo_rules.source.span import Source
from tests.benchmarks import worlds
from tests.benchmarks.table import Table, interleaved, ratio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY_HAND = {
    "ticket_0": ("b['priority'] == 'urgent' and b['customer']['tier'] == 'enterprise' and 'case {n}' in b['subject']",
                 "f\"Urgent: {b['subject']} from {b['customer']['email']}\""),
    "ticket_1": ("b['minutes'] >= {m} and (b['priority'] == 'high' or 'area-{n}' in b['tags'])",
                 "f\"{b['id'].upper()} waits {b['minutes']} minutes\""),
    "ticket_2": ("b['priority'] in ('high', 'urgent') and b['customer']['email'].rpartition('@')[2] == 'c{n}.example'",
                 "f\"{'now' if b['priority'] == 'urgent' else 'today'}: {b['subject'][:40]}\""),
    "order_0": ("b['total'] > {m} and b['country'] in ('FR', 'BE', 'X{n}') and not b['paid']",
                "f\"Order {b['id']}: {b['total']} to {b['country']}\""),
    "order_1": ("b.get('coupon') and b['coupon'].startswith('S{n}-') and len(b['items']) >= 2",
                "f\"{b['coupon']} on {', '.join(b['items'])}\""),
    "order_2": ("{m} <= b['total'] * {k} <= 90000 and b['paid']",
                "f\"{''.join(i + ';' for i in b['items'])} {b['total'] * {k}}\""),
    "login_0": ("b['failures'] >= {k} and b['account'] != 'robot{n}' and ip(b['address']) not in TEN",
                "f\"{b['account']}: {b['failures']} failures from {b['address']}\""),
    "login_1": ("re.search('bot-{n}[a-z]+', b['agent'])", "f\"{b['agent']} signed in as {b['account']}\""),
    "login_2": ("time(b['at']).hour < {k} and b['account'].endswith('-{n}')",
                "f\"{b['account']} at {time(b['at']):%H:%M}\""),
    "deploy_0": ("b['environment'] == 'production' and b['branch'] != 'main' and b['service'] == 'svc-{n}'",
                 "f\"{b['author']['name']} deploys {b['service']} from {b['branch']}\""),
    "deploy_1": ("b['seconds'] > {m}.5 and b['environment'] != 'test'",
                 "f\"{b['service']} took {round(b['seconds'], 1)} s\""),
    "deploy_2": ("any(match(f, 'infra/{n}/*.tf') for f in b['files']) and b['branch'] == 'main'",
                 "f\"{len(b['files'])} files, by {b['author']['email']}\""),
}  # fmt: skip


def run(*, small: bool) -> Table:
    """Events a second through rulesets of growing size, one type's worth of rules in question for each event."""
    rows: list[tuple[str, ...]] = []
    for count in (24,) if small else (100, 1_000, 10_000):
        sources = [Source(name, text) for name, text in worlds.files(count)]
        ruleset = compile_sources(sources, lambda *_: "").ruleset
        assert ruleset is not None
        chains = by_hand(count)
        # 37 has no divisor in common with anything the world counts by, so that all kinds come.
        events = [event(n * 37 % count) for n in range(100)]
        fired = 0
        for one in events:
            made = [(a.rule, a.body["message"]) for f in decide(ruleset, one).fired for a in f.actions]
            if sorted(made) != sorted((rule, body["message"]) for rule, body, _ in chains[one.type](one)):
                raise RuntimeError(f"by hand, event {one.id} is decided otherwise: {made}")
            fired += len(made)
        found = interleaved(
            {
                "ours": lambda: [decide(ruleset, one) for one in events],  # noqa: B023
                "by hand": lambda: [chains[one.type](one) for one in events],  # noqa: B023
            },
            2 if small else 9,
        )
        each = {name: min(samples) / len(events) for name, samples in found.items()}
        rows.append(
            (f"{count:,} rules", f"{fired / len(events):.1f}", f"{1 / each['ours']:,.0f}", f"{each['ours'] * 1e6:.0f}",
             f"{each['by hand'] * 1e6:.0f}", ratio(found["ours"], found["by hand"]))
        )  # fmt: skip
    return Table(
        "decide: one event through all the rules on its type (a twentieth of them), one thread",
        ("ruleset", "actions/event", "events/s", "us/event", "us by hand", "to by hand"),
        tuple(rows),
        ("by hand: a generated if-chain for each event type, giving the same messages and idempotency keys",),
    )


def event(number: int) -> Event:
    """The event that a rule is about, its body as the door would hand it on: no binary floats."""
    type, body = worlds.body(worlds.rule(number))
    return Event(f"e{number}", type, decode(json.dumps(body).encode()), NOW)


def by_hand(count: int) -> dict[str, Callable[[Event], list[Any]]]:
    """A function for each event type, as somebody would write it who needs no message when it is wrong."""
    space: dict[str, Any] = {
        "re": re,
        "ip": ipaddress.ip_address,
        "TEN": ipaddress.ip_network("10.0.0.0/8"),
        "time": datetime.fromisoformat,
        "match": fnmatch.fnmatchcase,
        "key": lambda event, rule: hashlib.sha256(f"{event}\x00{rule}\x00/0".encode()).hexdigest()[:32],
    }
    lines: dict[str, list[str]] = {}
    for number in range(count):
        rule = worlds.rule(number)
        condition, message = (
            text.replace("{n}", str(number))
            .replace("{m}", str(number % 900 + 100))
            .replace("{k}", str(number % 7 + 3))
            for text in BY_HAND[rule.name.rpartition("_")[0]]
        )
        body = f"{{'room': {rule.channel!r}, 'message': {message}}}"
        lines.setdefault(rule.event, []).append(
            f"  if {condition}:\n    out.append(({rule.name!r}, {body}, key(e.id, {rule.name!r})))"
        )
    found: dict[str, Callable[[Event], list[Any]]] = {}
    for event, chain in lines.items():
        exec("\n".join(["def decide(e):", "  b, out = e.body, []", *chain, "  return out"]), space)
        found[event] = space["decide"]
    return found
