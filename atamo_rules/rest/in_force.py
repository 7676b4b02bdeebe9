"""What is in force, over HTTP: the rules and the event types, each by its name too."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.hub.hub import Hub
from atamo_rules.model.rule import Rule
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import EventType
from atamo_rules.rest import meant
from atamo_rules.rest.access import Access
from atamo_rules.rest.pages import listed
from atamo_rules.rest.problem import Problem, json_response


class InForce:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    async def types(self, request: Request) -> Response:
        """The event types, each with its schema and policy."""
        return listed(request, "types", [_type(one) for one in self.hub().current.ruleset.events.values()])

    async def type(self, request: Request) -> Response:
        """One event type."""
        known, name = self.hub().current.ruleset.events, str(request.path_params["name"])
        if name not in known:
            raise _unknown("type", "event type", name, list(known), "GET /v1/types lists them")
        return json_response(_type(known[name]))

    async def rules(self, request: Request) -> Response:
        """The rules in force and the digest that names them."""
        ruleset = self.hub().current.ruleset
        every = [_rule(rule) for rule in self._seen(request)]
        return listed(request, "rules", every, digest=self.access.told(request).digest(ruleset.digest))

    async def rule(self, request: Request) -> Response:
        """One rule, with what it does and when it is tried. One that somebody may not see is one that is not there; one
        of their own organisation is known by the name that was written, too."""
        known, id = {rule.id: rule for rule in self._seen(request)}, str(request.path_params["id"])
        rule = known.get(meant.own_name(request, id)) or known.get(id)
        if rule is None:
            raise _unknown("rule", "rule", id, list(known), "GET /v1/rules lists them")
        targets = [plan.target for plan in rule.plans]
        return json_response(
            {
                **_rule(rule),
                "order": rule.order,
                "stop": rule.stop,
                "does": list(dict.fromkeys(targets)),
                "metadata": dict(rule.metadata),
            }
        )

    def _seen(self, request: Request) -> list[Rule]:
        return [
            rule for rule in self.hub().current.ruleset.rules if meant.sees_rule(self.access, request, rule)
        ]


def _type(type: EventType) -> dict[str, Any]:
    return {
        "name": type.name,
        "about": type.about,
        "request": type.request,
        "when_invalid": str(type.invalid),
        "schema": True if type.schema is None else type.schema,
        "answer": schema_of(type.answer) if type.answer is not None else None,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "about": rule.about,
        "on": rule.event,
        "status": str(rule.status),
        "at": str(rule.span),
        "digest": rule.digest,
    }


def _unknown(code: str, what: str, name: str, known: list[str], remedy: str) -> Problem:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else remedy
    return Problem(404, f"unknown-{code}", f"there is no {what} `{name[:80]}`", remedy=hint)
