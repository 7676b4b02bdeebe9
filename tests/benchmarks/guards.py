"""What it costs that matching trusts no event: fields of declared types, of types `of anything`, and events that break
their type.

By hand, a rule takes for granted what its event must have, and raises where that is not so. The index takes nothing for
granted: what a declared type requires it reads straight and is ready for its absence, and of a type of anything it
looks at whatever is there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import atamo_rules as atamo
from tests.benchmarks import workloads
from tests.benchmarks.match import SIZES, measured
from tests.benchmarks.table import Table
from tests.benchmarks.workloads import FIELDS, REGIONS, STAGES, Matching, Workload

CHOICES = re.compile(rf"\b({'|'.join((*REGIONS, *STAGES))})\b")
"""Values of a declared list of choices: of a field of which nothing is known they are texts, and in quotes."""


def run(*, small: bool) -> Table:
    """CPU microseconds for one event, and how many times that the rules by hand take."""
    rows = []
    for kind in workloads.KINDS[:4]:
        for count in (24,) if small else [size for size in SIZES if 1_000 <= size <= 10_000]:
            made = workloads.workload(kind, count, 40 if small else 4_000)
            rows.append((f"{kind} {count:,}", *_row(made, 1 if small else 5)))
    return Table(
        "match guards: one event of a declared type, of a type of anything, and one that lacks what it must have",
        ("rules", "declared", "naive", "of anything", "naive", "lacking", "to declared"),
        tuple(rows),
        (
            "naive: a compiled function for each rule that trusts the event, all called in turn: how many times ours",
            "it takes; lacking: every event without its `region`, which its type requires: the door would refuse it",
        ),
    )


def _row(made: Workload, rounds: int) -> tuple[str, ...]:
    texts = tuple(replace(one, text=CHOICES.sub(r'"\1"', one.text)) for one in made.rules)
    declared, anything = _ours(made.text), _ours(_of_anything(Workload(texts, ()).text))
    naive = workloads.naive(made)
    bare = {id(body): dict(body) for _, body in made.events}
    for body in bare.values():
        del body["region"]
    for type, body in made.events[:400]:
        if not declared(type, body) == anything(type, body) == sorted(naive(type, body)):
            raise RuntimeError(f"an event is decided otherwise: {body}")
        if declared(type, bare[id(body)]) != anything(type, bare[id(body)]):
            raise RuntimeError(f"an event without its region is decided otherwise: {body}")
    works: dict[str, Matching] = {
        "declared": declared,
        "anything": anything,
        "lacking": lambda type, body: declared(type, bare[id(body)]),
        "naive": naive,
    }
    found = measured(works, made, rounds)
    cells = {name: f"{taken:.2f}" for name, taken in found.items()}

    def times(one: str, other: str) -> str:
        return f"{found[one] / found[other]:.2f} x"

    return (
        cells["declared"], times("naive", "declared"), cells["anything"], times("naive", "anything"),
        cells["lacking"], times("lacking", "declared"),
    )  # fmt: skip


def _of_anything(text: str) -> str:
    """The same rules about events of which nothing is declared."""
    for type in workloads.TYPES:
        text = text.replace(f"event {type}{FIELDS}", f"event {type} of anything\n")
    return text


def _ours(text: str) -> Matching:
    ruleset = atamo.compile_rules(text)
    matcher = atamo.matcher(ruleset, warm=True)
    functions: dict[str, Any] = {type: matcher.of(type) for type in ruleset.events}
    return lambda type, body: functions[type](body)
