"""Events and attempts as spans of the real SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from atamo_rules.builtin.auditors.opentelemetry import OpenTelemetryAuditor
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.testing.agents import ScriptedAgent
from tests.cli.dispatcher import atamo
from tests.hub.stage import state, submit
from tests.hub.test_path import TWO
from tests.places import write


def test_every_event_is_a_span_and_every_attempt_one_inside_it() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    agents = {"one": ScriptedAgent(Again("busy"), Done()), "two": ScriptedAgent(Failed("never"))}

    async def story() -> None:
        auditor = OpenTelemetryAuditor(provider)
        hub = Hub(state(TWO, agents), MemoryStore(), [auditor])
        hub.policy = RetryPolicy(attempts=3, base=0.0)
        await submit(hub, "thing.happened", n=7)
        await hub.drain(5)
        await hub.end()
        auditor.close()

    asyncio.run(story())
    spans: list[Any] = list(exporter.get_finished_spans())
    event = next(span for span in spans if span.parent is None)
    assert event.name == "process thing.happened"
    assert event.attributes["messaging.message.id"] == "e1"
    assert event.attributes["atamo.rules"] == ("both",)
    assert event.status.status_code.name == "ERROR"
    attempts = sorted(
        (span.name, span.attributes["atamo.attempt"], span.status.status_code.name, span.status.description)
        for span in spans
        if span.parent is not None
    )
    assert attempts == [
        ("one.go", 1, "ERROR", "busy"), ("one.go", 2, "UNSET", None), ("two.go", 1, "ERROR", "never"),
    ]  # fmt: skip
    assert {span.parent.span_id for span in spans if span.parent is not None} == {event.context.span_id}
    assert all(event.start_time <= span.start_time <= span.end_time <= event.end_time for span in spans)


def test_without_it_nothing_of_it_is_imported_and_asking_for_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from atamo_rules.builtin.auditors.opentelemetry import OpenTelemetryAuditor\n"
        "try: OpenTelemetryAuditor()\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "OpenTelemetry is not installed: pip install 'atamo-rules[otel]'\n"


def test_a_hub_whose_spans_nobody_takes_says_how_they_are_taken(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.atamo": "event e\n  n: whole\n"})
    done = atamo(
        "run", ".", "--store", "memory", "--no-http", "--stdin", "--auditor", "opentelemetry", cwd=folder
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "start the hub by `opentelemetry-instrument atamo run …`" in done.stderr
    script = (
        "from opentelemetry import trace; from opentelemetry.sdk.trace import TracerProvider\n"
        "trace.set_tracer_provider(TracerProvider())\n"
        "import sys; from atamo_rules.cli.main import main\n"
        "sys.argv = ['atamo', 'run', '.', '--store', 'memory', '--no-http', '--stdin', '--auditor', 'opentelemetry']\n"
        "main()\n"
    )
    begun = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    assert begun.returncode == 0, begun.stderr
