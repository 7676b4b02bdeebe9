"""Keys at the door, and two organisations that see nothing of each other by any way in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from atamo_rules.hub.people.keyring import FAILURES
from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from tests.people.scene import PEOPLE, RULES, Door, Refusing
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401


@pytest.fixture
def door(serve: Callable[..., Serving], tmp_path: Path) -> Door:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Door(serve(RULES, desk=Refusing()))


def test_without_a_key_nobody_comes_in(door: Door) -> None:
    web = door.serving.web
    for given in ({}, {"authorization": "Bearer atm_aaaaaaaa_" + "x" * 43}, {"authorization": "Basic eA=="}):
        for path in ("/v1/types", "/v1/events/x", "/v1/audit", "/metrics", "/v1/keys"):
            answer = web.get(path, headers=given)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert web.get("/healthz").status_code == 200


def test_every_way_in_but_those_that_tell_nothing_of_anybody_asks_for_a_key(door: Door) -> None:
    table = entries(lambda: door.serving.controller.hub, Access(lambda: door.serving.controller.hub))
    # What is posted to /hooks shows that it is genuine by its signature.
    keyless = {"/healthz", "/readyz", "/openapi.json", "/docs", "/hooks/{path:path}"}
    assert {entry.path for entry in table if entry.verb is None} == keyless
    for entry in table:
        if entry.verb is not None:
            path = entry.path.replace("{id:path}", "x").replace("{number:place}", "1").replace("{id}", "x")
            path = path.replace("{kind}", "agent").replace("{name:path}", "desk")
            assert door.serving.web.request(entry.method, path).status_code == 401, entry


def test_wrong_keys_are_asked_to_wait_and_right_ones_are_not(door: Door) -> None:
    wrong = {"authorization": "Bearer atm_" + "a" * 8 + "_" + "b" * 43}
    got = [door.serving.web.get("/v1/types", headers=wrong).status_code for _ in range(FAILURES + 3)]
    assert got == [401] * FAILURES + [429] * 3
    assert door.web("ann").get("/v1/types").status_code == 200


def test_a_key_is_kept_as_a_digest_and_opens_nothing_once_revoked(door: Door) -> None:
    text, key = door.keys["eve"]
    hub = door.serving.controller.hub
    assert text not in repr(door.serving.run(hub.store.entries("keys")))
    listed = door.web("ann").get("/v1/keys")
    assert text not in listed.text
    assert [one["holder"] for one in listed.json()["keys"]] == ["ann", "eve"]
    assert door.web("bob").delete(f"/v1/keys/{key.id}").status_code == 404
    assert door.web("ann").delete(f"/v1/keys/{key.id}").status_code == 200
    assert door.web("eve").get("/v1/types").status_code == 401


def test_nobody_makes_a_key_that_may_more(door: Door) -> None:
    for order in (
        {"holder": "root"},
        {"holder": "bob"},
        {"holder": "eve", "role": "admin", "over": "everything"},
        {"holder": "ci", "organisation": "birch"},
    ):
        assert door.web("ann").post("/v1/keys", json=order).status_code == 403, order
    made = door.web("ann").post("/v1/keys", json={"holder": "eve", "verbs": ["types.read"], "expires": 1})
    assert made.status_code == 201
    bearer = {"authorization": f"Bearer {made.json()['key']}"}
    assert door.serving.web.get("/v1/types", headers=bearer).status_code == 200
    assert door.serving.web.post("/v1/events", headers=bearer, json={}).status_code == 403
    assert door.web("eve").post("/v1/keys", json={"holder": "eve"}).status_code == 403


def test_who_may_send_as_whom(door: Door) -> None:
    assert door.send("eve", "e1", "mine").status_code == 202
    assert door.send("eve", "e2", "hers", user="ann").status_code == 403
    assert door.send("ann", "e3", "hers", user="eve").status_code == 202
    assert door.send("ann", "e4", "his", user="bob").status_code == 403
    assert door.send("ann", "e5", "nobody knows", user="zoe").status_code == 403
    assert door.web("root").get("/v1/events/e3").json()["user"] == "eve"
    denied = door.web("root").get("/v1/audit", params={"kind": "access.denied"}).json()["records"]
    assert [one["event"] for one in denied] == ["e2", "e4", "e5"]


def test_the_same_idempotency_key_of_two_people_names_two_messages(door: Door) -> None:
    """Neither is taken for a repetition of the other's, nor learns that there is one."""
    heads, path, states = {"idempotency-key": "k1"}, "/v1/events?type=tick", []
    for who, word in (("ann", "a"), ("eve", "a"), ("eve", "a"), ("ann", "b"), ("bob", "b"), ("root", "a")):
        answer = door.web(who).post(path, json={"word": word}, headers=heads)
        states.append((answer.status_code, answer.json().get("id"), answer.json().get("state")))
    assert states == [
        (202, "ann/k1", "accepted"), (202, "eve/k1", "accepted"), (202, "eve/k1", "duplicate"), (409, None, None),
        (202, "bob/k1", "accepted"), (202, "root/k1", "accepted"),
    ]  # fmt: skip
    assert door.web("eve").get("/v1/events/ann%2Fk1").status_code == 404
    assert door.web("eve").get("/v1/events/eve%2Fk1").json()["user"] == "eve"


