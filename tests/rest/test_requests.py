"""Requests over HTTP: an id at once, answers now, later, or while the client waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.rest.conftest import Serving

Serve = Callable[[str], Serving]

QUOTES = """
request price.quote "Somebody asks for a price"
  sku: text
  quantity: whole 1..1000
  answer
    price: money

event seen.it
  sku: text

rule small "The list price"
  on request price.quote
  when quantity < 100
  do
    reply
      price: 12.50

rule large "Ask a person"
  on request price.quote
  when quantity >= 500
  do
    reply error "call us"
"""


def ask(quantity: int, id: str = "q") -> dict[str, object]:
    return {"type": "price.quote", "id": id, "data": {"sku": "a", "quantity": quantity}}


def bodies(answer: Any) -> list[tuple[str, Any]]:
    return [(frame["kind"], frame["body"]) for frame in answer.json()["frames"]]


def test_a_request_gets_an_id_at_once_and_its_answer_later(serve: Serve) -> None:
    serving = serve(QUOTES)
    answer = serving.post(ask(3), "/v1/requests")
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/requests/q")
    later = serving.web.get("/v1/requests/q", headers={"prefer": "wait=5"}).json()
    at = [frame.pop("at") for frame in later["frames"]]
    assert all(moment.endswith("Z") for moment in at)
    assert later == {
        "id": "q", "type": "price.quote", "mode": "load", "policy": "all", "state": "complete",
        "expected": ["rule small"], "answered": 1, "missing": [], "failed": [], "cursor": 2,
        "frames": [
            {"req": "q", "seq": 1, "kind": "data", "rule": "small", "body": {"price": 12.5}, "cache": "miss"},
            {"req": "q", "seq": 2, "kind": "end", "body": {"state": "complete"}, "cache": "miss"},
        ],
    }  # fmt: skip


def test_a_client_may_wait_for_the_answer(serve: Serve) -> None:
    serving = serve(QUOTES)
    answer = serving.post(ask(3), "/v1/requests", headers={"prefer": "respond-async, wait=5"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=5")
    assert '"price":12.50' in answer.text
    again = serving.post(ask(3), "/v1/requests", headers={"prefer": "wait=5"})
    assert again.json()["frames"] == answer.json()["frames"]


def test_an_error_is_an_answer_too_and_no_match_completes_at_once(serve: Serve) -> None:
    serving = serve(QUOTES)
    wait = {"prefer": "wait=5"}
    failed = serving.post(ask(700, "e"), "/v1/requests", headers=wait)
    assert bodies(failed)[0] == ("error", "call us")
    assert (failed.json()["state"], failed.json()["failed"]) == (
        "failed", [{"name": "rule large", "why": "call us"}],
    )  # fmt: skip
    nobody = serving.post(ask(200, "n"), "/v1/requests", headers=wait)
    assert (nobody.status_code, nobody.json()["state"], nobody.json()["expected"]) == (200, "complete", [])


def test_an_event_is_not_a_request_and_a_request_is_sent_alone(serve: Serve) -> None:
    serving = serve(QUOTES)
    event = {"type": "seen.it", "data": {"sku": "a"}}
    assert serving.post(event, "/v1/requests").json()["code"] == "not-a-request"
    assert serving.post([ask(1)], "/v1/requests").json()["code"] == "envelope"
    assert serving.post(ask(0), "/v1/requests").status_code == 422
    assert serving.web.get("/v1/requests/nobody").status_code == 404
