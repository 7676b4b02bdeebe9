"""Sigma rules: imported, written and compiled beside pySigma's own conversion of them; then events against them all.

With `ATAMO_REALDATA` these are 3,385 published rules and 2,417 real events; without, rules and events made at random.
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import process_time
from typing import Any

from tests.benchmarks.table import Table

Rule = tuple[str, str]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_BACKENDS = (
    ("SQL for SQLite", "sigma.backends.sqlite", "sqliteBackend"),
    ("its test backend", "sigma.backends.test", "TextQueryTestBackend"),
)


def run(*, small: bool) -> Table:
    """Processor seconds for all rules, each side as it is used; then microseconds an event."""
    from atamo_rules.hub.unpaused import unpaused

    rules, events = _real(small) if os.environ.get("ATAMO_REALDATA") else _random(60 if small else 1_000)
    rows: list[tuple[str, ...]] = []
    with unpaused():
        texts, took = _imported(rules)
        rows.append(_row("import: Sigma to rule files", took, len(rules)))
        ruleset, compiled = _compiled(texts)
        rows.append(_row("compile: rule files to a ruleset", compiled, len(rules)))
        ours = took + compiled
        rows.append(_row("both", ours, len(rules)))
        theirs = _converted(rules)
        if theirs is not None:
            what, other = theirs
            rows.append(
                (*_row(f"pySigma: rules to {what}", other, len(rules))[:3], f"{other / ours:.1f} x ours")
            )
    first, each, fired = _decided(ruleset, events)
    rows.append(("first event, which makes the closures", f"{first:.2f}", "", ""))
    pairs = len(events) * len(rules)
    note = f"{fired:,} of {pairs:,} pairs"
    rows.append(
        (f"an event against all {len(rules):,} rules", f"{each:.6f}", f"{len(rules) / each:,.0f}", note)
    )
    return Table(
        f"sigma: {len(rules):,} rules, {len(events):,} events, processor seconds in one process",
        ("what", "seconds", "rules/s", "beside"),
        tuple(rows),
        (
            "each rule file holds one rule; all rules are on one event type, so that each is asked of every event",
        ),
    )


def _row(what: str, took: float, count: int) -> tuple[str, ...]:
    return (what, f"{took:.2f}", f"{count / took:,.0f}", "")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = process_time()
    made = work()
    return made, process_time() - begun


def _imported(rules: list[Rule]) -> tuple[dict[str, str], float]:
    from atamo_rules.importers.sigma import read
    from atamo_rules.source.span import Source
    from tests.importers.sigma.worlds import files

    read(Source("warm.yml", rules[0][1]))
    return _timed(lambda: files([read(Source(name, text), event_type="log") for name, text in rules]))


def _compiled(texts: dict[str, str]) -> tuple[Any, float]:
    from atamo_rules.compiler.pipeline import compile_sources
    from atamo_rules.source.span import Source
    from atamo_rules.syntax import clause

    clause.parser()
    clause.remembered.cache_clear()
    sources = [Source(name, text) for name, text in texts.items()]
    made, took = _timed(lambda: compile_sources(sources, lambda *_: ""))
    assert made.ruleset is not None, [d.message for d in made.errors]
    return made.ruleset, took


def _converted(rules: list[Rule]) -> tuple[str, float] | None:
    """What pySigma makes of the same texts, where it is installed."""
    found = next(filter(None, map(_backend, _BACKENDS)), None)
    if found is None:
        return None
    what, backend = found
    collection = import_module("sigma.collection").SigmaCollection

    def convert(texts: list[Rule]) -> None:
        for _, text in texts:
            with suppress(Exception):  # what a backend does not offer is not held against its speed
                backend.convert(collection.from_yaml(text))

    convert(rules[:1])
    return what, _timed(lambda: convert(rules))[1]


def _backend(named: tuple[str, str, str]) -> tuple[str, Any] | None:
    what, module, name = named
    with suppress(ImportError):
        return what, getattr(import_module(module), name)()
    return None


def _decided(ruleset: Any, bodies: list[Any]) -> tuple[float, float, int]:
    """Seconds of the first event, and of each that follows; and how many rules matched in all."""
    from atamo_rules.engine.decide import decide
    from atamo_rules.model.event import Event

    events = [Event(f"e{number}", "log", body, NOON, None) for number, body in enumerate(bodies)]
    _, first = _timed(lambda: decide(ruleset, events[0]))
    fired, took = _timed(lambda: sum(len(decide(ruleset, event).matched) for event in events))
    return first, took / len(events), fired


def _real(small: bool) -> tuple[list[Rule], list[Any]]:
    def lines(name: str) -> list[Any]:
        with lzma.open(Path(os.environ["ATAMO_REALDATA"]) / f"{name}.jsonl.xz", "rt") as file:
            return [json.loads(line) for line in file]

    rules = [(one["path"], one["rule_text"]) for one in lines("sigma.rules")]
    events = [one["event"] for one in (*lines("sigma.matrix"), *lines("sigma.matrix-otrf-sample"))]
    return (rules[:60], events[:20]) if small else (rules, events)


def _random(count: int) -> tuple[list[Rule], list[Any]]:
    from tests.importers.sigma.generated import body, detection, text
    from tests.strategies.choices import Seeded

    choose = Seeded(1)
    ids = [f"00000000-0000-4000-8000-{n:012}" for n in range(count)]
    rules = [(f"rules/{id}.yml", text(detection(choose), id)) for id in ids]
    return rules, [body(choose) for _ in range(count // 2)]
