"""Tokens and consents over HTTP: handed over, listed by name, never told, and nobody's business but their owner's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest

from atamo_rules.builtin.vaults.keys import KeySource, new_key
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.hub.proposals.authority import may_decide
from atamo_rules.hub.proposals.proposal import Proposal
from atamo_rules.model.authority import Principal
from atamo_rules.people.read import read_sources
from atamo_rules.source.span import Source
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.vault.places import RULES, key_file

CANARY = "canary-7b1f00d5eedc0ffee"
PEOPLE = """
groups:
  desk: {}
users:
  ann: { organisation: acme, groups: [desk] }
  eve: { organisation: acme, groups: [desk] }
  lead: { organisation: acme }
  bob: { organisation: birch }
  root: {}
grants:
  - { to: user lead, role: admin, over: organisation acme }
  - { to: user lead, role: admin, over: group desk }
  - { to: user bob, role: admin, over: organisation birch }
  - { to: user root, role: admin, over: everything }
"""
PROPOSAL = Proposal("p1", "user ann", "acme", "ann", "", {}, {}, "", "", "", {})
NAMES = {"ann": "acme", "eve": "acme", "lead": "acme", "bob": "birch", "root": ""}


class Door:
    """A hub with a vault that asks for keys, and a client for each of its users."""

    def __init__(self, serving: Serving, key: Path) -> None:
        self.serving, self.key = serving, key
        hub = serving.controller.hub
        self.keys = {
            name: serving.run(hub.keyring.make(name, organisation=home))[0] for name, home in NAMES.items()
        }
        self.vault = hub.vault = SealedVault(KeySource(str(key)))
        serving.run(self.vault.begin(hub.store, hub.clock))

    def ask(self, name: str, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.keys[name]}"}
        answer = self.serving.web.request(method, path, headers=headers, **more)
        assert CANARY not in answer.text
        assert CANARY not in str(answer.headers)
        return answer

    def set(self, name: str, **more: Any) -> httpx2.Response:
        order = {"agent": "crm", "hosts": ["crm.example"], "value": CANARY, **more}
        return self.ask(name, "POST", "/v1/secrets", json=order)


@pytest.fixture
def door(serve: Callable[..., Serving], tmp_path: Path) -> Door:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Door(serve(RULES), key_file(tmp_path))


def test_a_token_is_set_listed_and_removed_and_never_told(door: Door) -> None:
    made = door.set("ann", about="the crm", consent=["project", "group desk"])
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    token = made.json()
    assert (token["who"], token["organisation"], token["version"]) == ("user ann", "acme", 1)
    assert "sealed" not in token
    assert "value" not in token
    assert door.set("ann").json()["version"] == 2
    listed = door.ask("ann", "GET", "/v1/secrets").json()["secrets"]
    assert [(one["id"], one["version"]) for one in listed] == [(token["id"], 2)]
    agreed = door.ask("ann", "GET", "/v1/consents").json()["consents"]
    assert [one["to"] for one in agreed] == ["project", "group desk"]
    door.ask("root", "GET", "/v1/audit", params={"kind": "secret."})
    hub = door.serving.controller.hub
    assert CANARY not in repr(door.serving.run(hub.store.entries("secrets")))
    assert door.ask("ann", "DELETE", f"/v1/secrets/{token['id']}").status_code == 200
    assert door.ask("ann", "DELETE", f"/v1/secrets/{token['id']}").status_code == 404
    kinds = [one.kind for one in door.serving.run(hub.store.audit(0, 1000)) if one.kind.startswith("secret")]
    assert kinds == ["secret.set", "secret.set", "secret.removed"]


def test_who_manages_whose(door: Door) -> None:
    """Everybody their own; an admin those within their reach; nobody another organisation's."""
    may = {
        (asks, of)
        for asks in NAMES
        for of in NAMES
        if door.set(asks, who=f"user {of}", hosts=[f"{asks}.example"]).status_code == 201
    }
    own = {(name, name) for name in NAMES}
    assert may == own | {("lead", "ann"), ("lead", "eve")} | {("root", name) for name in NAMES}
    seen = {
        name: {one["who"] for one in door.ask(name, "GET", "/v1/secrets").json()["secrets"]} for name in NAMES
    }
    assert seen["ann"] == {"user ann"}
    assert seen["lead"] == {"user ann", "user eve", "user lead"}
    assert seen["bob"] == {"user bob"}
    assert len(seen["root"]) == 5
    theirs = door.ask("ann", "GET", "/v1/secrets").json()["secrets"][0]["id"]
    for name in ("eve", "bob"):
        gone, none = (door.ask(name, "DELETE", f"/v1/secrets/{id}") for id in (theirs, "0" * 16))
        assert (gone.status_code, gone.text) == (404, none.text)


