"""Every way in beside every role: what it takes is written out a second time, and nobody without it comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atamo_rules.people.roles import ROLES
from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from atamo_rules.rest.openapi import plain
from tests.people.scene import RULES
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401

NEEDS = {
    "types.read": "GET types, types/{name}, action-types, action-types/{name}",
    "event.send": "POST events",
    "request.send": "POST requests",
    "message.read": "GET events/{id}, events/{id}/trace, events/{id}/why, events/{id}/telemetry, events/{id}/follow, "
    "requests/{id}, requests/{id}/events",
    "message.cancel": "DELETE events/{id}, requests/{id}",
    "message.erase": "POST erasures",
    "rules.read": "GET rules, rules/{id}, proposals, proposals/{id}; "
    "POST proposals/{id}/approve, proposals/{id}/reject, proposals/{id}/rollback",
    "rules.change": "POST proposals, proposals/{id}/withdraw, try",
    "audit.read": "GET audit, audit/checkpoint, decided",
    "hub.read": "GET status, agents, agents/{name}, /metrics",
    "work.operate": "GET holds, holds/{kind}/{name}; PUT holds/{kind}/{name}; DELETE holds/{kind}/{name}; "
    "POST dead/redrive, dead/discard",
    "dead.read": "GET dead, dead/{number}",
    "people.manage": "GET people/{kind}, people/{kind}/{name}; PUT people/{kind}/{name}; DELETE people/{kind}/{name}",
    "keys.manage": "GET keys, keys/{id}; POST keys; DELETE keys/{id}",
    "secrets.manage": "GET secrets, consents; POST secrets, secrets/rotate, consents; "
    "DELETE secrets/{id}, consents/{id}",
}
OWN = {"message.read", "message.cancel", "secrets.manage"}
"""What everybody may with what is theirs: the route is open to all, and asks about the thing."""
HUBS = ("/v1/status", "/v1/agents", "/metrics", "/v1/audit/checkpoint")
"""What is told of everybody's work at once."""
PEOPLE = "users:\n" + "".join(
    f"  {role}: {{}}\n  {role}_acme: {{ organisation: acme }}\n" for role in ROLES
) + "  nobody: {}\ngrants:\n" + "".join(
    f"  - {{ to: user {role}, role: {role}, over: everything }}\n"
    f"  - {{ to: user {role}_acme, role: {role}, over: organisation acme }}\n" for role in ROLES
)  # fmt: skip


def needed() -> dict[str, str]:
    """The verb of each route, by method and path, of the table above."""
    found = {}
    for verb, written in NEEDS.items():
        for part in written.split("; "):
            method, _, paths = part.partition(" ")
            for path in paths.split(", "):
                found[f"{method} {path if path.startswith('/') else f'/v1/{path}'}"] = verb
    return found


@pytest.fixture
def serving(serve: Callable[..., Serving], tmp_path: Path) -> Serving:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return serve(RULES)


def test_every_route_takes_what_the_table_says(serving: Serving) -> None:
    hub = serving.controller.hub
    table = entries(lambda: hub, Access(lambda: hub))
    assert {f"{one.method} {plain(one.path)}": one.verb for one in table if one.verb is not None} == needed()


def test_no_role_comes_in_by_a_route_without_its_verb(serving: Serving) -> None:
    ring = serving.controller.hub.keyring
    unexpected = []
    for role in (*ROLES, "nobody"):
        for holder, organisation in ((role, ""), (f"{role}_acme", "acme")):
            key, _ = serving.run(ring.make(holder, organisation=organisation))
            for call, verb in needed().items():
                method, _, path = call.partition(" ")
                path = path.replace("{kind}", "users" if "people" in path else "agent").replace(
                    "{number}", "1"
                )
                path = path.replace("{id}", "none").replace("{name}", "none")
                answer = serving.web.request(method, path, headers={"authorization": f"Bearer {key}"})
                may = verb in ROLES.get(role, ()) or verb in OWN
                if may and organisation and path.startswith(HUBS):
                    may = False  # of an organisation, and this is the hub's
                if may and (method, path) == ("POST", "/v1/secrets/rotate"):
                    may = role == "admin" and not organisation
                if (answer.status_code != 403) != may:
                    unexpected.append((holder, call, answer.status_code))
                if not may:
                    assert answer.json()["code"] == "forbidden"
    assert not unexpected
