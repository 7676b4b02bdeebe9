"""From the bytes of an event to the rules that match: read, checked against its type, matched; beside it by hand."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import msgspec

import atamo_rules as atamo
from atamo_rules.engine.door import Door
from atamo_rules.model.strict_json import decode
from tests.benchmarks import workloads
from tests.benchmarks.match import SIZES, measured
from tests.benchmarks.table import Table
from tests.benchmarks.workloads import Matching, Workload


def run(*, small: bool) -> Table:
    """CPU microseconds for one event of the keys workload."""
    rows = []
    for count in (24,) if small else SIZES[1:]:
        made = workloads.workload("keys", count, 40 if small else 4_000)
        found = measured(_works(made), _as_text(made), 1 if small else 5)
        hand = found["by hand"]
        cells = [cell for taken in found.values() for cell in (f"{taken:.2f}", f"{taken / hand:.2f} x")]
        rows.append((f"keys {count:,}", *cells))
    return Table(
        "match from JSON: the bytes of one event are read, checked against its schema, and matched",
        ("rules", "strict", "to hand", "msgspec", "to hand", "by hand", ""),
        tuple(rows),
        (
            "strict: as the hub reads them, numbers exact, duplicate keys refused; msgspec: read by msgspec, floats",
            "and all; by hand: msgspec, jsonschema-rs, and a dict on the one field that all rules name",
        ),
    )


def _as_text(made: Workload) -> Workload:
    """The same events as bytes."""
    texts: Any = tuple((type, json.dumps(body).encode()) for type, body in made.events)
    return Workload(made.rules, texts)


def _works(made: Workload) -> dict[str, Matching]:
    ruleset = atamo.compile_rules(made.text)
    matcher = atamo.matcher(ruleset, warm=True)
    doors = {type: Door(declared) for type, declared in ruleset.events.items()}
    functions = {type: matcher.of(type) for type in ruleset.events}
    schemas: dict[str, Any] = {type: declared.schema for type, declared in ruleset.events.items()}
    valid = {
        type: jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid
        for type, schema in schemas.items()
    }
    index, read = workloads.by_hand(made), msgspec.json.decode

    def strict(type: str, raw: Any) -> list[str]:
        body: Any = decode(raw)
        return [] if doors[type].reasons(body) else functions[type](body)

    def quick(type: str, raw: Any) -> list[str]:
        body = read(raw)
        return [] if doors[type].reasons(body) else functions[type](body)

    def by_hand(type: str, raw: Any) -> list[str]:
        body = read(raw)
        return index(type, body) if valid[type](body) else []

    works: dict[str, Matching] = {"strict": strict, "msgspec": quick, "by hand": by_hand}
    for type, raw in _as_text(made).events[:200]:
        answers = {tuple(sorted(work(type, raw))) for work in works.values()}
        if len(answers) > 1:
            raise RuntimeError(f"by hand, an event is decided otherwise: {raw!r}")
    return works
