"""Agents and action types are registered over HTTP while the hub runs: as rule files of the level `hub`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.agents.servers import web
from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = """event tick
  n: whole

agent desk
  uses log
  send note
    n: whole

rule base
  on tick
  when n > 100
  do
    send desk.note
      n: n
"""
PROPOSED = """action page.post
  n: whole

agent page
  uses http
    url: "URL"
    private: true
  does page.post

rule posted
  on tick
  when n > 5
  do
    send page.post
      n: n
"""


def submitted(serving: Serving, text: str) -> dict[str, Any]:
    made = serving.web.post("/v1/proposals", json={"level": "hub", "files": {"page.atamo": text}})
    assert made.status_code == 201, made.text
    return made.json()  # type: ignore[no-any-return]


def tick(serving: Serving, id: str) -> None:
    message = {"type": "tick", "id": id, "data": {"n": 7}}
    assert serving.web.post("/v1/events", json=message).status_code == 202
    assert serving.over(id)["state"] == "finished"


def test_an_agent_and_an_action_type_come_and_go_by_http(serve: Callable[..., Serving]) -> None:  # noqa: F811
    serving = serve(RULES)
    with web() as page:
        proposal = submitted(serving, PROPOSED.replace("URL", page.url))
        assert proposal["state"] == "open", proposal
        tick(serving, "t1")
        assert page.asked == [], "nothing is called before it is approved"
        done = serving.web.post(f"/v1/proposals/{proposal['id']}/approve", json={})
        assert (done.status_code, done.json()["state"]) == (200, "applied"), done.text
        assert "page" in [one["name"] for one in serving.web.get("/v1/agents").json()["agents"]]
        tick(serving, "t2")
        assert [json.loads(one.body)["n"] for one in page.asked] == [7]
        back = serving.web.post(f"/v1/proposals/{proposal['id']}/rollback", json={})
        assert back.json()["state"] == "rolled back"
        tick(serving, "t3")
        assert len(page.asked) == 1
        assert [one["name"] for one in serving.web.get("/v1/agents").json()["agents"]] == ["desk"]


def test_an_agent_that_cannot_be_made_is_refused_with_its_place(serve: Callable[..., Serving]) -> None:  # noqa: F811
    made = submitted(serve(RULES), PROPOSED.replace('url: "URL"', 'urll: "http://page.example"'))
    assert made["state"] == "refused"
    assert "urll" in json.dumps(made["report"])
    assert "page.atamo" in json.dumps(made["report"])


def test_code_that_nobody_allowed_is_not_let_in_by_a_proposal(serve: Callable[..., Serving]) -> None:  # noqa: F811
    text = "agent mole\n  uses ./mole.py:Mole\n  send dig\n    n: whole\n"
    made = submitted(serve(RULES), text)
    assert made["state"] == "refused"
    assert "code that rules name is not allowed here" in json.dumps(made["report"])
