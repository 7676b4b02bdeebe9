"""Filling templates: our bounded renderer beside Jinja's own compiled code for the same text."""

from __future__ import annotations

from collections.abc import Callable

from jinja2.sandbox import ImmutableSandboxedEnvironment

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.render import value
from atamo_rules.model.event import Event
from atamo_rules.source.span import Source
from tests.benchmarks import worlds
from tests.benchmarks.decide import NOW
from tests.benchmarks.table import Table, interleaved, ratio

SAME = ("ticket_0", "ticket_1", "order_0", "order_1", "order_2", "login_0", "deploy_0", "deploy_2")
"""The kinds whose templates mean the same in plain Jinja."""


def run(*, small: bool) -> Table:
    """Microseconds a template, the same text and the same values, the same result."""
    sources = [Source(name, text) for name, text in worlds.files(60)]
    ruleset = compile_sources(sources, lambda *_: "").ruleset
    assert ruleset is not None
    rules = {rule.id: rule for rule in ruleset.rules}
    jinja = ImmutableSandboxedEnvironment()
    rows: list[tuple[str, ...]] = []
    for number in range(12):
        written = worlds.rule(number)
        if written.name.rpartition("_")[0] not in SAME:
            continue
        type, body = worlds.body(written)
        arguments, event = rules[written.name].plans[0].arguments, Event("e", type, body, NOW)
        frame = Frame(event, {"event": body})
        (node,) = (inner for key, inner, _ in arguments.entries if key == "message")
        template = jinja.from_string(written.message)
        if value(node, frame) != template.render(body):
            raise RuntimeError(f"Jinja makes something else of {written.message}")
        works: dict[str, Callable[[], object]] = {
            "ours": lambda: [value(node, frame) for _ in range(200)],  # noqa: B023
            "jinja": lambda: [template.render(body) for _ in range(200)],  # noqa: B023
        }
        found = interleaved(works, 2 if small else 15)
        rows.append(
            (written.message, *(f"{min(samples) * 5000:.1f}" for samples in found.values()),
             ratio(found["ours"], found["jinja"]))
        )  # fmt: skip
    return Table(
        "render: one template, microseconds",
        ("template", "ours", "Jinja", "to Jinja"),
        tuple(rows),
        (
            "Jinja: the sandboxed environment's compiled template; ours bounds steps and size and reads no attribute",
        ),
    )
