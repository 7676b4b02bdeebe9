"""Requests over HTTP: an id at once, answers now, later, or while the client waits."""

from __future__ import annotations

from collections.abc import Callable

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


def test_a_request_gets_an_id_at_once_and_its_answer_later(serve: Serve) -> None:
    serving = serve(QUOTES)
    answer = serving.post(ask(3), "/v1/requests")
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/requests/q")
    later = serving.web.get("/v1/requests/q", headers={"prefer": "wait=5"})
    assert later.text == (
        '{"id":"q","type":"price.quote","state":"complete","replies":[{"answer":{"price":12.50}}]}'
    )


def test_a_client_may_wait_for_the_answer(serve: Serve) -> None:
    serving = serve(QUOTES)
    answer = serving.post(ask(3), "/v1/requests", headers={"prefer": "respond-async, wait=5"})
    assert answer.status_code == 200
    assert answer.json()["replies"] == [{"answer": {"price": 12.5}}]


def test_an_error_is_an_answer_too_and_no_match_completes_at_once(serve: Serve) -> None:
    serving = serve(QUOTES)
    wait = {"prefer": "wait=5"}
    assert serving.post(ask(700, "e"), "/v1/requests", headers=wait).json()["replies"] == [
        {"error": "call us"}
    ]
    nobody = serving.post(ask(200, "n"), "/v1/requests", headers=wait)
    assert (nobody.status_code, nobody.json()["state"], nobody.json()["replies"]) == (200, "complete", [])


def test_an_event_is_not_a_request_and_a_request_is_sent_alone(serve: Serve) -> None:
    serving = serve(QUOTES)
    event = {"type": "seen.it", "data": {"sku": "a"}}
    assert serving.post(event, "/v1/requests").json()["code"] == "not-a-request"
    assert serving.post([ask(1)], "/v1/requests").json()["code"] == "envelope"
    assert serving.post(ask(0), "/v1/requests").status_code == 422
    assert serving.web.get("/v1/requests/nobody").status_code == 404
