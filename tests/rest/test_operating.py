"""Pauses and cancelling over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.functions import FunctionAgent
from atamo_rules.errors import Busy
from atamo_rules.model.work import Hold
from tests.places import write
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]

ORDERS = """
event order.placed
  total: whole

request price.quote
  sku: text
  answer
    price: whole

agent desk
  send note
    line: text
  ask price
    sku: text
    answer
      price: whole

rule big
  on order.placed
  when total > 100
  do
    send desk.note
      line: "over {{ total }}"

rule huge
  on order.placed
  when total > 1000
  do
    send desk.note
      line: "huge {{ total }}"

rule quote
  on request price.quote
  do
    ask desk.price within 60 seconds as it
      sku: sku
    reply
      price: it.price
"""


class Desk:
    """Notes what it is told, and is slow about what is asked of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stopped: list[str] = []

    async def note(self, line: str) -> None:
        try:
            await asyncio.sleep(60 if line.startswith("huge") else 0)
        except asyncio.CancelledError:
            self.stopped.append(line)
            raise
        self.lines.append(line)

    async def price(self, sku: str) -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"price": 1}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def serving(serve: Serve, desk: Desk) -> Serving:
    return serve(ORDERS, desk=FunctionAgent(note=desk.note, price=desk.price))


def order(id: str, total: int) -> dict[str, Any]:
    return {"type": "order.placed", "id": id, "data": {"total": total}}


