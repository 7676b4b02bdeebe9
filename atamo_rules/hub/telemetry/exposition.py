"""Numbers as text that Prometheus and its kin scrape: OpenMetrics 1.0, or the older text format 0.0.4."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from atamo_rules.hub.telemetry.numbers import Counter, Family, Gauge, Labels, cumulative

OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"


def exposition(families: Iterable[Family], *, plain: bool = False) -> str:
    """The text of some families; `plain` is the older format."""
    lines = [line for family in families for line in _family(family, plain)]
    return "\n".join([*lines, *([] if plain else ["# EOF"])]) + "\n"


def wanted(accept: str) -> bool:
    """Whether an `Accept` header asks for the older format: it does not name the newer one."""
    return "application/openmetrics-text" not in accept


def _family(family: Family, plain: bool) -> Iterator[str]:
    name = f"{family.name}_total" if plain and isinstance(family, Counter) else family.name
    yield f"# TYPE {name} {family.kind}"
    if family.name.endswith("_seconds") and not plain:
        yield f"# UNIT {name} seconds"
    yield f"# HELP {name} {_escaped(family.about, quotes=not plain)}"
    if isinstance(family, Counter):
        for labels, value in sorted(family.values.items()):
            yield f"{family.name}_total{_labels(family.labels, labels)} {_number(value)}"
    elif isinstance(family, Gauge):
        for labels, value in family.read():
            yield f"{family.name}{_labels(family.labels, labels)} {_number(value)}"
    else:
        names = (*family.labels, "le")
        for labels, spread in sorted(family.values.items()):
            seen = 0
            for bound, seen in cumulative(spread, family.bounds):
                bucket = _labels(names, (*labels, _number(float(bound))))
                yield f"{family.name}_bucket{bucket} {seen}"
            own = _labels(family.labels, labels)
            yield f"{family.name}_count{own} {seen}"
            yield f"{family.name}_sum{own} {_number(spread.total)}"


def _labels(names: Labels, values: Labels) -> str:
    inner = ",".join(
        f'{name}="{_escaped(value, quotes=True)}"' for name, value in zip(names, values, strict=True)
    )
    return f"{{{inner}}}" if inner else ""


def _escaped(text: str, *, quotes: bool) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