def test_the_audit_says_by_which_key_a_message_came(door: Door) -> None:
    _, key = door.keys["eve"]
    assert door.send("eve", "e1", "mine").status_code == 202
    assert door.send("eve", "e2", "hers", user="ann").status_code == 403
    for kind in ("event.accepted", "access.denied"):
        (record,) = door.web("root").get("/v1/audit", params={"kind": kind}).json()["records"]
        assert (record["what"]["via"], record["what"]["client"]) == ("http", f"key {key.id} 127.0.0.1")


def test_nothing_of_another_organisation_is_seen(door: Door) -> None:
    """Every GET there is, with every id of the other's: not a byte of what bob sent."""
    assert door.send("ann", "same", "acme-word").status_code == 202
    sent = door.send("bob", "same", "birchword")
    assert sent.status_code == 202, "ids of two organisations are two"
    assert door.send("bob", "birchid", "birchword", alerts=True).status_code == 202
    asked = door.web("bob").post("/v1/requests?type=ask", json={"word": "birchword"})
    assert asked.status_code in (200, 202)
    for key in (sent.json()["id"], "birchid"):
        door.serving.run(door.serving.controller.hub.wait(f"@birch/bob##{key}", 60))
    assert len(door.web("root").get("/v1/dead").json()["letters"]) == 3
    door.web("root").put("/v1/holds/organisation/birch")
    ids = [
        "same",
        "birchid",
        sent.headers["location"].split("/")[-1],
        asked.headers["location"].split("/")[-1],
    ]
    table = entries(lambda: door.serving.controller.hub, Access(lambda: door.serving.controller.hub))
    seen = 0
    for entry in table:
        if entry.method != "GET":
            continue
        for id in ids:
            path = entry.path.replace("{id:path}", id).replace("{number:place}", "1").replace("{id}", id)
            path = path.replace("{kind}", "organisation").replace("{name:path}", "birch")
            if path.endswith("/follow") and id == "same":
                continue  # a stream of one's own that stays open
            for more in ("", "?rule=birch_secret_rul", "?text=birch", f"?event={id}"):
                answer = door.web("ann").get(path + more)
                text = answer.text
                for given in (id, unquote(id), "birch_secret_rul", "paused"):
                    text = text.replace(f"`{given}`", "")  # what one wrote oneself
                text = text.replace("organisation `birch` is not", "")
                for foreign in ("birchword", "birchid", "bob", "birch_secret_rule", "@birch"):
                    assert foreign not in text, (path, more, answer.text)
                seen += answer.status_code == 200
    assert seen > 10
    mine = door.web("ann").get("/v1/events/same").json()
    assert (mine["user"], mine["id"]) == ("ann", "same")
    assert door.web("ann").get("/v1/events/birchid").text == door.web("ann").get("/v1/events/none").text
    assert door.web("ann").delete("/v1/events/birchid").status_code == 404
    assert [one["who"] for one in door.web("ann").get("/v1/dead").json()["letters"]] == ["ann"]
    order = {"which": {}}
    assert door.web("ann").post("/v1/dead/discard", json=order).json()["discarded"] == 1
    assert [one["who"] for one in door.web("root").get("/v1/dead").json()["letters"]] == ["bob", "bob"]
    assert door.web("ann").put("/v1/holds/organisation/birch").status_code == 404


@pytest.mark.parametrize("more", [{}, {"source": "/shop"}], ids=["without a source", "of one source"])
def test_an_id_of_one_person_is_nothing_to_another(door: Door, more: dict[str, str]) -> None:
    """Nobody learns by sending that somebody else has sent under an id, takes one from them, or is taken for them."""
    sent = (("eve", "first"), ("ann", "other"), ("eve", "first"), ("eve", "changed"), ("bob", "other"))
    states = [door.send(who, "same", word, **more).status_code for who, word in sent]
    assert states == [202, 202, 202, 409, 202]
    found = [
        door.send(who, "same", word, **more).json()["state"]
        for who, word in (("eve", "first"), ("ann", "other"))
    ]
    assert found == ["duplicate", "duplicate"]
    place = door.send("eve", "same", "first", **more).headers["location"]
    assert door.ask("eve", "GET", place).json()["user"] == "eve"
    assert door.ask("ann", "GET", place).json()["user"] == "eve", "an admin sees it under its key"
    if not more:
        assert [door.ask(who, "GET", "/v1/events/same").json()["user"] for who in ("eve", "ann")] == [
            "eve",
            "ann",
        ]


def test_an_id_finds_a_message_of_ones_organisation_whatever_others_call_theirs(door: Door) -> None:
    assert door.send("eve", "one", "w").status_code == 202
    before = door.ask("ann", "GET", "/v1/events/one")
    assert before.json()["user"] == "eve"
    assert door.send("bob", "one", "w").status_code == 202
    door.serving.run(door.serving.controller.hub.wait("@acme/eve##one", 60))
    assert door.ask("ann", "GET", "/v1/events/one").json()["user"] == "eve"
    assert door.ask("ann", "GET", "/v1/audit?event=one").json()["records"], "and its records"
    assert door.ask("root", "GET", "/v1/events/one").status_code == 404, "it is not said which"
