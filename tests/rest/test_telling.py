"""The audit, the story of an event, reasons and dead letters over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from atamo_rules.hub.audit.checkpoint import read_checkpoints
from tests.rest.conftest import Serving

Serve = Callable[[str], Serving]

ORDERS = """
event order.placed
  total: whole
  tier: text

event order.checked
  total: whole

agent desk
  send note
    line: text
agent gone
  uses http
    url: "http://127.0.0.1:9/"
    retry:
      attempts: 1
  send note
    line: text

rule big "Somebody looks at large orders"
  on order.placed
  when total > 100 and (tier is gold or tier is silver)
  do
    send desk.note
      line: "over {{ total }}"
    emit order.checked
      total: total

rule huge
  on order.placed
  when total > 1000 and tier is gold
  do
    send gone.note
      line: "huge {{ total }}"
"""


def order(id: str, total: int, tier: str = "gold") -> dict[str, Any]:
    return {"type": "order.placed", "id": id, "data": {"total": total, "tier": tier}}


@pytest.fixture
def serving(serve: Serve) -> Serving:
    return serve(ORDERS.replace("is gold", 'is "gold"').replace("is silver", 'is "silver"'))


def test_the_story_of_an_event(serving: Serving) -> None:
    serving.post(order("o1", 500))
    serving.over("o1")
    told = serving.web.get("/v1/events/o1/trace").json()
    assert told["computed"] is True
    assert [(rule["rule"], rule["outcome"]) for rule in told["rules"]] == [
        ("big", "matched"),
        ("huge", "nearly"),
    ]
    assert told["rules"][1]["conditions"] == [
        {
            "condition": "total > 1000",
            "at": told["rules"][1]["conditions"][0]["at"],
            "held": False,
            "was": "500",
        }
    ]
    kinds = [record["kind"] for record in told["records"]]
    assert kinds[:4] == ["event.accepted", "event.decided", "rule.evaluated", "rule.evaluated"]
    assert kinds[-1] == "event.finished"
    (follows,) = told["follows"]
    after = serving.web.get(f"/v1/events/{follows.replace('#', '%23')}/trace").json()
    assert after["event"]["type"] == "order.checked"
    assert after["records"][0]["cause"].startswith("action ")
    assert serving.web.get("/v1/events/nobody/trace").json()["code"] == "unknown-id"


def test_an_id_that_ends_like_a_question_is_an_id(serving: Serving) -> None:
    serving.post(order("a/trace", 1))
    serving.over("a/trace")
    assert serving.web.get("/v1/events/a%2Ftrace").json()["id"] == "a/trace"
    assert serving.web.get("/v1/events/a%2Ftrace/trace").json()["event"]["id"] == "a/trace"
    assert serving.web.get("/v1/events/a/trace").json()["code"] == "unknown-id"


def test_why_a_rule_does_not_fire(serving: Serving) -> None:
    serving.post(order("o1", 50, "iron"))
    told = serving.web.get("/v1/events/o1/why", params={"rule": "big"}).json()
    assert (told["for_user"], told["right_type"], told["about"]) == (
        True,
        True,
        "Somebody looks at large orders",
    )
    tree = told["condition"]
    assert (tree["op"], tree["held"]) == ("and", False)
    first, second = tree["parts"]
    assert (first["text"], first["held"], first["was"], first["change"]) == ("total > 100", False, "50", True)
    assert (second["op"], [part["was"] for part in second["parts"]]) == ("or", ['"iron"', '"iron"'])
    assert sum(part["change"] for part in second["parts"]) == 1
    problem = serving.web.get("/v1/events/o1/why", params={"rule": "bug"}).json()
    assert (problem["code"], problem["remedy"]) == ("unknown-rule", "did you mean `big`?")
    assert serving.web.get("/v1/events/o1/why", params={"role": "big"}).json()["code"] == "parameter"


def test_the_audit_is_searched_page_by_page(serving: Serving) -> None:
    for number in range(12):
        serving.post(order(f"o{number}", number))
        serving.over(f"o{number}")

    def search(**given: Any) -> Any:
        return serving.web.get("/v1/audit", params=given).json()

    everything = search(limit=1000)
    positions = [record["position"] for record in everything["records"]]
    assert positions == list(range(1, len(positions) + 1))
    assert everything["end"] is True
    assert (everything["cursor"], search(after=everything["cursor"])["records"]) == (positions[-1], [])
    page = search(kind="event.accepted", limit=5)
    assert ([record["event"] for record in page["records"]], page["end"]) == (
        [f"o{n}" for n in range(5)],
        False,
    )
    rest = search(kind="event.accepted", after=page["cursor"])
    assert [record["event"] for record in rest["records"]] == [f"o{n}" for n in range(5, 12)]
    assert {record["event"] for record in search(event="o3")["records"]} == {"o3"}
    assert {record["kind"] for record in search(kind="event.")["records"]} >= {
        "event.accepted",
        "event.finished",
    }
    assert [record["kind"] for record in search(text="GENERATION")["records"]] == []
    since = everything["records"][-1]["at"]
    assert len(search(since=since)["records"]) >= 1
    assert search(until="2020-01-01T00:00:00Z")["records"] == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/v1/audit?after=-1", "`after` is a whole number"),
        ("/v1/audit?limit=1001", "`limit` is a whole number up to 1000"),
        ("/v1/audit?since=yesterday", "`since` is a moment as in RFC 3339"),
        ("/v1/audit?evnt=o1", "there is no parameter `evnt`"),
        ("/v1/audit?kind=event.acepted", "there is no kind of record"),
        ("/v1/dead?agnt=desk", "there is no parameter `agnt`"),
        ("/v1/decided?since=1", "`since` is a moment"),
    ],
)
def test_a_wrong_question_is_a_problem(serving: Serving, path: str, says: str) -> None:
    answer = serving.web.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter")
    assert says in answer.json()["title"]


def test_who_waits_is_told_as_soon_as_there_is_news(serving: Serving) -> None:
    head = serving.web.get("/v1/audit", params={"limit": 1000}).json()["cursor"]
    sending = threading.Timer(0.2, lambda: serving.post(order("late", 1)))
    sending.start()
    begun = time.monotonic()
    page = serving.web.get(
        "/v1/audit", params={"after": head, "event": "late"}, headers={"prefer": "wait=20"}
    ).json()
    sending.join()
    assert page["records"][0]["kind"] == "event.accepted"
    assert time.monotonic() - begun < 15
    none = serving.web.get("/v1/audit", params={"after": 10**6}, headers={"prefer": "wait=1"}).json()
    assert none["records"] == []


def test_the_newest_checkpoint_can_be_taken_by_anybody(serving: Serving) -> None:
    assert serving.web.get("/v1/audit/checkpoint").json()["code"] == "no-checkpoint"
    serving.post(order("o1", 5))
    notary = serving.controller.hub.notary
    assert notary is not None
    made = serving.run(notary.checkpoint())
    answer = serving.web.get("/v1/audit/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert [one for one, _ in read_checkpoints(answer.text)] == [made]


def test_dead_letters_are_listed_shown_redriven_and_discarded(serving: Serving) -> None:
    for number in range(3):
        serving.post(order(f"h{number}", 2000 + number))
        serving.over(f"h{number}")
    listed = serving.web.get("/v1/dead").json()
    assert [letter["event"] for letter in listed["letters"]] == ["h0", "h1", "h2"]
    assert [(group["agent"], group["count"]) for group in listed["groups"]] == [("gone", 3)]
    first = listed["letters"][0]["number"]
    shown = serving.web.get(f"/v1/dead/{first}").json()
    assert shown["body"] == {"line": "huge 2000"}
    assert len(shown["errors"]) == shown["attempts"] == 1
    assert serving.web.get("/v1/dead", params={"agent": "desk"}).json()["letters"] == []
    dry = serving.post({"which": {"agent": "gone"}, "dry_run": True}, "/v1/dead/redrive").json()
    assert (dry["redriven"], len(dry["letters"])) == (0, 3)
    done = serving.post({"number": first, "by": "ann"}, "/v1/dead/redrive").json()
    assert done["redriven"] == 1
    serving.over("h0")
    records = serving.web.get("/v1/audit", params={"kind": "action.redriven"}).json()["records"]
    assert [(record["event"], record["what"]["by"]) for record in records] == [("h0", "ann")]
    wrong = serving.post({"number": first + 1, "body": {"line": 7}}, "/v1/dead/redrive").json()
    assert (wrong["code"], wrong["reasons"]) == ("invalid", ['/line: its value is not of type "string"'])
    assert (
        serving.post({"number": first + 1, "body": {"line": "less"}}, "/v1/dead/redrive").json()["redriven"]
        == 1
    )
    serving.over("h1")
    assert serving.post({"which": {}}, "/v1/dead/discard").json()["discarded"] == 3
    assert serving.web.get("/v1/dead").json() == {"letters": [], "cursor": None, "end": True, "groups": []}
    assert serving.web.get(f"/v1/dead/{first}").json()["code"] == "unknown-letter"


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ([], "the body is an object"),
        ({}, "say which"),
        ({"number": 1, "which": {}}, "say which"),
        ({"number": "1"}, "`number` is a whole number"),
        ({"which": {"agnt": "x"}}, "`which` is an object of texts, with any of"),
        ({"which": {"agent": 1}}, "`which` is an object of texts"),
        ({"which": {}, "upto": "1"}, "`upto` is a whole number"),
        ({"which": {}, "body": {}}, "`body` is given together with `number`"),
        ({"which": {}, "dryrun": True}, "there is no `dryrun`"),
    ],
)
def test_a_wrong_order_is_a_problem(serving: Serving, order: Any, says: str) -> None:
    answer = serving.post(order, "/v1/dead/redrive")
    assert (answer.status_code, answer.json()["code"]) == (400, "order")
    assert says in answer.json()["detail"]


def test_how_a_hub_stands(serving: Serving) -> None:
    for number in range(4):
        serving.post(order(f"o{number}", 500 + 500 * number))
        serving.over(f"o{number}")
    told = serving.web.get("/v1/status").json()
    assert (told["accepting"], told["rules"], told["kinds"]["event.accepted"]) == (True, 2, 8)
    assert told["fired"] == {"big": 4, "huge": 2}
    assert told["agents"]["desk"]["counts"] == {"started": 4, "done": 4}
    assert told["agents"]["gone"]["counts"] == {"started": 2, "failed": 2}
    assert told["agents"]["desk"]["took_ms"]["p50"] is not None
    assert [one["event"] for one in told["troubles"]] == ["o3", "o2"]
    assert (told["open"]["dead"], told["open"]["running"]) == (2, 0)


def test_what_was_decided_is_given_with_its_event(serving: Serving) -> None:
    serving.post(order("o1", 500))
    serving.over("o1")
    page = serving.web.get("/v1/decided", params={"type": "order.placed"}).json()
    (one,) = page["events"]
    assert (one["id"], one["data"], one["user"]) == ("o1", {"total": 500, "tier": "gold"}, None)
    assert one["decision"]["matched"] == ["big"]
    assert one["decision"]["actions"] == [
        {"verb": "send", "target": "desk.note", "body": {"line": "over 500"}},
        {"verb": "emit", "target": "order.checked", "body": {"total": 500}},
    ]
