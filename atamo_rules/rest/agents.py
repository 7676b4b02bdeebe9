"""Agents and the types of what they do, over HTTP: as they were declared, how they stand, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.compiler.secrets import looks_secret
from atamo_rules.hub.agents.breaker import Breaker
from atamo_rules.hub.agents.lanes import Lane
from atamo_rules.hub.agents.limits import Limits
from atamo_rules.hub.agents.masking import SHOWN
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.telemetry.tally import OfAgent, spread
from atamo_rules.model.authority import Resource
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import ActionType
from atamo_rules.rest.access import Access
from atamo_rules.rest.operating import hold_json
from atamo_rules.rest.pages import listed
from atamo_rules.rest.problem import Problem, json_response


class Agents:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    # --- what can be asked ------------------------------------------------------------------------------

    async def action_types(self, request: Request) -> Response:
        """Every type of action, by name; one that several agents may do names them all."""
        return listed(request, "action_types", list(self._types().values()))

    async def action_type(self, request: Request) -> Response:
        """One type of action."""
        known, name = self._types(), str(request.path_params["name"])
        if name not in known:
            raise _unknown("action type", name, known, "GET /v1/action-types lists them")
        return json_response(known[name])

    def _types(self) -> dict[str, dict[str, Any]]:
        """By name: an agent's own as `agent.action`; a type that any agent may do once, with all that do it."""
        found: dict[str, dict[str, Any]] = {}
        ruleset = self.hub().current.ruleset
        for id, type in sorted(ruleset.actions.items()):
            name = type.name if id in ruleset.messages else id
            found.setdefault(name, _type(name, type))["agents"].append(type.agent)
        return dict(sorted(found.items()))

    # --- who does it ------------------------------------------------------------------------------------

    async def list(self, request: Request) -> Response:
        """Every agent of the rules in force. What they did is everybody's, so it takes `hub.read` over everything."""
        await self.access.require(request, "hub.read", Resource("agent"))
        return listed(request, "agents", [self._agent(name) for name in self._names()])

    async def show(self, request: Request) -> Response:
        """One agent."""
        await self.access.require(request, "hub.read", Resource("agent"))
        known, name = self._names(), str(request.path_params["name"])
        if name not in known:
            raise _unknown("agent", name, known, "GET /v1/agents lists them")
        return json_response(self._agent(name))

    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(self.hub().current.agents))

    def _agent(self, name: str) -> dict[str, Any]:
        hub = self.hub()
        bound, lane = hub.current.agents[name], hub.lanes.get(name)
        use = hub.current.ruleset.agents.get(name)
        breaker = lane.breaker if lane is not None else Breaker(bound.breaker)
        did = hub.tally.agents.get(name, OfAgent())
        hold = hub.holds.get(("agent", name))
        retry = asdict(hub.policy or bound.retry)
        return {
            "name": name,
            "plugin": bound.plugin,
            "about": use.about if use is not None else "",
            "does": sorted(one.name for one in hub.current.ruleset.actions.values() if one.agent == name),
            "settings": shown(dict(use.settings)) if use is not None else {},
            "concurrency": int(bound.at_once()),
            "timeout": float(bound.agent.timeout),
            "running": lane.running if lane is not None else 0,
            "held": hold is not None,
            "hold": hold_json(hold) if hold is not None else None,
            "breaker": _breaker(breaker, hub.clock.passed()),
            "limits": _limits(bound.limits, lane),
            "retry": {**retry, "never": sorted(retry["never"])},
            "counts": dict(did.counts),
            "took_ms": spread(did.took.latest),
        }


def _type(name: str, type: ActionType) -> dict[str, Any]:
    return {
        "name": name,
        "verb": type.verb,
        "about": type.about,
        "agents": [],
        "schema": schema_of(type.parameters),
        "answer": schema_of(type.answer) if type.answer is not None else None,
        "safe": type.sharing is not None,
        "retry": type.retry,
        **({"example": type.example} if type.example is not None else {}),
    }


def _limits(limits: Limits, lane: Lane | None) -> dict[str, Any]:
    """What its rules say it may be asked; of a rate the tokens that are there, and seconds until the next one where
    there is none."""
    rate = limits.rate
    if rate is None:
        return {"rate": None}
    tokens, seconds = (1.0, 0.0) if lane is None else lane.tokens.standing()
    return {"rate": rate.written, "burst": rate.burst, "tokens": int(tokens), "seconds": round(seconds, 3)}


def _breaker(breaker: Breaker, now: float) -> dict[str, Any]:
    """How a breaker stands; `seconds` until an attempt may begin, where it is open."""
    until = breaker.until
    state = "closed" if until is None else "half open" if now >= until else "open"
    return {
        "state": state,
        "failed": breaker.failed,
        "seconds": None if until is None else round(max(0.0, until - now), 3),
        "policy": asdict(breaker.policy),
    }


def shown(value: Any, key: str = "") -> Any:
    """Settings as they may be shown: without what is a secret by its name or by its looks."""
    if isinstance(value, Mapping):
        return {name: shown(one, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [shown(one, key) for one in value]
    return SHOWN if isinstance(value, str) and looks_secret(key, value) else value


def _unknown(what: str, name: str, known: Any, remedy: str) -> Problem:
    near = get_close_matches(name, list(known), n=1)
    code = f"unknown-{what.replace(' ', '-')}"
    hint = f"did you mean `{near[0]}`?" if near else remedy
    return Problem(404, code, f"there is no {what} `{name[:80]}`", remedy=hint)
