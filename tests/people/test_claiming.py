"""Names that no directory has: nobody takes over who comes with them, and none outlives its organisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from atamo_rules.model.authority import Allow, Deny, Principal, Resource
from atamo_rules.model.people import User
from atamo_rules.people.decide import decide
from tests.people.scene import PEOPLE, RULES, Door, Refusing
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401


@pytest.fixture
def door(serve: Callable[..., Serving], tmp_path: Path) -> Door:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Door(serve(RULES, desk=Refusing()))


def shown(door: Door, key: str) -> httpx2.Response:
    return door.serving.web.get("/v1/types", headers={"authorization": f"Bearer {key}"})


def test_an_admin_of_an_organisation_takes_over_no_holder_of_a_key_of_others(door: Door) -> None:
    """Least of all that of the first start: it would open nothing from then on, for it is of no organisation."""
    ring = door.serving.controller.hub.keyring
    first, _ = door.serving.run(ring.make("admin", by="first start", role="admin", over="everything"))
    birchs, _ = door.serving.run(ring.make("ben", organisation="birch"))
    for kind in ("users", "services"):
        for name in ("admin", "ben"):
            answer = door.ask("ann", "PUT", f"/v1/people/{kind}/{name}", json={"organisation": "acme"})
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), name
    assert (shown(door, first).status_code, shown(door, birchs).status_code) == (200, 200)
    mine, _ = door.serving.run(ring.make("amy", organisation="acme"))
    assert door.ask("ann", "PUT", "/v1/people/users/amy", json={"organisation": "acme"}).status_code == 201
    assert shown(door, mine).status_code == 200
    assert door.ask("root", "PUT", "/v1/people/users/ben", json={"organisation": "birch"}).status_code == 201


def test_with_an_organisation_end_the_keys_of_those_whom_keys_alone_have_in_it(door: Door) -> None:
    assert door.ask("root", "PUT", "/v1/people/organisations/cedar", json={}).status_code == 201
    order = {"holder": "carl", "organisation": "cedar", "role": "viewer", "over": "organisation cedar"}
    key = door.ask("root", "POST", "/v1/keys", json=order).json()["key"]
    assert shown(door, key).status_code == 200
    assert door.ask("root", "DELETE", "/v1/people/organisations/cedar").status_code == 200
    assert shown(door, key).status_code == 401
    assert door.ask("root", "PUT", "/v1/people/organisations/cedar", json={}).status_code == 201
    assert shown(door, key).status_code == 401, "whoever is later called the same has none of it"


def test_a_name_is_somebodys_within_an_organisation() -> None:
    theirs = Resource("message", "acme", "shop")
    hubs = Resource("message", "", "shop")
    assert isinstance(decide(Principal(User("shop")), "message.read", theirs), Deny)
    assert isinstance(decide(Principal(User("shop")), "message.read", hubs), Allow)
    assert isinstance(decide(Principal(User("shop", organisation="acme")), "message.read", theirs), Allow)
