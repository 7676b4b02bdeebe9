"""Rule files read by several processes are read as one process would; one that is lost is read again."""

from __future__ import annotations

import os

import pytest

from atamo_rules.compiler.pipeline import Cache, compile_sources
from atamo_rules.hub import reading
from atamo_rules.source.span import Source

RULE = (
    'rule r{n} "é"\n  on thing\n  when a is > {n}\n  stop\n\n'
    + "rule s{n}\n  on thing\n  when b > {n}\n  stop\n\n" * 200
)
FILES = [Source("events.atamo", "event thing\n  b: whole\n"), Source("more.yaml", "lists: {a: [1]}\n")]
FILES += [Source(f"r{n}.atamo", RULE.replace("{n}", str(n))) for n in range(20)]


def no_file(_rules: str, path: str) -> str:
    raise FileNotFoundError(path)


def compiled(cache: Cache | None) -> list[str]:
    made = compile_sources(FILES, no_file, cache=cache)
    return [f"{one.span} {one.code.id} {one.message}" for one in made.diagnostics]


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_cores", lambda: 3)
    monkeypatch.setattr(reading, "MANY", 1_000)
    monkeypatch.setattr(reading.threading, "active_count", lambda: 1)


def test_the_findings_are_the_same(two_cores: None) -> None:
    cache = Cache()
    reading.read_ahead(FILES, cache)
    assert set(cache.trees) == {one.name for one in FILES}, "the processes brought everything"
    assert compiled(cache) == compiled(None)


def test_a_process_that_dies_takes_nothing_with_it(two_cores: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def bring(lot: object, sender: object) -> None:
        os._exit(1)

    monkeypatch.setattr(reading, "_bring", bring)
    cache = Cache()
    reading.read_ahead(FILES, cache)
    assert 0 < len(cache.trees) < len(FILES)
    assert compiled(cache) == compiled(None)


def test_few_files_are_read_by_the_compiler() -> None:
    cache = Cache()
    reading.read_ahead(FILES[:2], cache)
    assert cache.trees == {}
