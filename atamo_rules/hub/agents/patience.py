"""How the hub treats an agent, as its settings say: `retry`, `breaker` and `limits`, beside the plug-in's own.

uses http
  url: "https://desk.example/notes"
  retry: { attempts: 8, base: 1, cap: 300, within: 3600, never: ["http 404"] }
  breaker: { failures: 20, pause: 5, cap: 120 }
  limits: { at_once: 4, rate: "100 per minute" }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atamo_rules.hub.agents import limits
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.model.fitting import Reason, reasons

_SECONDS = {"type": "number", "minimum": 0, "maximum": 31_536_000}
OURS: Mapping[str, Mapping[str, Any]] = {
    "retry": {
        "type": "object",
        "properties": {
            "attempts": {"type": "integer", "minimum": 1, "maximum": 1001},
            "base": _SECONDS,
            "cap": _SECONDS,
            "within": _SECONDS,
            "never": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    },
    "breaker": {
        "type": "object",
        "properties": {
            "failures": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
            "pause": _SECONDS,
            "cap": _SECONDS,
        },
        "additionalProperties": False,
    },
    "limits": limits.SETTING,
}
"""Settings that any agent may have, and their schemas. No plug-in sees them."""


def ours(name: str, value: Any) -> list[Reason]:
    """What is wrong with one of them, each with its remedy."""
    import jsonschema_rs

    schema = dict(OURS[name])
    found: list[Reason] = []
    for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(value):
        found.extend(reasons(error, schema, name))
    if name == "limits" and isinstance(value, Mapping):
        found += limits.unsound(value)
    return found


def retry_of(value: Any) -> RetryPolicy:
    """The retry policy that settings say, which were checked."""
    return replace(RetryPolicy(), **{name: _plain(one) for name, one in (value or {}).items()})


def breaker_of(value: Any) -> BreakerPolicy:
    """The breaker that settings say, which were checked."""
    return replace(BreakerPolicy(), **{name: _plain(one) for name, one in (value or {}).items()})


def _plain(value: Any) -> Any:
    return frozenset(value) if isinstance(value, list) else value if isinstance(value, int) else float(value)
