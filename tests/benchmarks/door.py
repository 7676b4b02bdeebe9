"""The door: an event's body against its schema, beside jsonschema-rs alone and beside reading the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.door import Door
from atamo_rules.model.strict_json import decode
from atamo_rules.source.span import Source
from tests.benchmarks import worlds
from tests.benchmarks.table import Table, interleaved, ratio


def run(*, small: bool) -> Table:
    """Microseconds a body, for one event type of each shape."""
    sources = [Source("common.atamo", worlds.common())]
    ruleset = compile_sources(sources, lambda *_: "").ruleset
    assert ruleset is not None
    rows: list[tuple[str, ...]] = []
    for number in range(4):
        type, body = worlds.body(worlds.rule(number))
        raw = json.dumps(body).encode()
        schema: Any = ruleset.events[type].schema
        door = Door(ruleset.events[type])
        bare = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        if door.reasons(body) or not bare.is_valid(body):
            raise RuntimeError(f"the body of {type} does not fit")
        works: dict[str, Callable[[], object]] = {
            "door": lambda: [door.reasons(body) for _ in range(500)],  # noqa: B023
            "bare": lambda: [bare.is_valid(body) for _ in range(500)],  # noqa: B023
            "strict": lambda: [decode(raw) for _ in range(500)],  # noqa: B023
            "loads": lambda: [json.loads(raw) for _ in range(500)],  # noqa: B023
        }
        found = interleaved(works, 2 if small else 15)
        cells = {name: f"{min(samples) * 2000:.2f}" for name, samples in found.items()}
        rows.append(
            (f"{type}, {len(raw)} bytes", cells["door"], cells["bare"], ratio(found["door"], found["bare"]),
             cells["strict"], cells["loads"], ratio(found["strict"], found["loads"]))
        )  # fmt: skip
    return Table(
        "door: one body, microseconds",
        ("event", "Door", "jsonschema-rs", "ratio", "strict JSON", "json.loads", "ratio"),
        tuple(rows),
        ("strict JSON: duplicate keys refused, numbers exact, depth bounded",),
    )