def until(there: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end, "never came"
        time.sleep(0.01)


def held(serving: Serving) -> int:
    found: int = serving.web.get("/v1/holds").json()["held"]
    return found


@pytest.mark.parametrize("path", ["agent/desk", "rule/big"])
def test_what_is_paused_waits_and_goes_on(serving: Serving, desk: Desk, path: str) -> None:
    web, (kind, name) = serving.web, path.split("/")
    hold = {"kind": kind, "name": name, "by": "ann", "why": "it is moved"}
    assert web.get("/v1/holds").json() == {"holds": [], "held": 0}
    first = web.put(f"/v1/holds/{path}", params={"by": "ann", "why": "it  is\nmoved"})
    hold["at"] = first.json()["at"]
    assert datetime.fromisoformat(hold["at"]).tzinfo is not None
    assert (first.status_code, first.json()) == (201, {**hold, "new": True})
    again = web.put(f"/v1/holds/{path}", params={"by": "bob", "why": "else"})
    assert (again.status_code, again.json()) == (200, {**hold, "new": False})
    serving.post(order("o1", 500))
    until(lambda: held(serving) == 1)
    assert desk.lines == []
    assert web.get(f"/v1/holds/{path}").json() == hold
    status = web.get("/v1/status").json()
    assert (status["paused"], status["open"]["held"]) == ([hold], 1)
    gone = web.delete(f"/v1/holds/{path}", params={"by": "bob"})
    assert (gone.status_code, gone.json()) == (200, hold)
    assert serving.over("o1")["state"] == "finished"
    assert desk.lines == ["over 500"]
    assert web.get("/v1/holds").json() == {"holds": [], "held": 0}
    records = [*web.get("/v1/audit", params={"kind": "work."}).json()["records"]]
    assert [(record["kind"], record["who"], record["what"]) for record in records] == [
        ("work.paused", "ann", {"what": kind, "name": name, "why": "it is moved"}),
        ("work.resumed", "bob", {"what": kind, "name": name}),
    ]


@pytest.mark.parametrize(
    ("method", "path", "code", "title", "remedy"),
    [
        ("PUT", "agent/desc", "unknown-agent", "there is no agent `desc`", "did you mean `desk`?"),
        ("PUT", "agent/x", "unknown-agent", "there is no agent `x`", "GET /v1/agents lists them"),
        ("PUT", "rule/hug", "unknown-rule", "there is no rule `hug`", "did you mean `huge`?"),
        ("PUT", "rule/a/b", "unknown-rule", "there is no rule `a/b`", "GET /v1/rules lists them"),
        ("PUT", "organisation/", "unknown-organisation", "there is no organisation ``", "`people.yaml` lists them"),
        ("PUT", "agnt/desk", "unknown-kind", "nothing is paused by `agnt`", "did you mean `agent`?"),
        ("GET", "user/ann", "unknown-kind", "nothing is paused by `user`", "there are agent, rule, organisation"),
        ("DELETE", "agent/desk", "not-held", "agent `desk` is not paused", "paused: rule `huge`"),
        ("DELETE", "rule/hige", "not-held", "rule `hige` is not paused", "did you mean `huge`?"),
        ("GET", "agent/desk", "not-held", "agent `desk` is not paused", "paused: rule `huge`"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_a_problem_and_changes_nothing(
    serving: Serving, method: str, path: str, code: str, title: str, remedy: str
) -> None:
    assert serving.web.put("/v1/holds/rule/huge").status_code == 201
    answer = serving.web.request(method, f"/v1/holds/{path}")
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (problem["code"], problem["title"], problem["remedy"]) == (code, title, remedy)
    (hold,) = serving.web.get("/v1/holds").json()["holds"]
    assert (hold["kind"], hold["name"]) == ("rule", "huge")


def test_nothing_that_is_paused_is_said(serving: Serving) -> None:
    assert serving.web.delete("/v1/holds/agent/desk").json()["remedy"] == "nothing is paused"
    wrong = serving.web.put("/v1/holds/agent/desk", params={"bye": "ann"}).json()
    assert (wrong["title"], wrong["remedy"]) == ("there is no parameter `bye`", "there are by, why")
    assert serving.web.get("/v1/holds", params={"kind": "agent"}).json()["remedy"] == "there are after, limit"
    assert serving.web.post("/v1/holds").status_code == 405


def test_any_organisation_may_be_meant_where_the_directory_has_none(serving: Serving) -> None:
    assert serving.web.put("/v1/holds/organisation/anybody").status_code == 201


def test_organisations_are_those_of_the_directory(serve: Serve, desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / "p0", {"people.yaml": "users:\n  ann: { organisation: acme }\n  bob: {}\n"})
    serving = serve(ORDERS, desk=FunctionAgent(note=desk.note, price=desk.price))
    wrong = serving.web.put("/v1/holds/organisation/acne")
    assert (wrong.status_code, wrong.json()["remedy"]) == (404, "did you mean `acme`?")
    assert serving.web.put("/v1/holds/organisation/").json()["remedy"] == "`people.yaml` lists them"
    assert serving.web.put("/v1/holds/organisation/acme").status_code == 201
    serving.post({**order("o1", 500), "user": "ann"})
    serving.post({**order("o2", 600), "user": "bob"})
    serving.over("o2")
    until(lambda: held(serving) == 1)
    assert desk.lines == ["over 600"]
    assert serving.web.delete("/v1/holds/organisation/acme").status_code == 200
    serving.over("o1")
    assert desk.lines == ["over 600", "over 500"]


def test_a_pause_that_cannot_be_kept_is_none(
    serving: Serving, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(what: Hold, who: str = "") -> None:
        raise Busy("the disk is full", 5.0)

    with monkeypatch.context() as patch:
        patch.setattr(serving.controller.hub.store, "pause", full)
        answer = serving.web.put("/v1/holds/agent/desk")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (503, "5", "busy")
    serving.post(order("o1", 500))
    serving.over("o1")
    assert (desk.lines, held(serving)) == (["over 500"], 0)


def test_what_is_open_of_an_event_is_cancelled(serving: Serving, desk: Desk) -> None:
    web = serving.web
    web.put("/v1/holds/rule/big")
    for id in ("o1", "o/2"):
        serving.post(order(id, 5000))
    until(lambda: held(serving) == 2)
    part = web.delete("/v1/events/o1", params={"rule": "big", "by": "ann"})
    assert (part.status_code, part.json()) == (200, {"id": "o1", "cancelled": 1, "request": False})
    assert web.delete("/v1/events/o1", params={"agent": "dusk"}).json()["cancelled"] == 0
    assert web.delete("/v1/events/o1", params={"by": "ann"}).json()["cancelled"] == 1
    assert serving.over("o1")["state"] == "finished"
    until(lambda: desk.stopped)
    assert web.delete("/v1/events/o1").json()["cancelled"] == 0, "nothing is open any more"
    assert web.delete("/v1/events/o%2F2").json() == {"id": "o/2", "cancelled": 2, "request": False}
    until(lambda: desk.stopped == ["huge 5000", "huge 5000"])
    assert desk.lines == []
    records = web.get("/v1/audit", params={"kind": "action.cancelled", "event": "o1"}).json()["records"]
    assert [(record["what"]["rule"], record["what"]["by"]) for record in records] == [
        ("big", "ann"),
        ("huge", "ann"),
    ]


def test_an_event_that_cannot_be_cancelled(serving: Serving) -> None:
    unknown = serving.web.delete("/v1/events/nobody")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-id")
    wrong = serving.web.delete("/v1/events/nobody", params={"agnt": "desk"})
    assert (wrong.status_code, wrong.json()["title"]) == (400, "there is no parameter `agnt`")


def test_a_request_is_cancelled_as_a_whole(serving: Serving) -> None:
    serving.post({"type": "price.quote", "id": "q", "data": {"sku": "a"}}, "/v1/requests")
    wrong = serving.web.delete("/v1/events/q", params={"agent": "desk"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "request")
    done = serving.web.delete("/v1/events/q", params={"by": "ann"}).json()
    assert (done["id"], done["request"]) == ("q", True)
    assert serving.web.get("/v1/requests/q").json()["state"] == "cancelled"
    assert serving.over("q")["state"] == "finished"
    (record,) = serving.web.get("/v1/audit", params={"kind": "request.cancelled"}).json()["records"]
    assert "cancelled by ann" in str(record["what"])
    assert serving.web.delete("/v1/events/q").json() == {"id": "q", "cancelled": 0, "request": False}
