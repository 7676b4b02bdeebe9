"""Rules submitted while the hub runs: who may, what is found, what holds, and that it outlives the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.proposals.proposals import Refused
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = """
event tick
  n: whole
  word: text = "x"

event atamo.rules.submitted
  proposal: text
  level: text
  author: text
  base: text
  made: text
  why: text
  who: text
  tenant: text
  about: text

agent desk
  uses log
  send note
    word: text

agent watch
  uses log
  send tell
    word: text

rule base
  on tick
  when n > 100
  do
    send desk.note
      word: word

rule told
  on atamo.rules.submitted
  do
    send watch.tell
      word: "{{ author }}: {{ level }}"
"""
PEOPLE = """
users:
  ann: { organisation: acme, groups: [ops] }
  amy: { organisation: acme, groups: [ops] }
  bob: { organisation: birch }
  vic: { organisation: acme }
services:
  bot: { organisation: acme }
groups:
  ops: {}
grants:
  - { to: user ann, role: author, over: own }
  - { to: user ann, role: author, over: organisation acme }
  - { to: user amy, role: approver, over: organisation acme }
  - { to: user amy, role: author, over: organisation acme }
  - { to: user bob, role: admin, over: organisation birch }
  - { to: user vic, role: viewer, over: organisation acme }
  - { to: user bot, role: author, over: organisation acme }
  - { to: user bot, role: approver, over: organisation acme }
"""
MINE = """
rule mine
  owner "user ann"
  on tick
  when n > 5
  do
    send desk.note
      word: "mine {{ word }}"