def test_nobody_agrees_for_another_user_whatever_their_role(door: Door) -> None:
    for asks in NAMES:
        for of in NAMES:
            order = {"agent": "crm", "hosts": ["crm.example"], "to": f"user {asks}", "who": f"user {of}"}
            answer = door.ask(asks, "POST", "/v1/consents", json=order)
            assert (answer.status_code == 201) == (asks == of), (asks, of)
            assert answer.status_code in (201, 403)
    assert door.set("root", who="user ann", consent=["project"]).status_code == 403
    assert "user ann" not in {one.binding.who for one in door.vault.tokens()}, "then nothing is set either"
    for name, code in (("lead", 201), ("ann", 403), ("bob", 403), ("root", 201)):
        order = {"agent": "crm", "to": "project", "who": "group desk", "organisation": "acme"}
        assert door.ask(name, "POST", "/v1/consents", json=order).status_code == code, name
    given = door.ask("ann", "GET", "/v1/consents").json()["consents"]
    assert {one["who"] for one in given} == {"user ann"}
    assert door.ask("eve", "DELETE", f"/v1/consents/{given[0]['id']}").status_code == 404
    assert door.ask("ann", "DELETE", f"/v1/consents/{given[0]['id']}").status_code == 200
    assert door.ask("ann", "GET", "/v1/consents").json()["consents"] == []


def test_the_keys_are_turned_by_those_who_keep_the_whole_hub(door: Door) -> None:
    door.set("ann")
    door.key.write_text(f"{new_key()}\n{door.key.read_text()}")
    for name in ("ann", "lead", "bob"):
        assert door.ask(name, "POST", "/v1/secrets/rotate").status_code == 403
    done = door.ask("root", "POST", "/v1/secrets/rotate").json()
    assert (done["sealed"], done["lost"]) == (1, [])
    door.key.chmod(0o644)
    answer = door.ask("root", "POST", "/v1/secrets/rotate")
    assert (answer.status_code, answer.json()["code"]) == (409, "keys")


