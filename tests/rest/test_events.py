"""Events over HTTP: every way of sending them, and what a client is told of each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.places import ORDERS
from tests.rest.conftest import Serving

Serve = Callable[[str], Serving]
GOOD = {"id": "1", "total": 120}


def envelope(**more: Any) -> dict[str, Any]:
    return {"type": "order.placed", "data": GOOD, **more}


def test_one_event_is_taken_decided_and_acted_on(serve: Serve) -> None:
    serving = serve(ORDERS)
    answer = serving.post(envelope(id="a-1"))
    assert answer.status_code == 202
    assert answer.headers["location"] == "/v1/events/a-1"
    assert answer.json() == {"id": "a-1", "state": "accepted"}
    told = serving.over("a-1")
    assert told["matched"] == ["big_order"]
    assert told["state"] == "finished"
    assert [(a["target"], a["state"], a["attempts"]) for a in told["actions"]] == [("desk.note", "done", 1)]
    assert (serving.folder / "out/desk.log").read_text() == "Order 1 over 120\n"


def test_an_event_without_id_is_given_one(serve: Serve) -> None:
    serving = serve(ORDERS)
    first, second = (serving.post(envelope()).json()["id"] for _ in range(2))
    assert first != second


def test_bare_data_needs_its_type_in_the_address(serve: Serve) -> None:
    serving = serve(ORDERS)
    answer = serving.post(GOOD, params={"type": "order.placed"})
    assert answer.status_code == 202
    assert serving.over(answer.json()["id"])["matched"] == ["big_order"]
    assert serving.post(GOOD).json()["code"] == "envelope"


def test_cloudevents_structured_binary_and_batched(serve: Serve) -> None:
    serving = serve(ORDERS)
    event = envelope(specversion="1.0", id="s", source="/shop", time="2026-02-03T04:05:06Z")
    structured = serving.web.post(
        "/v1/events", content=json.dumps(event), headers={"content-type": "application/cloudevents+json"}
    )
    assert structured.status_code == 202
    assert serving.over("s")["time"] == "2026-02-03T04:05:06Z"
    binary = serving.post(
        GOOD,
        headers={
            "ce-specversion": "1.0",
            "ce-type": "order.placed",
            "ce-id": "b%20%E2%82%AC",
            "ce-source": "/x",
        },
    )
    assert binary.json() == {"id": "b €", "state": "accepted"}
    batch = serving.web.post(
        "/v1/events",
        content=json.dumps([{**event, "id": "b1"}, {**event, "id": "b2", "type": "order.palced"}]),
        headers={"content-type": "application/cloudevents-batch+json"},
    )
    assert batch.status_code == 202
    assert (batch.json()["taken"], batch.json()["refused"]) == (1, 1)
    assert [r["state"] for r in batch.json()["results"]] == ["accepted", "refused"]
    assert "order.placed" in batch.json()["results"][1]["reasons"][0]


def test_lines_are_taken_each_for_itself(serve: Serve) -> None:
    serving = serve(ORDERS)
    lines = "\n".join([json.dumps(envelope(id="n1")), "{broken", "", json.dumps(envelope(id="n2"))])
    answer = serving.web.post("/v1/events", content=lines, headers={"content-type": "application/x-ndjson"})
    assert [r["state"] for r in answer.json()["results"]] == ["accepted", "refused", "accepted"]


def test_the_same_event_again_is_a_duplicate_and_another_of_its_id_a_conflict(serve: Serve) -> None:
    serving = serve(ORDERS)
    assert serving.post(envelope(id="d")).json()["state"] == "accepted"
    again = serving.post(envelope(id="d"))
    assert (again.status_code, again.json()) == (202, {"id": "d", "state": "duplicate"})
    other = serving.post({"type": "order.placed", "id": "d", "data": {"id": "1", "total": 121}})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    serving.over("d")
    assert (serving.folder / "out/desk.log").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ("", 400, "malformed", "line 1, column 1"),
        ("{", 400, "malformed", "line 1"),
        ('{"type": "order.placed", "data": {"id": "1", "total": NaN}}', 400, "malformed", "NaN"),
        ('{"type": "order.placed", "type": "x", "data": {}}', 400, "malformed", '"type" stands twice'),
        ("[" * 100_000, 400, "malformed", "nested"),
        ('"\\ud800"', 400, "malformed", "surrogate"),
        ("7", 400, "envelope", "`type` and `data`"),
        ("[]", 400, "envelope", "no message"),
        ('{"type": 7, "data": {}}', 400, "envelope", "`type` and `data`"),
        ('{"type": "order.placed", "id": "a\\nb", "data": {}}', 400, "envelope", "control character"),
        ('{"type": "order.placed", "time": "yesterday", "data": {}}', 400, "envelope", "RFC 3339"),
        ('{"type": "order.palced", "data": {}}', 404, "unknown-type", "did you mean `order.placed`?"),
        ('{"type": "order.placed", "data": 7}', 422, "invalid", "an object"),
        ('{"type": "order.placed", "data": {"total": 1}}', 422, "invalid", '"id"'),
        ('{"type": "order.placed", "data": {"id": "1", "total": "x"}}', 422, "invalid", "/total"),
    ],
)
def test_every_refusal_says_what_is_wrong_and_what_to_do(
    serve: Serve, body: str, status: int, code: str, said: str
) -> None:
    serving = serve(ORDERS)
    answer = serving.web.post("/v1/events", content=body, headers={"content-type": "application/json"})
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert said in problem["detail"]
    assert problem["remedy"]
    assert "Traceback" not in answer.text


def test_values_are_data_and_come_out_as_they_went_in(serve: Serve) -> None:
    serving = serve(ORDERS)
    text = "{{ 7*7 }} {% for x in y %} \u202e \U0001f600 '; DROP"
    answer = serving.post({"type": "order.placed", "id": "{{7*7}}/ü?#", "data": {**GOOD, "id": text}})
    told = serving.over("%7B%7B7*7%7D%7D%2F%C3%BC%3F%23")
    assert answer.headers["location"] == "/v1/events/%23%7B%7B7%2A7%7D%7D%2F%C3%BC%3F%23", "its key"
    assert told["id"] == "{{7*7}}/ü?#"
    serving.run(serving.controller.hub.wait("{{7*7}}/ü?#", 60))
    assert (serving.folder / "out/desk.log").read_text("utf-8") == f"Order {text} over 120\n"


def test_bodies_have_a_limit_whether_declared_or_not(serve: Serve) -> None:
    serving = serve(ORDERS)
    big = b'{"x": "' + b"a" * (1 << 20) + b'"}'
    declared = serving.web.post("/v1/events", content=big, headers={"content-type": "application/json"})
    assert (declared.status_code, declared.json()["code"]) == (413, "too-large")

    def pieces() -> Any:
        for _ in range(20):
            yield b" " * (1 << 16)

    chunked = serving.web.post("/v1/events", content=pieces(), headers={"content-type": "application/json"})
    assert chunked.status_code == 413
    many = serving.post([envelope()] * 1001)
    assert (many.status_code, many.json()["code"]) == (413, "too-many")


def test_only_kinds_of_body_that_a_web_page_cannot_send_unasked_are_taken(serve: Serve) -> None:
    serving = serve(ORDERS)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        headers = {"content-type": kind} if kind else {}
        answer = serving.web.post("/v1/events", content=json.dumps(envelope()), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "media-type"), kind
    zipped = serving.post(envelope(), headers={"content-encoding": "gzip"})
    assert (zipped.status_code, zipped.json()["code"]) == (400, "gzip")


def test_another_name_in_host_is_not_answered_to(serve: Serve) -> None:
    serving = serve(ORDERS)
    for name in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        answer = serving.web.get("/v1/rules", headers={"host": name})
        assert answer.status_code == 421, name
    for name in ("localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:8080"):
        assert serving.web.get("/v1/rules", headers={"host": name}).status_code == 200, name


def test_paths_and_methods_that_are_not_there(serve: Serve) -> None:
    serving = serve(ORDERS)
    for method, path, status in (
        ("GET", "/v2", 404),
        ("DELETE", "/v1/rules", 405),
        ("GET", "/v1/events/no", 404),
    ):
        answer = serving.web.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_rules_types_and_health(serve: Serve) -> None:
    serving = serve(ORDERS)
    rules = serving.web.get("/v1/rules").json()
    assert [rule["id"] for rule in rules["rules"]] == ["big_order"]
    assert rules["digest"] == serving.controller.hub.current.digest
    types = serving.web.get("/v1/types").json()["types"]
    assert types[0]["name"] == "order.placed"
    assert types[0]["schema"]["properties"]["total"]["type"] == "number"
    assert serving.web.get("/healthz").json() == {"status": "ok"}
    assert serving.web.get("/readyz").json()["status"] == "ready"


def test_a_hub_with_too_much_under_way_or_stopping_says_come_back(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = serve(ORDERS)
    with monkeypatch.context() as patch:
        patch.setattr(serving.controller.store, "most", 0)
        busy = serving.post(envelope(id="late"))
    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "busy", "1")
    assert serving.web.get("/v1/events/late").status_code == 404
    serving.controller.hub.accepting = False
    assert serving.post(envelope()).json()["code"] == "stopping"
    assert serving.web.get("/readyz").status_code == 503
    assert serving.web.get("/healthz").status_code == 200


def test_what_is_not_http_is_refused_and_the_hub_goes_on(serve: Serve) -> None:
    serving = serve(ORDERS)
    for junk in (
        b"\x00" * 64,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        assert b"Traceback" not in serving.raw(junk)
    headers = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n"
    assert b"200 OK" not in serving.raw(headers)
    assert serving.web.get("/healthz").status_code == 200


def test_a_rule_and_an_event_type_are_shown_by_their_names(serve: Serve) -> None:
    web = serve(ORDERS).web
    (listed,) = web.get("/v1/rules").json()["rules"]
    shown = web.get("/v1/rules/big_order").json()
    assert {name: shown[name] for name in listed} == listed
    assert (shown["order"], shown["stop"], shown["does"]) == (100, False, ["desk.note"])
    assert web.get("/v1/types/order.placed").json() == web.get("/v1/types").json()["types"][0]
    wrong = web.get("/v1/rules/big_ordr").json()
    assert (wrong["code"], wrong["remedy"]) == ("unknown-rule", "did you mean `big_order`?")
    wrong = web.get("/v1/types/ticket").json()
    assert (wrong["code"], wrong["remedy"]) == ("unknown-type", "GET /v1/types lists them")
