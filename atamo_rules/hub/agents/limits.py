"""How much of an agent may be asked: at once, and in a time. What is written, and what others write in its place.

uses http
  url: "https://desk.example/notes"
  limits: { at_once: 4, rate: "100 per minute", burst: 10 }
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atamo_rules.hub.agents.bucket import Rate
from atamo_rules.model.fitting import Reason

MOST_AT_ONCE = 256
FEW = 3
"""Agents that are named; of more their number is."""
EXAMPLE = 'write `rate: "100 per minute"`, or `rate: "20 per 10 seconds"`'
SETTING: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "at_once": {"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE},
        "rate": {"type": "string", "description": EXAMPLE},
        "burst": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    },
    "additionalProperties": False,
}
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_WRITTEN = re.compile(r"([1-9][0-9]{0,6}) per (?:([1-9][0-9]{0,4}) )?(second|minute|hour|day)s?")
_MEANT = re.compile(
    r"(?P<count>[0-9]{1,7}) ?(?:r|req|reqs|requests?|calls?|messages?|times?|x)? ?"
    r"(?:/|per|p(?=[smhd]\b)|an?\b|every|each|within|in|:)? ?"
    r"(?P<many>[0-9]{1,5})? ?(?P<unit>s|m|h|d|secs?|mins?|hrs?|seconds?|minutes?|hours?|days?)"
)
_RATES = frozenset(
    "rate ratelimit maxrate rps qps throttle throttling invocationratelimitpersecond requestspersecond "
    "limitrate limitreq limiter".split()
)
_SLOTS = frozenset(
    "atonce concurrency maxconcurrency concurrencylimit maxconcurrent maxinflight maxparallel parallelism prefetch "
    "prefetchcount workers slots maxatonce".split()
)


@dataclass(frozen=True, slots=True)
class Limits:
    """`at_once` is 0 where the plug-in's own number holds, `rate` None where only that bounds the agent."""

    at_once: int = 0
    rate: Rate | None = None


def limits_of(value: Any) -> Limits:
    """The limits that settings say, which were checked."""
    said: Mapping[str, Any] = value or {}
    rate = _rate(str(said["rate"]), int(said.get("burst", 1))) if "rate" in said else None
    return Limits(int(said.get("at_once", 0)), rate)


def unsound(value: Mapping[str, Any]) -> list[Reason]:
    """What is wrong with limits beside their kinds."""
    if "rate" not in value:
        alone = "`limits.burst` is how much of a rate may come at once, and there is no `rate`"
        return [(alone, EXAMPLE)] if "burst" in value else []
    written = value["rate"]
    if not isinstance(written, str) or _rate(written, 1) is not None:
        return []
    return [(f"`limits.rate`: `{written[:60]}` is no rate", _instead(written))]


def too_many(agent: Any, plugin: str, limits: Limits) -> list[Reason]:
    """That a plug-in cannot do as much at once as is asked of it, where it says so."""
    most = getattr(agent, "most_at_once", None)
    if most is None or limits.at_once <= most:
        return []
    said = (
        f"`limits.at_once`: `{plugin}` does no more than {most} at once, and {limits.at_once} are asked of it"
    )
    return [(said, getattr(agent, "more_at_once", None))]


def held_apart(agents: Sequence[str]) -> str:
    """What must be said of agents with limits where several hubs share a store, with its remedy: each hub keeps to them
    by itself. Empty where there are none."""
    if not agents:
        return ""
    named = ", ".join(f"`{name}`" for name in agents[:FEW])
    more = f" and {len(agents) - FEW} more" if len(agents) > FEW else ""
    has = "has" if len(agents) == 1 else "have"
    return (
        f"{named}{more} {has} `limits`, which each of the hubs that share a store keeps by itself: write the share of "
        "one hub, so that all together stay below what the other side takes"
    )


def elsewhere(name: str, value: Any) -> str | None:
    """What to write for a setting that says elsewhere what limits say here; None for any other."""
    plain = name.replace("_", "").replace("-", "").lower()
    if plain.removesuffix("limit") in _RATES or plain in _RATES:
        number = value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
        meant = f"{number} per second" if number else _meant(str(value)) or "100 per minute"
        return f'write `limits: {{ rate: "{meant}" }}`'
    if plain in _SLOTS:
        number = value if isinstance(value, int) and 0 < value <= MOST_AT_ONCE else 4
        return f"write `limits: {{ at_once: {int(number)} }}`"
    return None


def _rate(text: str, burst: int) -> Rate | None:
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    return Rate(int(found[1]), int(found[2] or 1) * _UNITS[found[3]], burst, found[0])


def _instead(written: str) -> str:
    """What to write for what can be guessed to be a rate."""
    meant = _meant(written)
    if meant is not None:
        return f'write `rate: "{meant}"`'
    if re.match(r"\s*0+\b", written):
        return "an agent that is not to be called is paused: `atamo pause agent NAME`"
    return EXAMPLE


def _meant(written: str) -> str | None:
    found = _MEANT.fullmatch(" ".join(written.lower().replace("/", " / ").split()))
    if found is None or not int(found["count"]) or int(found["many"] or 1) == 0:
        return None
    unit = next(name for name in _UNITS if name[0] == found["unit"][0])
    many = int(found["many"] or 1)
    return f"{int(found['count'])} per {f'{many} {unit}s' if many > 1 else unit}"
