"""Traces for OpenTelemetry: a span for every event from its acceptance to its end, and one for every attempt in it.

Needs the extra `otel`; it is imported when an auditor is made, and never before. Names follow the semantic conventions
for messaging, which are still in development (v1.45): this is the one place that knows them.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Any

from atamo_rules.model.audit import AuditRecord

MOST_OPEN = 10_000
"""Spans that wait for their end; those that never end make room."""
ENDS = ("action.done", "action.failed", "action.timeout", "action.retry", "action.cancelled", "action.lost")
FAILED = ("action.failed", "action.timeout", "action.lost")


def taken() -> bool:
    """Whether the process has set up something that takes spans: until then the global provider stands for one that
    may still come, and drops them."""
    from opentelemetry import trace

    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


class OpenTelemetryAuditor:
    """Turns records into spans of a tracer; `provider` is the program's own, the global one unless it is given.

    Raises ImportError with a sentence when OpenTelemetry is not installed.
    """

    def __init__(self, provider: Any = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise ImportError("OpenTelemetry is not installed: pip install 'atamo-rules[otel]'") from None
        self._trace = trace
        self._tracer = trace.get_tracer("atamo_rules", tracer_provider=provider)
        self._open: OrderedDict[str, Any] = OrderedDict()

    def tell(self, record: AuditRecord) -> None:
        """Take one record."""
        kind, what, trace = record.kind, record.what, self._trace
        action = str(what.get("action", ""))
        if kind == "event.accepted":
            type = str(what.get("type", ""))
            self._begin(
                f"e{record.event}", f"process {type}", trace.SpanKind.CONSUMER, record.at, None,
                {
                    "messaging.system": "atamo", "messaging.operation.type": "process",
                    "messaging.operation.name": "process", "messaging.destination.name": type,
                    "messaging.message.id": record.event, "enduser.id": record.who,
                },
            )  # fmt: skip
        elif kind == "event.decided":
            span = self._open.get(f"e{record.event}")
            if span is not None:
                span.set_attribute("atamo.rules", [str(one) for one in _list(what.get("matched"))])
                span.set_attribute("atamo.ruleset", str(what.get("digest", "")))
        elif kind == "action.started":
            self._begin(
                f"a{action}", str(what.get("target", "")), trace.SpanKind.CLIENT, record.at,
                self._open.get(f"e{record.event}"),
                {
                    "atamo.action": action, "atamo.rule": str(what.get("rule", "")),
                    "atamo.because": str(what.get("because", "")), "atamo.attempt": _whole(what.get("attempt")),
                },
            )  # fmt: skip
        elif kind in ENDS:
            self._end(
                f"a{action}", record.at, str(what.get("why", "")), kind in FAILED or kind == "action.retry"
            )
            if kind in FAILED and (span := self._open.get(f"e{record.event}")) is not None:
                span.set_status(
                    trace.Status(trace.StatusCode.ERROR, f"{what.get('target')}: {what.get('why', '')}")
                )
        elif kind == "event.finished":
            self._end(f"e{record.event}", record.at)

    def close(self) -> None:
        """End what is open as it is."""
        for span in self._open.values():
            span.end()
        self._open.clear()

    def _begin(
        self, key: str, name: str, kind: Any, at: datetime, parent: Any, attributes: dict[str, Any]
    ) -> None:
        context = self._trace.set_span_in_context(parent) if parent is not None else None
        said = {name: value for name, value in attributes.items() if value != ""}
        self._open[key] = self._tracer.start_span(
            name, context=context, kind=kind, attributes=said, start_time=_nanoseconds(at)
        )
        if len(self._open) > MOST_OPEN:
            _, oldest = self._open.popitem(last=False)
            oldest.end()

    def _end(self, key: str, at: datetime, why: str = "", failed: bool = False) -> None:
        span = self._open.pop(key, None)
        if span is None:
            return
        if failed:
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, why))
        span.end(end_time=_nanoseconds(at))


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _whole(value: Any) -> int:
    return int(value) if value is not None else 0
