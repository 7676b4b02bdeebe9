"""Conditions as functions by shape, beside the closures they replace and beside Python written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine import conditions
from atamo_rules.engine.frame import bare
from atamo_rules.engine.shapes import residual
from atamo_rules.model.rule import Rule
from atamo_rules.source.span import Source
from tests.benchmarks.table import Table, interleaved, ratio

FIELDS = """\
event thing
  total: number
  channel: text
  country: text
  subject: text
  coupon: text?
  tags: list of text
  maker:
    tier: one of free, pro
  lines: list of
    sku: text
    n: whole
"""
BODY = {
    "total": 50,
    "channel": "web",
    "country": "FR",
    "subject": "hello world case 7",
    "tags": ["a", "b", "c"],
    "maker": {"tier": "pro"},
    "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}, {"sku": "c", "n": 3}],
}
ASKED: dict[str, Callable[[Any], bool]] = {
    'channel is "web"': lambda b: b["channel"] == "web",
    'channel is "web" and total > 40 and country is one of ["FR", "BE"]': lambda b: (
        b["channel"] == "web" and b["total"] > 40 and b["country"] in ("FR", "BE")
    ),
    "total is between 10 and 90": lambda b: 10 <= b["total"] <= 90,
    'channel is "web" and coupon is present and coupon starts with "S7-"': lambda b: (
        b["channel"] == "web" and (b.get("coupon") or "").startswith("S7-")
    ),
    'tags contains "z" or maker.tier is pro': lambda b: "z" in b["tags"] or b["maker"]["tier"] == "pro",
    'any line in lines has (line.sku is "b" and line.n > 1)': lambda b: any(
        line["sku"] == "b" and line["n"] > 1 for line in b["lines"]
    ),
    'subject contains "CASE 7" ignoring case': lambda b: "case 7" in b["subject"].casefold(),
    "count(lines) > 2 and total * 2 <= 100": lambda b: len(b["lines"]) > 2 and b["total"] * 2 <= 100,
    r"subject matches /case \d/": lambda b: re.search(r"case \d", b["subject"]) is not None,
}


def run(*, small: bool) -> Table:
    """Nanoseconds a question, and microseconds to make its function when its shape is known."""
    rows: list[tuple[str, ...]] = []
    for text, by_hand in ASKED.items():
        rule = _rule(text)
        quick, closures = residual(rule.condition), conditions.condition(rule.condition)
        if quick is None or not quick(BODY) is closures(bare(BODY)) is by_hand(BODY):
            raise RuntimeError(f"`{text}` is answered otherwise by hand")
        frame = bare(BODY)
        works: dict[str, Callable[[], object]] = {
            "shape": lambda: [quick(BODY) for _ in range(1000)],  # noqa: B023
            "closures": lambda: [closures(frame) for _ in range(1000)],  # noqa: B023
            "by hand": lambda: [by_hand(BODY) for _ in range(1000)],  # noqa: B023
            "made": lambda: [residual(rule.condition) for _ in range(100)],  # noqa: B023
        }
        found = interleaved(works, 2 if small else 25)
        cells = {name: f"{min(samples) * 1e6:.0f}" for name, samples in found.items()}
        rows.append(
            (text, cells["shape"], cells["closures"], cells["by hand"], ratio(found["shape"], found["by hand"]),
             f"{min(found['made']) * 1e4:.1f}")
        )  # fmt: skip
    return Table(
        "shapes: one condition of one event, nanoseconds; and microseconds to make it, its shape being known",
        ("condition", "shape", "closures", "by hand", "to by hand", "made in"),
        tuple(rows),
        (
            "by hand: trusts the event's types; shapes and closures take any body, and compare numbers exactly",
        ),
    )


def _rule(condition: str) -> Rule:
    text = f"{FIELDS}\nrule r\n  on thing\n  when {condition}\n  stop\n"
    ruleset = compile_sources([Source("rules.atamo", text)], lambda *_: "").ruleset
    assert ruleset is not None
    return ruleset.rules[0]