@pytest.mark.parametrize(
    "order",
    [
        [CANARY],
        {"value": CANARY},
        {"agent": "crm"},
        {"agent": "crm", "value": {"x": CANARY}},
        {"agent": "crm", "value": CANARY, "kind": "weird"},
        {"agent": "crm", "value": CANARY, "hosts": "crm.example"},
        {"agent": "crm", "value": CANARY, "hosts": ["https://crm.example"]},
        {"agent": "crm", "value": CANARY, "who": "everybody"},
        {"agent": "crm", "value": CANARY, "organisation": "birch"},
        {"agent": "crm", "value": CANARY, "consent": ["whoever"]},
        {"agent": "crm", "value": CANARY, "kind": "oauth2"},
        {"agent": "crm", "value": '{"token_url": "https://evil.example/", "client_id": "a", "refresh_token": "b"}',
         "kind": "oauth2"},
        {"agent": "crm", "value": CANARY * 4000},
        {"agent": "crm", "value": CANARY, "kind": "basic"},
        {"agent": "crm", "value": CANARY, "kind": "header"},
        {"agent": "crm", "value": f"X-Key: {CANARY}\r\nX-More: 1", "kind": "header"},
        {"agent": "crm", "value": CANARY, "valeu": CANARY},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_not_repeated(door: Door, order: Any) -> None:
    answer = door.ask("ann", "POST", "/v1/secrets", json=order)
    assert (answer.status_code, answer.json()["code"]) in ((400, "order"), (422, "order"))
    broken = door.ask("ann", "POST", "/v1/secrets", content=f'{{"value": "{CANARY}"'.encode())
    assert broken.status_code == 400


def test_where_nobody_is_asked_who_they_are_it_is_said_whose_a_token_is(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    serving = serve(RULES)
    hub = serving.controller.hub
    hub.vault = SealedVault(KeySource(str(key_file(tmp_path))))
    serving.run(hub.vault.begin(hub.store, hub.clock))
    for path, more in (("/v1/secrets", {"value": CANARY}), ("/v1/consents", {"to": "project"})):
        answer = serving.post({"agent": "crm", **more}, path)
        assert answer.status_code == 422
        assert "`who` says whose it is, `user NAME` or `group NAME`" in answer.json()["detail"]
        assert serving.post({"agent": "crm", "who": "user ann", **more}, path).status_code == 201


@pytest.mark.parametrize(("kind", "called"), [("users", "user"), ("services", "user"), ("groups", "group")])
def test_who_is_later_called_as_somebody_removed_has_none_of_their_tokens(
    door: Door, kind: str, called: str
) -> None:
    """Neither what they had, nor what others agreed that their rules may use."""
    path, who = f"/v1/people/{kind}/gone", f"{called} gone"
    assert door.ask("lead", "PUT", path, json={"organisation": "acme"}).status_code == 201
    assert door.set("root", who=who, organisation="acme").status_code == 201
    if called == "group":  # nobody but themselves agrees as a user
        order = {
            "agent": "crm",
            "to": "project",
            "hosts": ["crm.example"],
            "who": who,
            "organisation": "acme",
        }
        assert door.ask("root", "POST", "/v1/consents", json=order).status_code == 201
    order = {"agent": "crm", "to": who, "hosts": ["crm.example"]}
    assert door.ask("ann", "POST", "/v1/consents", json=order).status_code == 201
    assert door.set("ann").status_code == 201
    assert door.ask("lead", "DELETE", path).status_code == 200
    assert door.ask("lead", "PUT", path, json={"organisation": "acme"}).status_code == 201
    assert [one.binding.who for one in door.vault.tokens()] == ["user ann"]
    assert door.serving.controller.hub.consents.given == {}
    kept = door.serving.run(door.serving.controller.hub.store.entries("consents"))
    assert not kept


def test_a_hub_without_a_vault_says_how_to_have_one(serve: Callable[..., Serving]) -> None:  # noqa: F811
    answer = serve(RULES).post({"agent": "crm", "value": CANARY}, "/v1/secrets")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-vault")
    assert "--vault file:vault.key" in answer.json()["remedy"]


def test_rules_of_a_user_come_in_force_by_that_user_alone() -> None:
    """They act as them without asking: nobody puts rules into another's name."""
    people, diagnostics = read_sources([Source("people.yaml", PEOPLE)])
    assert not diagnostics
    principals = {name: Principal(people.user(name), people.grants_of(people.user(name))) for name in NAMES}
    for author, approver in product(NAMES, NAMES):
        proposal = replace(PROPOSAL, level="user ann", author=author, tenant="acme")
        why = may_decide(principals[approver], proposal, people)
        if "ann" not in (author, approver):
            assert why == "rules of a user's own come in force by that user alone", (author, approver)
        elif author == "ann" and approver in ("lead", "root"):
            assert why == "", "what ann wrote herself others may approve"
