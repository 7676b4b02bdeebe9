"""Two organisations in one hub: whatever is asked of a thing of the other's, is answered as for one that nobody has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from atamo_rules.builtin.vaults.keys import KeySource
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.hub.hub import Hub
from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from atamo_rules.rest.openapi import plain
from tests.people.scene import PEOPLE, RULES, Door, Refusing
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.vault.places import key_file

OURS = {
    "GET /v1/types/{name}",
    "GET /v1/agents/{name}",
    "GET /v1/action-types/{name}",
    "GET /v1/people/{kind}",
}
"""What is the hub's and the same for all: event types, agents of the rules, their settings masked, and what they can
do; and a list, which names nothing."""
DOORS = {"POST /hooks/{path}"}
"""What asks for a signature and no key."""
NOBODYS = "nobodys"
BESIDE = {"write", "depth"}
"""What goes on beside an answer, which does not wait for it: a no is written to the audit, and the meter looks."""


class Watched:
    """A store, and which of its verbs were called."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        if callable(found) and name not in BESIDE:
            self.called.append(name)
        return found


@dataclass
class Two:
    """A hub in which birch has one of each thing, by the path that names it, and acme has none."""

    door: Door
    things: dict[str, list[tuple[str, str]]]
    """By path: the address of birch's thing, and that of one that nobody has."""

    @property
    def hub(self) -> Hub:
        return self.door.serving.controller.hub


def made(answer: httpx2.Response) -> Any:
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json()


@pytest.fixture
def two(serve: Callable[..., Serving], tmp_path: Path) -> Two:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    serving = serve(RULES, desk=Refusing())
    hub: Hub = serving.controller.hub
    vault = hub.vault = SealedVault(KeySource(str(key_file(tmp_path))))
    serving.run(vault.begin(hub.store, hub.clock))
    door = Door(serving)
    two = Two(door, {})
    event = made(door.ask("bob", "POST", "/v1/events", json={"type": "tick", "data": {"word": "w"}}))["id"]
    asked = made(door.ask("bob", "POST", "/v1/requests?type=ask", json={"word": "w"}))["id"]
    serving.run(hub.wait(f"@birch/bob##{event}", 60))
    serving.run(hub.wait(f"@birch/bob##{asked}", 60))
    (letter,) = made(door.ask("bob", "GET", "/v1/dead"))["letters"]
    rules = {"level": "organisation birch", "files": {"more.atamo": "rule more\n  on tick\n  stop\n"}}
    proposal = made(door.ask("bob", "POST", "/v1/proposals", json=rules))["id"]
    key = made(door.ask("bob", "POST", "/v1/keys", json={"holder": "bob"}))["id"]
    secret = made(
        door.ask("bob", "POST", "/v1/secrets", json={"agent": "desk", "value": "x", "hosts": ["a.example"]})
    )
    consent = made(
        door.ask("bob", "POST", "/v1/consents", json={"agent": "desk", "to": "organisation birch"})
    )
    made(door.ask("bob", "PUT", "/v1/holds/organisation/birch"))
    of = {
        "/v1/events/{id}": [
            (event, NOBODYS), (asked, f"@birch/bob##{NOBODYS}"), (f"@birch/bob##{event}", f"@birch/bob##{NOBODYS}"),
        ],
        "/v1/requests/{id}": [(asked, f"@birch/bob##{NOBODYS}")],
        "/v1/dead/{number}": [(str(letter["number"]), "999999")],
        "/v1/rules/{id}": [("birch_secret_rule", NOBODYS)],
        "/v1/proposals/{id}": [(proposal, NOBODYS)],
        "/v1/keys/{id}": [(key, NOBODYS)],
        "/v1/secrets/{id}": [(secret["id"], NOBODYS)],
        "/v1/consents/{id}": [(consent["id"], NOBODYS)],
        "/v1/holds/{kind}/{name}": [("organisation/birch", f"organisation/{NOBODYS}")],
        "/v1/people/{kind}/{name}": [
            ("users/bob", f"users/{NOBODYS}"), ("groups/birch_staff", f"groups/{NOBODYS}"),
            ("organisations/birch", f"organisations/{NOBODYS}"),
        ],
    }  # fmt: skip
    for path, pairs in of.items():
        stem = path.partition("{")[0]
        two.things[path] = [
            (stem + there.replace("#", "%23"), stem + none.replace("#", "%23")) for there, none in pairs
        ]
    return two


def calls(two: Two) -> Iterator[tuple[str, str, str]]:
    """Method, and both addresses, of everything that can be asked of a thing."""
    for entry in entries(lambda: two.hub, Access(lambda: two.hub)):
        path = plain(entry.path)
        call = f"{entry.method} {path}"
        if "{" not in path or call in OURS | DOORS:
            continue
        thing = next(one for one in two.things if path == one or path.startswith(f"{one}/"))
        for there, none in two.things[thing]:
            more = path.removeprefix(thing)
            yield entry.method, there + more, none + more


def told(answer: httpx2.Response, address: str) -> tuple[int, str]:
    """What an answer says, whatever the name in it that was asked for."""
    text = answer.text
    for piece in sorted(set(address.replace("%23", "#").split("/")), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(piece)}(?!\w)", "…", text) if piece else text
    return answer.status_code, text


WHY = {"why": "so"}
BODIES: dict[str, Any] = {
    "approve": {}, "reject": WHY, "withdraw": WHY, "rollback": WHY, "people": {"about": "x"},
}  # fmt: skip


def body(method: str, address: str) -> dict[str, Any]:
    """What is sent along, so that nothing is refused for its form."""
    if method not in ("POST", "PUT"):
        return {}
    return next(({"json": sent} for part, sent in BODIES.items() if part in address.split("/")), {})


def test_what_is_the_others_is_as_if_it_were_not_there(two: Two) -> None:
    """Each route that names a thing, by a name of birch's and by nobody's: one answer, word for word; and the store is
    asked the same, so that the time it takes tells nothing either. A new route fails here until it has its line."""
    watched = Watched(two.hub.store)
    two.hub.store = watched  # type: ignore[assignment]
    differing = []
    asked = 0
    for method, there, none in calls(two):
        said = []
        for address in (there, none):
            watched.called.clear()
            answer = two.door.ask("ann", method, address, **body(method, address))
            said.append((*told(answer, address), list(watched.called)))
        asked += 1
        if said[0] != said[1] or said[0][0] not in (403, 404):
            differing.append((method, there, said))
    assert not differing, "\n".join(map(str, differing))
    assert asked > 20


def test_its_own_organisation_is_answered(two: Two) -> None:
    """The same addresses lead somewhere for those whose things they are: else the test above would prove nothing."""
    removed = {f"/v1/{kind}/{{id}}" for kind in ("secrets", "consents")}
    for path, pairs in two.things.items():
        method = "DELETE" if path in removed else "GET"
        for there, none in pairs:
            assert two.door.ask("bob", method, there).status_code == 200, there
            assert two.door.ask("bob", method, none).status_code == 404, none
