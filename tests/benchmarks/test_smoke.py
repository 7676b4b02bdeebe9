"""Every benchmark still runs, at a size at which its figures mean nothing."""

from __future__ import annotations

import pytest

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.project.rulebook import run_tests
from atamo_rules.source.span import Source
from tests.benchmarks import worlds
from tests.benchmarks.__main__ import BENCHMARKS, main

SLOW = {"nats-failover"}
"""Another server leads only after some seconds."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in BENCHMARKS]
)
def test_every_benchmark_gives_a_full_table(name: str) -> None:
    table = BENCHMARKS[name](small=True)
    assert table.rows
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert table.title.splitlines()[0] == str(table).splitlines()[0]


def test_the_generated_rules_are_the_same_in_both_containers_and_pass_their_tests() -> None:
    digests = set()
    for container in ("atamo", "yaml"):
        made = compile_sources(
            [Source(name, text) for name, text in worlds.files(36, container=container)], lambda *_: ""
        )
        assert made.ruleset is not None, [d.message for d in made.diagnostics]
        results, findings = run_tests(made.ruleset)
        assert len(results) == 72
        assert not findings
        digests.add(made.ruleset.digest)
    assert len(digests) == 1


def test_an_unknown_name_is_told() -> None:
    said: list[str] = []
    assert main(["sped"], said.append) == 2
    assert said == [
        "There is no benchmark `sped`; there are version, verify, stages, compile, reload, decide, render, windows, "
        "shapes, door, hub, hub-windows, audit, memory, post, peers, peers-killed, calls, dead, sandbox, sigma, match, "
        "match-making, match-crowded, match-changing, match-near, match-json, match-guards, match-peers, nats, "
        "nats-failover, nats-rules."
    ]
