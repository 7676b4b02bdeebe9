"""Erasing over HTTP, and by the command: who may, what is told afterwards, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.functions import FunctionAgent
from tests.cli.dispatcher import atamo
from tests.places import write
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]
RULES = """
event order.placed
  street: text

agent desk
  send note
    line: text

rule deliver
  on order.placed
  do
    send desk.note
      line: "to {{ street }}"
"""
PEOPLE = """
organisations: { acme: {}, birch: {} }
users:
  ann: { organisation: acme }
  abe: { organisation: acme }
  bob: { organisation: birch }
  root: {}
grants:
  - { to: user ann, role: admin, over: organisation acme }
  - { to: user abe, role: operator, over: organisation acme }
  - { to: user bob, role: admin, over: organisation birch }
  - { to: user root, role: admin, over: everything }
"""
JOINING = RULES.replace(
    "rule deliver\n  on order.placed",
    "rule twice\n  on order.placed as a then order.placed as b within 1 hour",
).replace("street }}", "a.street }}")
NOTHING: dict[str, Any] = {"events": [], "left": [], "joined": [], "kept": [], "sent": [], "erased": 0}


@pytest.fixture
def open_hub(serve: Serve) -> Serving:
    return serve(RULES, desk=FunctionAgent(note=lambda line: {"told": line}))


def order(serving: Serving, id: str, user: str = "ann") -> None:
    serving.post({"type": "order.placed", "id": id, "user": user, "data": {"street": f"{id} Lane"}})
    serving.over(id)


def erase(serving: Serving, **said: Any) -> Any:
    answer = serving.post(said, "/v1/erasures")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_told_of_a_message_that_was_erased(open_hub: Serving) -> None:
    order(open_hub, "e1")
    assert erase(open_hub, event="e1", dry_run=True) == {
        "events": ["e1"],
        "left": [],
        "joined": [],
        "kept": [],
        "sent": [],
        "erased": 0,
    }
    assert open_hub.web.get("/v1/events/e1").status_code == 200
    done = erase(open_hub, event="e1", by="dpo", why="asked for", rewrite=True)
    assert done == {**NOTHING, "events": ["e1"], "sent": ["desk.note"], "erased": 1}
    told = open_hub.web.get("/v1/events/e1")
    assert (told.status_code, told.json()["code"]) == (410, "erased")
    assert re.fullmatch(r"erased on \S+Z by dpo: asked for", told.json()["detail"])
    why = open_hub.web.get("/v1/events/e1/why", params={"rule": "deliver"})
    assert (why.status_code, why.json()["code"]) == (410, "erased")
    trace = open_hub.web.get("/v1/events/e1/trace")
    assert "e1 Lane" not in trace.text
    event = trace.json()["event"]
    assert (event["state"], event["user"], event["erased"]["by"]) == ("erased", "ann", "dpo")
    kinds = [record["kind"] for record in trace.json()["records"]]
    assert kinds[0] == "event.accepted"
    assert kinds[-1] == "event.erased"
    assert erase(open_hub, event="e1") == NOTHING
    assert open_hub.post({"type": "order.placed", "id": "e1", "data": {"street": "x"}}).json()["state"] == (
        "duplicate"
    )


def test_the_command_erases_and_the_trace_says_so(open_hub: Serving) -> None:
    url = str(open_hub.web.base_url)
    order(open_hub, "e1")
    for number in range(3):
        order(open_hub, f"b{number}", "bob")
    dry = atamo("erase", "--user", "bob", "--dry-run", "--url", url)
    assert (dry.returncode, dry.stdout) == (0, "".join(f"b{n} would be erased\n" for n in range(3)))
    done = atamo("erase", "--user", "bob", "--why", "asked for", "--rewrite", "--url", url)
    said = "".join(f"b{n} erased\n" for n in range(3))
    said += "sent out before, and kept there: desk.note\n"
    said += "backups from before have it still, and so have copies of the audit elsewhere\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    again = atamo("erase", "--user", "bob", "--url", url)
    assert (again.returncode, again.stdout) == (1, "there is nothing to erase\n")
    trace = atamo("trace", "b1", "--url", url)
    assert trace.returncode == 0, trace.stderr
    assert re.search(r"^erased on \S+Z by \S+: asked for$", trace.stdout, re.M)
    assert "event.accepted  what it said was erased" in trace.stdout
    assert "Lane" not in trace.stdout
    assert atamo("trace", "e1", "--url", url).stdout.count("erased") == 0
    nobody = atamo("erase", "nobody", "--url", url)
    assert (nobody.returncode, "nothing is kept under this id" in nobody.stderr) == (1, True)
    assert atamo("erase", "--url", url).returncode == 2
    assert atamo("erase", "e1", "--user", "bob", "--url", url).returncode == 2
    as_json = atamo("erase", "e1", "--format", "json", "--url", url)
    assert '"events":["e1"]' in as_json.stdout.replace(" ", "")
    audit = atamo("audit", "search", "--kind", "event.erased", "--url", url)
    assert audit.stdout.count("erased") >= 4


def test_the_command_says_what_it_did_not_erase_and_ends_with_1(serve: Serve) -> None:
    hub = serve(JOINING, desk=FunctionAgent(note=lambda line: {"told": line}))
    url = str(hub.web.base_url)
    order(hub, "e1")
    order(hub, "e2")
    done = atamo("erase", "e1", "--url", url)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "e1 erased")
    assert done.stderr == (
        "not erased: e2, which was joined with it by a rule, and may say something of it: erase it too, if so\n"
    )
    second = atamo("erase", "e2", "--url", url)
    assert (second.returncode, second.stderr) == (0, "")
    assert "sent out before, and kept there: desk.note\n" in second.stdout
    assert "until it is written anew: --rewrite\n" in second.stdout


@pytest.mark.parametrize(
    "said", [{}, {"event": "e1", "user": "ann"}, {"event": 7}, {"user": "ann", "all": True}]
)
def test_an_order_of_another_form_is_refused(said: dict[str, Any], open_hub: Serving) -> None:
    order(open_hub, "e1")
    answer = open_hub.post(said, "/v1/erasures")
    assert (answer.status_code, answer.json()["code"]) == (400, "order")
    assert open_hub.web.get("/v1/events/e1").status_code == 200


def test_what_was_joined_and_is_not_theirs_to_erase_is_counted(serve: Serve, tmp_path: Path) -> None:
    people = PEOPLE.replace("abe, role: operator, over: organisation acme", "abe, role: admin, over: own")
    write(tmp_path / "p0", {"people.yaml": people})
    serving = serve(JOINING, desk=FunctionAgent(note=lambda line: {"told": line}))
    hub = serving.controller.hub
    for who, id in (("abe", "a1"), ("ann", "a2")):
        key, _ = serving.run(hub.keyring.make(who, organisation="acme"))
        asking = {"authorization": f"Bearer {key}"}
        event = {"type": "order.placed", "id": id, "data": {"street": id}}
        assert serving.web.post("/v1/events", json=event, headers=asking).status_code == 202
        serving.run(hub.wait(f"@acme/{who}##{id}", 60))
        if who == "abe":
            his = asking
    done = serving.web.post("/v1/erasures", json={"event": "a1"}, headers=his).json()
    assert (done["events"], done["joined"]) == (["@acme/abe##a1"], [])
    assert done["kept"] == ["1 more that a rule joined with it, which who asks may not erase"]


def test_who_may_and_whose(serve: Serve, tmp_path: Path) -> None:
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    serving = serve(RULES, desk=FunctionAgent(note=lambda line: {"told": line}))
    hub = serving.controller.hub
    homes = {"ann": "acme", "abe": "acme", "bob": "birch", "root": ""}
    keys = {name: serving.run(hub.keyring.make(name, organisation=home))[0] for name, home in homes.items()}

    def ask(who: str, method: str, path: str, **more: Any) -> Any:
        return serving.web.request(method, path, headers={"authorization": f"Bearer {keys[who]}"}, **more)

    def erasing(who: str, **said: Any) -> Any:
        return ask(who, "POST", "/v1/erasures", json=said)

    for who, id in (("ann", "a1"), ("bob", "b1"), ("bob", "b2")):
        sent = ask(who, "POST", "/v1/events", json={"type": "order.placed", "id": id, "data": {"street": id}})
        assert sent.status_code == 202
        serving.run(hub.wait(f"@{homes[who]}##{id}", 60))
    assert erasing("abe", event="a1").status_code == 403
    theirs, nobodys = erasing("ann", event="@birch/bob##b1"), erasing("ann", event="@birch/bob##b9")
    assert (theirs.status_code, theirs.json()) == (404, nobodys.json())
    assert erasing("ann", user="bob").json() == NOTHING
    assert erasing("ann", event="a1", rewrite=True).status_code == 403
    assert erasing("bob", event="b1", by="mallory").json()["events"] == ["@birch/bob##b1"]
    trace = ask("bob", "GET", "/v1/events/b1/trace").json()
    assert trace["event"]["erased"]["by"] == "bob"
    assert ask("ann", "GET", "/v1/events/@birch%2Fbob%23%23b1/trace").status_code == 404
    seen = ask("bob", "GET", "/v1/audit", params={"kind": "event.erased"}).json()["records"]
    assert [record["event"] for record in seen] == ["@birch/bob##b1"]
    assert ask("ann", "GET", "/v1/audit", params={"kind": "event.erased"}).json()["records"] == []
    assert erasing("root", user="bob", rewrite=True).json()["events"] == ["@birch/bob##b2"]
