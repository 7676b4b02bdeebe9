"""Rule text to an index, stage by stage, beside what reading text costs at least.

`ATAMO_BENCH_MOST=100000` measures larger rulesets than the usual ten thousand.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from itertools import cycle, islice
from statistics import median
from time import process_time

from atamo_rules.compiler.pipeline import Cache, compile_sources
from atamo_rules.engine.index.matcher import matcher
from atamo_rules.source.span import Source
from atamo_rules.source.unpaused import unpaused
from atamo_rules.syntax import clause
from atamo_rules.syntax.read import read
from tests.benchmarks import workloads
from tests.benchmarks.table import Table

MOST = int(os.environ.get("ATAMO_BENCH_MOST", "10000"))
SIZES = tuple(size for size in (1_000, 10_000, 100_000) if size <= MOST)
SAMPLE = 500
"""Rules whose clauses are given to Lark alone."""


def run(*, small: bool) -> Table:
    """CPU microseconds a rule for each stage, and the whole as a multiple of two floors measured in turn with it."""
    rows = []
    for kind in workloads.KINDS:
        for count in (24,) if small else SIZES:
            rows.append((f"{kind} {count:,}", *_row(workloads.workload(kind, count, 1), 1 if small else 3)))
    return Table(
        "compile: rule text to an index, CPU microseconds a rule, one thread",
        ("rules", "text to tree", "to meaning", "to index", "text to ruleset", "Lark alone", "json.loads"),
        tuple(rows),
        (
            "text to ruleset: the first two together; Lark alone parses the same clauses into its own trees: how many",
            "times ours that takes. json.loads of the same words of the same rules: how many times it ours takes",
        ),
    )


def _row(made: workloads.Workload, rounds: int) -> tuple[str, ...]:
    source = Source("rules.atamo", made.text)
    count = len(made.rules)
    cache = Cache()
    clauses = [part for one in made.rules[:SAMPLE] for part in _clauses(one)]
    words = json.dumps([{"rule": one.id, "on": one.type, "when": one.text.split()} for one in made.rules])
    lark = clause.parser()

    def trees() -> None:
        file, found = read(source)
        cache.trees[source.name] = (source.text, file, found)

    def meanings() -> None:
        cache.rules, cache.environment = {}, None
        ruleset[:] = [compile_sources([source], lambda *_: "", cache=cache).ruleset]

    ruleset: list[object] = []
    works: dict[str, Callable[[], object]] = {
        "tree": unpaused()(trees),
        "meaning": meanings,
        "index": lambda: matcher(ruleset[0]),  # type: ignore[arg-type]
        "lark": unpaused()(lambda: [lark.parse(text, start=start) for start, text in clauses]),
        "json": unpaused()(lambda: json.loads(words)),
    }
    shares = dict.fromkeys(works, count) | {"lark": min(SAMPLE, count)}
    taken: dict[str, list[float]] = {name: [] for name in works}
    for name in islice(cycle(works), len(works) * rounds):
        gc.collect()
        begun = process_time()
        works[name]()
        taken[name].append((process_time() - begun) / shares[name] * 1e6)
    found = {name: median(samples) for name, samples in taken.items()}
    whole = found["tree"] + found["meaning"]
    return (
        *(f"{found[name]:.0f}" for name in ("tree", "meaning", "index")),
        f"{whole:.0f}",
        f"{found['lark'] / whole:.2f} x",
        f"{whole / max(found['json'], 1e-3):.0f} x",
    )


def _clauses(one: workloads.Rule) -> list[tuple[str, str]]:
    return [("name", one.id), ("trigger", one.type), ("condition", one.text), ("do_head", "send desk.note")]
