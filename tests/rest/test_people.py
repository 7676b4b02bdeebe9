"""People over HTTP: made, changed and removed for who may, at once in force, kept, audited; the files win."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.hub.hub import Hub
from tests.people.scene import PEOPLE, RULES, Door, Refusing
from tests.places import write
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]


@pytest.fixture
def door(serve: Serve, tmp_path: Path) -> Door:
    write(tmp_path / "p0", {"people.yaml": PEOPLE.replace("groups:", "groups:\n  staff: {}", 1)})
    return Door(serve(RULES, desk=Refusing()))


def put(door: Door, who: str, path: str, entry: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = door.web(who).put(f"/v1/people/{path}", json=entry)
    return answer.status_code, answer.json()


def test_a_user_is_made_changed_and_removed_at_once_in_force(door: Door) -> None:
    hub: Hub = door.serving.controller.hub
    assert put(door, "ann", "groups/team", {"organisation": "acme"})[0] == 201
    status, made = put(door, "ann", "users/fay", {"organisation": "acme", "groups": ["team"], "about": "new"})
    assert (status, made["kept"], made["member_of"]) == (201, "hub", ["team"])
    assert made["grants"] == ["sender over organisation acme"]
    key = door.web("ann").post("/v1/keys", json={"holder": "fay"}).json()["key"]
    mine = {"authorization": f"Bearer {key}"}
    sent = door.serving.web.post(
        "/v1/events", json={"type": "tick", "id": "f", "data": {"word": "x"}}, headers=mine
    )
    assert sent.status_code == 202
    event = door.serving.run(hub.store.event("@acme/fay##f"))
    assert (event.user.name, event.user.groups) == ("fay", {"team"})
    assert put(door, "ann", "users/fay", {"organisation": "acme"})[0] == 200
    assert hub.current.intake.people.users["fay"].groups == frozenset()
    assert door.web("ann").delete("/v1/people/users/fay").status_code == 200
    assert door.serving.web.get("/v1/types", headers=mine).status_code == 401, (
        "its keys open nothing any more"
    )
    records = door.web("root").get("/v1/audit", params={"kind": "people."}).json()["records"]
    assert [(one["kind"], one["who"], one["what"]["name"]) for one in records] == [
        ("people.changed", "ann", "team"), ("people.changed", "ann", "fay"), ("people.changed", "ann", "fay"),
        ("people.removed", "ann", "fay"),
    ]  # fmt: skip


def test_the_files_win_and_say_so(door: Door) -> None:
    status, told = put(door, "root", "users/eve", {"organisation": "birch"})
    assert (status, told["code"]) == (409, "in-files")
    assert door.web("root").delete("/v1/people/users/eve").json()["code"] == "in-files"
    assert door.web("root").get("/v1/people/users/eve").json()["kept"] == "files"
    assert put(door, "root", "services/eve", {})[1]["code"] == "taken"


def test_who_may_not_is_told_as_little_of_what_is_there_as_of_what_is_not(door: Door) -> None:
    web = door.web("ann")
    assert web.get("/v1/people/users/bob").text.replace("bob", "x") == web.get(
        "/v1/people/users/zoe"
    ).text.replace("zoe", "x")
    assert [one["name"] for one in web.get("/v1/people/users").json()["users"]] == ["ann", "eve"]
    there, not_there = put(door, "ann", "users/bob", {}), put(door, "ann", "users/zed", {})
    assert there == not_there
    assert there[0] == 403
    assert web.delete("/v1/people/users/bob").status_code == 404
    assert door.web("eve").get("/v1/people/users").status_code == 403
    denied = door.web("root").get("/v1/audit", params={"kind": "access.denied"}).json()["records"]
    assert {one["what"]["verb"] for one in denied} == {"people.manage"}


@pytest.mark.parametrize(
    ("path", "entry", "detail"),
    [
        ("users/x", {"group": ["staff"]}, "group"),
        ("users/x", {"groups": ["staf"]}, "there is no group `staf`"),
        ("users/x", {"organisation": "nowhere"}, "there is no organisation `nowhere`"),
        ("groups/x", {"in": ["x"]}, "a group is in itself: `x` in `x`"),
        ("groups/x", {"in": "staff"}, "`in`"),
        ("users/" + "x" * 257, {}, "a name has"),
    ],
)
def test_what_is_wrong_is_said(door: Door, path: str, entry: dict[str, Any], detail: str) -> None:
    status, told = put(door, "root", path, entry)
    assert (status, told["code"]) in ((400, "order"), (422, "order"))
    assert detail in told["detail"]


def test_what_is_in_use_is_not_removed(door: Door) -> None:
    assert put(door, "root", "organisations/cedar", {"about": "Cedar"})[0] == 201
    assert put(door, "root", "services/robot", {"organisation": "cedar"})[0] == 201
    assert door.web("root").delete("/v1/people/organisations/cedar").json()["code"] == "in-use"
    assert door.web("root").delete("/v1/people/services/robot").status_code == 200
    assert door.web("root").delete("/v1/people/organisations/cedar").status_code == 200
    assert door.web("root").get("/v1/people/organisations/cedar").status_code == 404
    assert door.web("root").get("/v1/people/organisation").json()["remedy"] == "did you mean `organisations`?"


def test_people_outlive_a_reload_and_a_restart(door: Door) -> None:
    hub: Hub = door.serving.controller.hub
    assert put(door, "root", "users/fay", {"organisation": "acme"})[0] == 201
    door.serving.run(door.serving.controller._activate(door.serving.controller.ruled))
    assert "fay" in hub.current.intake.people.users

    async def next_start() -> set[str]:
        again = Hub(door.serving.controller.ruled, hub.store)
        await again.members.load()
        return set(again.current.intake.people.users)

    assert door.serving.run(next_start()) == {"ann", "bob", "eve", "fay", "root"}


def test_a_misspelt_group_is_told_to_an_organisations_admin_and_anothers_is_as_if_it_were_not_there(
    door: Door,
) -> None:
    assert put(door, "ann", "groups/team", {"organisation": "acme"})[0] == 201
    for kind, member in (("users", "groups"), ("groups", "in")):
        entry = {"organisation": "acme", member: ["teem"]}
        status, told = put(door, "ann", f"{kind}/fay_{kind}", entry)
        assert (status, told["detail"]) == (422, "there is no group `teem`")
        assert told["remedy"] == "did you mean `team`?"
        answers = [
            put(door, "ann", f"{kind}/fay_{kind}", {**entry, member: [name]})
            for name in ("birch_staff", "nobodys")
        ]
        assert [status for status, _ in answers] == [422, 422]
        assert answers[0][1]["detail"].replace("birch_staff", "nobodys") == answers[1][1]["detail"]
        assert "remedy" not in answers[0][1]
    assert put(door, "ann", "users/gil", {"organisation": "birch", "groups": ["teem"]})[0] == 403, (
        "not theirs"
    )
    assert put(door, "eve", "users/gil", {"organisation": "acme", "groups": ["teem"]})[0] == 403
