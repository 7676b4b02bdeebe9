"""Sigma rules: imported, written and compiled beside pySigma's own conversion of them; then events against them all.

With `ATAMO_REALDATA` these are 3,385 published rules and 2,417 real events; without, rules and events made at random.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import sqlite3
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
EVERY, ROUNDS = 12, 3
_BACKENDS = (
    ("SQL for SQLite", "sigma.backends.sqlite", "sqliteBackend"),
    ("its test backend", "sigma.backends.test", "TextQueryTestBackend"),
)


def run(*, small: bool) -> Table:
    """Processor seconds for all rules, each side as it is used; then microseconds an event."""
    from atamo_rules.source.unpaused import unpaused

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
    rows.append(("all events the first time, which makes functions", f"{first:.2f}", "", ""))
    pairs = len(events) * len(rules)
    note = f"{fired:,} of {pairs:,} pairs"
    rows.append(
        (f"an event decided, all {len(rules):,} rules", f"{each:.6f}", f"{len(rules) / each:,.0f}", note)
    )
    rows += _asked(ruleset, events)
    rows += _queried(rules, events)
    return Table(
        f"sigma: {len(rules):,} rules, {len(events):,} events, processor seconds in one process",
        ("what", "seconds", "rules/s", "beside"),
        tuple(rows),
        (
            "each rule file holds one rule; all rules are on one event type, so that each is asked of every event",
            f"in turn: every rule, of every {EVERY}th event; the index: of every event, all its functions made before",
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
    """Seconds of all events the first time, and of each the second; and how many rules matched in all."""
    from atamo_rules.engine.decide import decide
    from atamo_rules.model.event import Event

    events = [Event(f"e{number}", "log", body, NOON, None) for number, body in enumerate(bodies)]

    def decided() -> int:
        return sum(len(decide(ruleset, event).matched) for event in events)

    _, first = _timed(decided)
    fired, took = _timed(decided)
    return first, took / len(events), fired


def _asked(ruleset: Any, events: list[Any]) -> list[tuple[str, ...]]:
    """What an event costs by the index, beside asking each rule in turn: as a compiled shape, and as closures."""
    import atamo_rules as atamo
    from atamo_rules.engine import conditions
    from atamo_rules.engine.frame import bare
    from atamo_rules.engine.shapes import residual

    match = atamo.matcher(ruleset, warm=True).of("log")
    shapes = [made for rule in ruleset.rules if (made := residual(rule.condition)) is not None]
    closures = [conditions.condition(rule.condition) for rule in ruleset.rules]
    ways: dict[str, tuple[Callable[[Any], int], list[Any]]] = {
        "the index": (lambda body: len(match(body)), events),
        "each rule in turn, compiled shapes": (
            lambda body: sum(ask(body) for ask in shapes),
            events[::EVERY],
        ),
        "each rule in turn, closures": (
            lambda body: sum(ask(frame) for frame in (bare(body),) for ask in closures),
            events[::EVERY],
        ),
    }
    for ask, some in ways.values():
        assert all(ask(body) == len(match(body)) for body in some)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, (ask, some) in ways.items():
            _, took = _timed(lambda ask=ask, some=some: [ask(body) for body in some])  # type: ignore[misc]
            best[name] = min(best[name], took / len(some))
    quick = best["the index"]
    return [
        (
            f"an event, {name}",
            f"{took:.6f}",
            f"{len(ruleset.rules) / took:,.0f}",
            f"{took / quick:.0f} x the index",
        )
        for name, took in best.items()
    ]


def _queried(rules: list[Rule], events: list[Any]) -> list[tuple[str, ...]]:
    """The same events in a table of SQLite in memory, asked by pySigma's query of each rule, where both are there."""
    found = _backend(_BACKENDS[0])
    if found is None:
        return [("an event, pySigma and SQLite", "", "", "not installed: pip install pysigma-backend-sqlite")]
    backend = found[1]
    collection = import_module("sigma.collection").SigmaCollection
    queries = []
    for _, text in rules:
        with suppress(Exception):  # what it does not offer is not asked
            queries += backend.convert(collection.from_yaml(text))
    table = _table(events)
    asked = [query.replace("<TABLE_NAME>", "logs") for query in queries]
    good = [query for query in asked if _answers(table, query)]
    _, took = _timed(lambda: [table.execute(query).fetchall() for query in good])
    each = took / len(events)
    return [
        (
            "an event, pySigma and SQLite",
            f"{each:.6f}",
            f"{len(good) / each:,.0f}",
            f"{len(good):,} rules that it takes",
        )
    ]


def _table(events: list[Any]) -> sqlite3.Connection:
    """Events as rows: every field a column, what is no scalar as JSON."""
    made = sqlite3.connect(":memory:")
    made.create_function("REGEXP", 2, lambda pattern, text: re.search(pattern, str(text or "")) is not None)
    columns: dict[str, str] = {}
    for body in events:
        for key in body:
            columns.setdefault(key.casefold(), key)
    made.execute(f"CREATE TABLE logs ({', '.join(map(_quoted, columns.values()))})")
    for body in events:
        row = {
            columns[key.casefold()]: value
            if value is None or isinstance(value, str | int | float)
            else json.dumps(value)
            for key, value in body.items()
        }
        names, marks = ", ".join(map(_quoted, row)), ", ".join("?" * len(row))
        made.execute(f"INSERT INTO logs ({names}) VALUES ({marks})", tuple(row.values()))
    return made


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _answers(table: sqlite3.Connection, query: str) -> bool:
    """Whether SQLite takes a query; a field that no event has becomes a column first."""
    for _ in range(64):
        try:
            table.execute(query).fetchone()
        except sqlite3.Error as error:
            what, _, name = str(error).partition("no such column: ")
            if what or not name:
                return False
            try:
                table.execute(f"ALTER TABLE logs ADD COLUMN {_quoted(name)}")
            except sqlite3.Error:
                return False
        else:
            return True
    return False


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