"""
TEAM = MINE.replace("user ann", "organisation acme").replace("rule mine", "rule team")


class Hub:
    """A hub whose people have keys."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        ring = serving.controller.hub.keyring
        who = {"ann": "acme", "amy": "acme", "bob": "birch", "vic": "acme", "bot": "acme"}
        self.keys = {name: serving.run(ring.make(name, organisation=place))[0] for name, place in who.items()}

    def ask(self, who: str, method: str, path: str, value: Any = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        return self.serving.web.request(method, path, json=value, headers=headers)

    def submit(self, who: str, level: str, **files: str | None) -> httpx2.Response:
        named = {f"{name}.atamo": text for name, text in files.items()}
        return self.ask(who, "POST", "/v1/proposals", {"level": level, "files": named})

    def rules(self) -> list[str]:
        return sorted(rule.id for rule in self.serving.controller.hub.current.ruleset.rules)


@pytest.fixture
def hub(serve: Callable[..., Serving], tmp_path: Path) -> Hub:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Hub(serve(RULES))


def test_rules_of_ones_own_are_submitted_approved_and_rolled_back(hub: Hub) -> None:
    made = hub.submit("ann", "user ann", mine=MINE)
    assert made.status_code == 201, made.text
    proposal = made.json()
    assert (proposal["state"], proposal["author"]) == ("open", "ann")
    assert proposal["report"]["rules"]["added"] == ["acme/mine"]
    assert "acme/mine" not in hub.rules(), "nothing holds before it is approved"
    done = hub.ask("ann", "POST", f"/v1/proposals/{proposal['id']}/approve", {"base": proposal["base"]})
    assert (done.status_code, done.json()["state"]) == (200, "applied")
    assert hub.rules() == ["acme/mine", "base", "told"]
    assert hub.ask("ann", "GET", "/v1/rules").json()["digest"] == proposal["digest"]
    again = hub.ask("ann", "POST", f"/v1/proposals/{proposal['id']}/approve", {})
    assert (again.status_code, again.json()["code"]) == (409, "decided")
    back = hub.ask("ann", "POST", f"/v1/proposals/{proposal['id']}/rollback", {})
    assert (back.status_code, back.json()["state"]) == (200, "rolled back")
    assert hub.rules() == ["base", "told"]


def test_a_report_says_what_is_proved_of_the_rules_and_of_their_change(hub: Hub) -> None:
    never = MINE.replace("n > 5", 'n > 5 and (n < 2 or word is "a") and word is not "a"')
    twice = MINE.replace("rule mine", "rule again").replace("n > 5", "n > 7")
    report = hub.submit(
        "ann", "user ann", never=never, mine=MINE.replace("mine", "kept") + twice.replace("mine", "kept")
    )
    found = report.json()["report"]["findings"]
    assert sorted(one["code"] for one in found) == ["W0601", "W0604"]
    first = hub.submit("ann", "user ann", mine=MINE).json()
    hub.ask("ann", "POST", f"/v1/proposals/{first['id']}/approve", {"base": first["base"]})
    same = hub.submit("ann", "user ann", mine=MINE.replace("n > 5", "not n <= 5")).json()
    more = hub.submit("ann", "user ann", mine=MINE.replace("n > 5", "n > 3")).json()
    acts = [one["report"]["rules"]["acts"] for one in (same, more)]
    assert acts == [
        {"acme/mine": {"more": None, "less": None, "same": True}},
        {"acme/mine": {"more": {"n": 4}, "less": None, "same": False}},
    ]


def test_what_is_proved_says_nothing_of_other_peoples_rules(hub: Hub) -> None:
    """Its own rule is taken everything from by one of the hub's level, which its author may not see."""
    root = hub.serving.run(hub.serving.controller.hub.keyring.make("root", role="admin", over="everything"))[
        0
    ]
    wall = "rule wall\n  order 1\n  on tick\n  when n > 4\n  stop\n"
    hub.keys["root"], hub.keys["boss"] = (
        root,
        hub.serving.run(hub.serving.controller.hub.keyring.make("boss", role="admin", over="everything"))[0],
    )
    made = hub.submit("root", "hub", wall=wall).json()
    assert hub.ask("boss", "POST", f"/v1/proposals/{made['id']}/approve", {}).json()["state"] == "applied"
    assert hub.submit("ann", "user ann", mine=MINE).json()["report"]["findings"] == []


def test_above_ones_own_level_it_takes_four_eyes(hub: Hub) -> None:
    proposal = hub.submit("amy", "organisation acme", team=TEAM).json()
    path = f"/v1/proposals/{proposal['id']}/approve"
    assert hub.ask("amy", "POST", path, {}).status_code == 403, "she may approve, but not her own"
    assert hub.ask("ann", "POST", path, {}).status_code == 403, "an author is no approver"
    assert hub.ask("bob", "POST", path, {}).status_code == 404, "another organisation sees nothing"
    other = hub.submit("ann", "organisation acme", team=TEAM).json()
    assert hub.ask("amy", "POST", f"/v1/proposals/{other['id']}/approve", {}).status_code == 200
    assert "acme/team" in hub.rules()


def test_what_the_hubs_people_submit_for_an_organisation_is_its_own_to_approve(hub: Hub) -> None:
    ring = hub.serving.controller.hub.keyring
    hub.keys["root"], _ = hub.serving.run(ring.make("root", role="admin", over="everything"))
    hub.keys["like"], _ = hub.serving.run(ring.make("root", organisation="acme", role="viewer"))
    hub.keys["other"], _ = hub.serving.run(
        ring.make("root", organisation="birch", role="admin", over="everything")
    )
    made = hub.submit("root", "organisation acme", team=TEAM).json()
    assert (made["state"], made["tenant"], made["sender"]) == ("open", "acme", "root")
    path = f"/v1/proposals/{made['id']}"
    assert [hub.ask(who, "GET", path).status_code for who in ("root", "amy", "ann")] == [200, 200, 200]
    assert [hub.ask(who, "GET", path).status_code for who in ("bob", "vic", "like", "other")] == [404] * 4
    assert hub.ask("like", "POST", f"{path}/withdraw", {}).status_code in (403, 404), (
        "its author in name only"
    )
    assert hub.ask("root", "POST", f"{path}/approve", {}).status_code == 403, "two pairs of eyes"
    assert hub.ask("amy", "POST", f"{path}/approve", {}).json()["state"] == "applied"
    assert "acme/team" in hub.rules()
    whole = hub.submit("root", "hub", all=MINE.replace('owner "user ann"', "")).json()
    assert whole["tenant"] == ""
    assert hub.ask("amy", "GET", f"/v1/proposals/{whole['id']}").status_code == 404, (
        "the hub's own are nobody's"
    )


def test_a_machine_approves_nothing_of_its_own(hub: Hub) -> None:
    proposal = hub.submit("bot", "organisation acme", team=TEAM).json()
    assert hub.ask("bot", "POST", f"/v1/proposals/{proposal['id']}/approve", {}).status_code == 403
    assert hub.ask("amy", "POST", f"/v1/proposals/{proposal['id']}/approve", {}).status_code == 200


@pytest.mark.parametrize(
    "level", ["hub", "user amy", "user bob", "group ops", "organisation birch", "user vic"]
)
def test_nobody_submits_beyond_what_they_were_granted(hub: Hub, level: str) -> None:
    assert hub.submit("vic", level, mine=MINE).status_code == 403
    assert hub.submit("bob", level, mine=MINE).status_code == (
        201 if "birch" in level or "bob" in level else 403
    )
    hub.serving.run(hub.serving.controller.hub.store.head())
    found = hub.serving.run(hub.serving.controller.hub.store.audit(0, 500))
    assert any(one.kind == "access.denied" for one in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINE.replace('  owner "user ann"\n', ""), 'is not owned by user ann: write `owner "user ann"`'),
        (MINE.replace("user ann", "user amy"), "is not owned by user ann"),
        (MINE + "  stop\n", "cannot end an event for the rules of others"),
        (MINE.replace("send desk.note", "send desk.note as user amy"), "acts as user amy"),
        ("event tock\n  n: whole\n" + MINE, "event declarations are the hub's"),
        ("agent mole\n  uses log\n  send x of anything\n" + MINE, "agent declarations are the hub's"),
    ],
)
def test_rules_that_reach_beyond_their_level_are_refused_with_their_place(
    hub: Hub, text: str, says: str
) -> None:
    made = hub.submit("ann", "user ann", mine=text).json()
    assert made["state"] == "refused"
    assert any(
        says in one and "submitted/@acme/user-ann/mine.atamo:" in one for one in made["report"]["refused"]
    )
    assert hub.ask("ann", "POST", f"/v1/proposals/{made['id']}/approve", {}).json()["code"] == "decided"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MINE.replace("n > 5", "m > 5"), "E0201"),
        (MINE.replace("when n", "wehn n"), "E01"),
        (MINE + '  test "t"\n    given tick { n: 1 }\n    expect desk.note\n', "E0701"),
    ],
)
def test_what_verify_would_find_is_found(hub: Hub, text: str, code: str) -> None:
    made = hub.submit("ann", "user ann", mine=text).json()
    assert made["state"] == "refused"
    assert any(one["code"].startswith(code) for one in made["report"]["findings"])


