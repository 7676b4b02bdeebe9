"""Two pairs of eyes are two people: whoever made a key for somebody counts as both, however many keys are between."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest

from atamo_rules.builtin.vaults.keys import KeySource
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.hub.proposals.authority import may_decide
from atamo_rules.hub.proposals.proposal import Proposal, from_document
from atamo_rules.model.authority import Principal
from atamo_rules.people.read import read_sources
from atamo_rules.source.span import Source
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.vault.places import RULES, key_file

PEOPLE = """
users:
  ann: { organisation: acme }
  bob: { organisation: acme }
  eve: { organisation: acme }
  root: {}
grants:
  - { to: organisation acme, role: admin, over: organisation acme }
  - { to: user root, role: admin, over: everything }
"""
NAMES = {"ann": "acme", "bob": "acme", "eve": "acme", "root": ""}
LEVELS = ("hub", "organisation acme", "user ann", "user bob")
MAKERS = ((), ("root",), ("acme/bob",), ("acme/bob", "root"))
MINE = """
rule {name}
  owner "user ann"
  on tick
  do
    send crm.call
      n: 1
"""


def naive(name: str, by: tuple[str, ...], author: str, author_by: tuple[str, ...], level: str) -> bool:
    """The same decision, written for these people alone: everybody of acme is an admin there, root everywhere."""
    if level == "hub" and name != "root":
        return False
    if level.startswith("user "):
        whose = level.removeprefix("user ")
        if not (name == whose and not by) and not (author == whose and not author_by):
            return False
        if name == author == whose:
            return not by
    first = {f"acme/{name}" if NAMES[name] else name, *by}
    second = {f"acme/{author}" if NAMES[author] else author, *author_by}
    return not first & second


def test_the_whole_table_of_authors_approvers_levels_and_makers() -> None:
    people, diagnostics = read_sources([Source("people.yaml", PEOPLE)])
    assert not diagnostics
    yes = 0
    for name, by, author, author_by, level in product(NAMES, MAKERS, NAMES, MAKERS, LEVELS):
        user = people.user(name)
        who = Principal(user, people.grants_of(user), key="k", made_by=by)
        proposal = Proposal("p", level, NAMES[author], author, "", {}, {}, "", "", "", {}, made_by=author_by)
        may = may_decide(who, proposal, people) == ""
        assert may is naive(name, by, author, author_by, level), (name, by, author, author_by, level)
        yes += may
    assert 100 < yes < 500, "the table has both answers"


class Door:
    """A hub of a project with a vault; keys of its people that nobody else has, and some that others made for them."""

    def __init__(self, serving: Serving, key: Path) -> None:
        self.serving, self.hub = serving, serving.controller.hub
        self.keys = {name: serving.run(self.hub.keyring.make(name, organisation=home))[0]
                     for name, home in NAMES.items()}  # fmt: skip
        vault = self.hub.vault = SealedVault(KeySource(str(key)))
        serving.run(vault.begin(self.hub.store, self.hub.clock))

    def ask(self, key: str, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.keys[key]}"}
        return self.serving.web.request(method, path, headers=headers, **more)

    def make(self, key: str, called: str, holder: str, **more: Any) -> dict[str, Any]:
        """A key for somebody, made with another, and what it is called here."""
        answer = self.ask(key, "POST", "/v1/keys", json={"holder": holder, **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/v1/keys/{made['id']}"
        self.keys[called] = made.pop("key")
        return made

    def propose(self, key: str, level: str, files: dict[str, str]) -> dict[str, Any]:
        answer = self.ask(key, "POST", "/v1/proposals", json={"level": level, "files": files})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert made["state"] == "open", made
        return made

    def approve(self, key: str, made: dict[str, Any]) -> httpx2.Response:
        return self.ask(key, "POST", f"/v1/proposals/{made['id']}/approve", json={})


@pytest.fixture
def door(serve: Callable[..., Serving], tmp_path: Path) -> Door:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Door(serve(RULES), key_file(tmp_path))


def plain(name: str, level: str = "organisation acme") -> dict[str, str]:
    return {f"{name}.atamo": MINE.replace("{name}", name).replace("user ann", level)}


def test_an_admin_who_makes_keys_is_no_second_pair_of_eyes(door: Door) -> None:
    """As themselves and as somebody; as two others; and by a key that was made with a key that they made."""
    made = door.make("root", "ann by root", "ann")
    assert (made["by"], made["made_by"]) == ("root", ["root"])
    assert door.make("ann by root", "bob by ann by root", "bob")["made_by"] == ["acme/ann", "root"]
    assert door.make("ann by root", "ann again", "ann")["made_by"] == ["root"], "it stays on what it makes"
    door.make("root", "bob by root", "bob")
    door.make("ann", "bob by ann", "bob")
    tries = [("ann by root", "root"), ("ann by root", "bob by root"), ("ann", "bob by ann"),
             ("ann again", "bob by root"), ("bob by ann by root", "root"), ("ann", "ann by root")]  # fmt: skip
    for number, (author, approver) in enumerate(tries):
        one = door.propose(author, "organisation acme", plain(f"r{number}"))
        answer = door.approve(approver, one)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (author, approver)
        assert "it takes somebody else than its author" in answer.json()["detail"]
    last = door.propose("ann by root", "organisation acme", plain("last"))
    assert last["made_by"] == ["root"]
    assert door.approve("eve", last).status_code == 200, "somebody else is somebody else"
    rolled = f"/v1/proposals/{last['id']}/rollback"
    assert door.ask("root", "POST", rolled, json={}).status_code == 403
    assert door.ask("bob", "POST", rolled, json={}).status_code == 200


def test_rules_of_ones_own_come_in_force_by_no_key_that_others_made(door: Door) -> None:
    """They act as their owner without asking: an admin who makes a key would use what that user has for agents."""
    door.make("root", "ann by root", "ann")
    one = door.propose("ann by root", "user ann", plain("mine", "user ann"))
    for approver in ("ann by root", "root", "bob"):
        answer = door.approve(approver, one)
        assert answer.status_code == 403, approver
        assert "by that user alone" in answer.json()["detail"]
    assert door.approve("root", one).json()["remedy"] == "have that user decide it"
    assert "--folder PROJECT" in door.approve("ann by root", one).json()["remedy"]
    assert door.approve("ann", one).status_code == 200, "she has seen it herself"
    two = door.propose("ann", "user ann", plain("two", "user ann"))
    assert door.approve("ann by root", two).status_code == 403
    assert door.approve("ann", two).status_code == 200


def test_nobody_agrees_by_a_key_that_others_made(door: Door) -> None:
    door.make("root", "ann by root", "ann")
    order = {"agent": "crm", "hosts": ["crm.example"], "to": "user root"}
    answer = door.ask("ann by root", "POST", "/v1/consents", json=order)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "was made by `root`" in answer.json()["detail"]
    token = {"agent": "crm", "hosts": ["crm.example"], "value": "t"}
    both = door.ask("ann by root", "POST", "/v1/secrets", json={**token, "consent": ["user root"]})
    assert both.status_code == 403
    assert door.ask("ann", "GET", "/v1/secrets").json()["secrets"] == [], "then nothing is set either"
    assert door.ask("ann by root", "POST", "/v1/secrets", json=token).status_code == 201
    assert door.ask("ann", "POST", "/v1/consents", json=order).status_code == 201


def test_the_audit_tells_who_made_a_key_and_who_may_have_sent_a_proposal(door: Door) -> None:
    made = door.make("root", "ann by root", "ann")
    child = door.make("ann by root", "bob by ann", "bob")
    one = door.propose("ann by root", "organisation acme", plain("told"))
    assert door.approve("eve", one).status_code == 200
    records = door.serving.run(door.hub.store.audit(0, 1000))
    told = {one.what["key"]: one.what for one in records if one.kind == "key.created"}
    assert (told[made["id"]]["by"], told[made["id"]]["made_by"]) == ("root", ["root"])
    assert told[child["id"]]["made_by"] == ["acme/ann", "root"]
    assert told[child["id"]]["parent"] == made["id"] == child["parent"]
    sent = next(one for one in records if one.kind == "rules.submitted")
    assert (sent.who, sent.what["author_made_by"], sent.what["key"]) == ("ann", ["root"], made["id"])
    approved = next(one for one in records if one.kind == "rules.approved")
    assert (approved.who, approved.what["key"]) == ("eve", door.keys["eve"].split("_")[1])


def test_a_key_ends_no_later_than_the_one_it_is_made_with(door: Door) -> None:
    """Who finds a key that ends soon has nothing that lasts by it."""
    short = door.make("root", "short", "root", expires=1)
    assert door.make("short", "child", "root")["expires"] == short["expires"]
    assert door.make("short", "others", "ann")["expires"] == short["expires"]
    answer = door.ask("short", "POST", "/v1/keys", json={"holder": "ann", "expires": 2})
    assert (answer.status_code, answer.json()["code"]) == (422, "order")
    assert short["expires"] in answer.json()["detail"]
    assert door.make("root", "long", "root")["expires"] == ""
    assert door.ask("root", "GET", f"/v1/keys/{short['id']}").json()["expires"] == short["expires"]
    narrow = door.make("root", "narrow", "root", verbs=["keys.manage", "message.read"])
    assert narrow["parent"] == door.keys["root"].split("_")[1]
    for verbs, code in (
        ([], 403),
        (["audit.read"], 403),
        (["message.read", "audit.read"], 403),
        (["message.read"], 201),
    ):
        order = {"holder": "root", "verbs": verbs}
        assert door.ask("narrow", "POST", "/v1/keys", json=order).status_code == code, verbs


def test_a_proposal_of_before_makers_were_kept_is_its_authors() -> None:
    document = Proposal("p", "hub", "acme", "ann", "", {}, {}, "", "", "", {}).document()
    del document["made_by"]
    assert from_document(document).persons == {"acme/ann"}


def test_a_key_is_revoked_with_all_that_were_made_with_it(door: Door) -> None:
    lost = door.make("root", "lost", "root")
    door.make("lost", "child", "ann")
    door.make("child", "grandchild", "bob")
    path = f"/v1/keys/{lost['id']}"
    assert door.ask("root", "DELETE", path, params={"made": "perhaps"}).json()["code"] == "parameter"
    done = door.ask("root", "DELETE", path, params={"made": "true"}).json()
    assert (done["id"], len(done["also"]), bool(done["revoked"])) == (lost["id"], 2, True)
    for name, code in (("lost", 401), ("child", 401), ("grandchild", 401), ("root", 200), ("ann", 200)):
        assert door.ask(name, "GET", "/v1/consents").status_code == code, name
    mine = door.keys["root"].split("_")[1]
    door.make("root", "second", "root")
    answer = door.ask("root", "DELETE", f"/v1/keys/{mine}", params={"made": "true"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last-admin"), "both are the last"
    assert door.ask("root", "DELETE", f"/v1/keys/{mine}").status_code == 200
    assert door.ask("second", "GET", "/v1/keys").status_code == 200, "a child does not end with its parent"
