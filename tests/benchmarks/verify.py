"""`atamo verify` of rules with tests: whole processes at growing sizes, then the stages inside one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from tests.benchmarks import worlds
from tests.benchmarks.table import Table, seconds
from tests.clauses import clauses

LIMIT = 3.0
"""Seconds for 1,000 rules with tests, on two cores."""


def run(*, small: bool) -> Table:
    """Seconds and peak memory of `atamo verify`, and how they grow."""
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        for container in ("atamo", "yaml"):
            before: tuple[int, float] | None = None
            for count in (12, 24) if small else (100, 1_000, 10_000):
                place = worlds.write(Path(folder) / f"{container}{count}", count, container=container)
                took, megabytes = min(process(place) for _ in range(1 if small or count > 1_000 else 3))
                growth = "" if before is None else f"{took / before[1]:.1f} x for {count / before[0]:.0f} x"
                limit = f"{took / LIMIT:.2f}" if count == 1_000 else ""
                rows.append((f".{container} {count:,} rules", f"{took:.2f}", f"{count / took:,.0f}", growth, limit,
                             f"{megabytes:.0f}"))  # fmt: skip
                before = (count, took)
    return Table(
        "verify: the whole command, rules in files of ten, two tests a rule on average",
        ("project", "seconds", "rules/s", "growth", "of limit", "peak MiB"),
        tuple(rows),
        (f"best of three up to 1,000 rules; limit {LIMIT:g} s for 1,000 rules",),
    )


def process(folder: Path) -> tuple[float, float]:
    """Seconds and peak resident mebibytes of one `atamo verify`, which must find nothing wrong."""
    begun = perf_counter()
    child = subprocess.Popen(
        (sys.executable, "-m", "atamo_rules", "verify", str(folder)), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"verify ended with {child.returncode}")
    return perf_counter() - begun, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


def stages(*, small: bool) -> Table:
    """Where the time goes, in one process, beside the floor of the parsers alone on the same text."""
    from atamo_rules.source.unpaused import unpaused

    count = 24 if small else 1_000
    rows: list[tuple[str, ...]] = []
    with unpaused():
        for container in ("atamo", "yaml"):
            found = _stages(count, container)
            whole = sum(took for name, took in found.items() if not name.startswith("floor"))
            rows += [
                (f".{container} {name}", f"{took * 1000:.0f}", f"{took / whole:.0%}")
                for name, took in found.items()
            ]
    return Table(
        f"stages: where `verify` of {count:,} rules spends its time, milliseconds",
        ("stage", "ms", "share"),
        tuple(rows),
        (
            "the floors parse the same text and make nothing of it: Lark each different clause once, libyaml the files",
        ),
    )


def _stages(count: int, container: str) -> dict[str, float]:
    import yaml

    from atamo_rules.compiler.pipeline import Cache, compile_sources
    from atamo_rules.engine.coverage import coverage
    from atamo_rules.hub.project.rulebook import run_tests
    from atamo_rules.source.span import Source
    from atamo_rules.syntax import clause
    from atamo_rules.syntax.read import read

    sources = [Source(name, text) for name, text in worlds.files(count, container=container)]
    grammar = seconds(clause.parser)
    clause.remembered.cache_clear()
    cache = Cache()

    def parse() -> None:
        for source in sources:
            file, found = read(source)
            cache.trees[source.name] = (source.text, file, found)

    trees = seconds(parse)
    begun = perf_counter()
    ruleset = compile_sources(sources, lambda *_: "", cache=cache).ruleset
    compiled = perf_counter() - begun
    assert ruleset is not None
    begun = perf_counter()
    results, _ = run_tests(ruleset)
    tests = perf_counter() - begun
    covered = seconds(lambda: coverage(ruleset, results))
    floor: Callable[[], object]
    if container == "yaml":
        floor = lambda: [list(yaml.parse(source.text, Loader=yaml.CSafeLoader)) for source in sources]  # noqa: E731
    else:
        texts = clauses(sources)
        floor = lambda: [clause.parser().parse(text, start=start) for start, text in texts]  # noqa: E731
    return {"grammar": grammar, "trees": trees, "rules": compiled, "tests": tests, "coverage": covered,
            "floor: parser alone": seconds(floor)}  # fmt: skip