def test_what_recent_events_would_have_met_is_told(hub: Hub) -> None:
    for n in (1, 50, 200):
        sent = {"type": "tick", "id": f"t{n}", "data": {"n": n}, "user": "ann"}
        hub.serving.run(hub.serving.controller.hub.submit_json(sent))
        hub.serving.run(hub.serving.controller.hub.wait(f"t{n}", 60))
    impact = hub.submit("ann", "user ann", mine=MINE).json()["report"]["impact"]
    assert (impact["events"], impact["differ"], impact["rules"]["more"]) == (3, 2, {"acme/mine": 2})


def test_other_rules_by_now_make_it_stale_and_show_what_is_found_against_them(
    hub: Hub, tmp_path: Path
) -> None:
    first = hub.submit("ann", "user ann", mine=MINE).json()
    second = hub.submit("ann", "user ann", other=MINE.replace("rule mine", "rule other")).json()
    assert hub.ask("ann", "POST", f"/v1/proposals/{first['id']}/approve", {}).status_code == 200
    stale = hub.ask("ann", "POST", f"/v1/proposals/{second['id']}/approve", {"base": second["base"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    base = hub.serving.controller.hub.current.digest
    assert hub.ask("ann", "POST", f"/v1/proposals/{second['id']}/approve", {"base": base}).status_code == 200
    assert hub.rules() == ["acme/mine", "acme/other", "base", "told"]


def test_a_later_change_of_the_same_file_is_not_lost_by_rolling_back(hub: Hub) -> None:
    first = hub.submit("ann", "user ann", mine=MINE).json()
    hub.ask("ann", "POST", f"/v1/proposals/{first['id']}/approve", {})
    second = hub.submit("ann", "user ann", mine=MINE.replace("n > 5", "n > 6")).json()
    assert list(second["report"]["rules"]["changed"]) == ["acme/mine"]
    hub.ask("ann", "POST", f"/v1/proposals/{second['id']}/approve", {})
    assert hub.ask("ann", "POST", f"/v1/proposals/{first['id']}/rollback", {}).json()["code"] == "overtaken"
    assert hub.ask("ann", "POST", f"/v1/proposals/{second['id']}/rollback", {}).status_code == 200
    assert hub.ask("ann", "POST", f"/v1/proposals/{first['id']}/rollback", {}).status_code == 200
    assert hub.rules() == ["base", "told"]


def test_it_is_rejected_withdrawn_and_listed(hub: Hub) -> None:
    one = hub.submit("ann", "organisation acme", team=TEAM).json()["id"]
    two = hub.submit("ann", "user ann", mine=MINE).json()["id"]
    assert hub.ask("bot", "POST", f"/v1/proposals/{two}/withdraw", {}).status_code in (403, 404)
    assert (
        hub.ask("ann", "POST", f"/v1/proposals/{two}/withdraw", {"why": "not yet"}).json()["state"]
        == "withdrawn"
    )
    assert hub.ask("amy", "POST", f"/v1/proposals/{one}/reject", {"why": "no"}).json()["why"] == "no"
    listed = hub.ask("ann", "GET", "/v1/proposals").json()["proposals"]
    assert {(p["id"], p["state"]) for p in listed} == {(one, "rejected"), (two, "withdrawn")}
    assert hub.ask("bob", "GET", "/v1/proposals").json()["proposals"] == []
    assert hub.ask("bob", "GET", f"/v1/proposals/{one}").status_code == 404


def test_each_step_is_audited_and_an_event_that_rules_act_on(hub: Hub) -> None:
    made = hub.submit("ann", "user ann", mine=MINE).json()
    hub.ask("ann", "POST", f"/v1/proposals/{made['id']}/approve", {})
    store = hub.serving.controller.hub.store
    kinds = [one.kind for one in hub.serving.run(store.audit(0, 1000)) if one.kind.startswith("rules.")]
    assert [k for k in kinds if k != "rules.activated"] == [
        "rules.submitted",
        "rules.verified",
        "rules.approved",
    ]
    hub.serving.run(hub.serving.controller.hub.wait(f"rules.submitted:{made['id']}:open", 60))
    told = hub.serving.run(store.told(hub.serving.run(store.find(f"rules.submitted:{made['id']}:open"))))
    assert told["rules"] == ["told"] if "rules" in told else told["state"]


def test_an_event_is_tried_without_effect(hub: Hub) -> None:
    order = {
        "event": {"type": "tick", "data": {"n": 7, "word": "w"}}, "level": "user ann", "files": {"mine.atamo": MINE}
    }  # fmt: skip
    tried = hub.ask("ann", "POST", "/v1/try", order).json()
    assert tried["matched"] == ["acme/mine"], tried
    assert tried["actions"][0]["body"] == {"word": "mine w"}
    assert "acme/mine" not in hub.rules()
    assert hub.ask("vic", "POST", "/v1/try", order).status_code == 403


@pytest.mark.parametrize(
    "order",
    [
        [], "x", {"level": "user ann"}, {"level": "ann", "files": {"a.atamo": ""}},
        {"level": "user ann", "files": {"../a.atamo": ""}}, {"level": "user ann", "files": {"a.txt": ""}},
        {"level": "user ann", "files": {}}, {"level": "user ann", "files": {"a.atamo": 1}},
        {"level": "user ann", "files": {"a.atamo": "x" * 300_000}}, {"level": "user ann", "file": {}},
    ],
    ids=lambda order: str(order)[:40],
)  # fmt: skip
def test_what_is_no_proposal_is_said(hub: Hub, order: Any) -> None:
    answer = hub.ask("ann", "POST", "/v1/proposals", order)
    assert answer.status_code == (422 if len(str(order)) > 300_000 else 400), (
        "a shape says nothing of the length of all files"
    )
    assert answer.json()["remedy"]


def test_what_is_in_force_outlives_the_process_and_edits_of_the_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "project", {"rules.atamo": RULES})

    def controller() -> Controller:
        return Controller(FolderProvider(folder), SqliteStore(tmp_path / "hub.db"))

    async def story() -> None:
        async with controller() as first:
            await in_force(first, {"mine.atamo": MINE})
        async with controller() as second:
            assert "mine" in names(second)
            write(folder, {"rules.atamo": RULES.replace("rule base", "rule renamed")})
            async with asyncio.timeout(20):
                while "renamed" not in names(second):
                    await asyncio.sleep(0.02)
            assert "mine" in names(second)

    asyncio.run(story())


def test_submitted_rules_that_no_longer_go_with_the_project_are_left_out_and_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "project", {"rules.atamo": RULES})

    def controller() -> Controller:
        return Controller(FolderProvider(folder), SqliteStore(tmp_path / "hub.db"))

    async def story() -> None:
        async with controller() as first:
            await in_force(first, {"mine.atamo": MINE})
        other = RULES.replace("  n: whole\n", "  m: whole\n").replace("n > 100", "m > 100")
        write(folder, {"rules.atamo": other})
        async with controller() as second:
            assert "mine" not in names(second)
            kinds = [one.kind for one in await second.hub.store.audit(0, 1000)]
            assert "rules.rejected" in kinds

    asyncio.run(story())


async def in_force(controller: Controller, files: dict[str, str]) -> None:
    """Submit rules of the level `hub`, and approve them."""
    proposals = controller.hub.proposals
    assert proposals is not None
    made = await proposals.submit("hub", files, "", "")
    await proposals.approve(made.id, "", made.base)


def names(controller: Controller) -> list[str]:
    """The rules in force."""
    return [rule.id for rule in controller.hub.current.ruleset.rules]


def test_a_proposal_that_is_being_put_in_force_is_not_withdrawn_beside_it(hub: Hub) -> None:
    """One of the two is told that the other was faster; never are rules in force that somebody took back."""
    made = hub.submit("ann", "organisation acme", team=TEAM).json()
    proposals = hub.serving.controller.hub.proposals
    assert proposals is not None
    base = hub.serving.controller.hub.current.digest
    tried, begun, go = proposals.trials.tried, asyncio.Event(), asyncio.Event()

    async def slowly(files: Any) -> Any:
        begun.set()
        await go.wait()
        return await tried(files)

    async def both() -> list[Any]:
        proposals.trials.tried = slowly  # type: ignore[method-assign]
        approving = asyncio.create_task(proposals.approve(made["id"], "amy", base))
        await begun.wait()
        withdrawing = asyncio.create_task(proposals.close(made["id"], "ann", "withdrawn"))
        for _ in range(100):  # as far as it comes by itself
            await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(approving, withdrawing, return_exceptions=True)

    approved, withdrawn = hub.serving.run(both())
    assert approved.state == "applied"
    assert (type(withdrawn), withdrawn.code) == (Refused, "decided")
    assert hub.ask("ann", "GET", f"/v1/proposals/{made['id']}").json()["state"] == "applied"
    assert "acme/team" in hub.rules()


def test_of_two_who_approve_at_once_one_is_told_that_it_is_decided(hub: Hub) -> None:
    made = hub.submit("ann", "organisation acme", team=TEAM).json()
    proposals = hub.serving.controller.hub.proposals
    assert proposals is not None
    base = hub.serving.controller.hub.current.digest

    async def both() -> list[Any]:
        approvals = (proposals.approve(made["id"], who, base) for who in ("amy", "root"))
        return await asyncio.gather(*approvals, return_exceptions=True)

    first, second = hub.serving.run(both())
    assert (first.state, first.decided) == ("applied", "amy")
    assert (type(second), second.code) == (Refused, "decided")
