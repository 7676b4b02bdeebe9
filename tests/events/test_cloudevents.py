"""CloudEvents over HTTP as the official package writes them, in every content mode; and what is not one is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = """
event thing.seen
  n: whole
  word: text?
"""
AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def event(data: Any = None, **more: Any) -> CloudEvent:
    attributes = {"id": "e1", "type": "thing.seen", "source": "/things", "specversion": "1.0", **more}
    return CloudEvent(
        {"datacontenttype": "application/json", "time": AT, **attributes}, {"n": 1} if data is None else data
    )


@pytest.fixture
def hub(serve: Callable[..., Serving]) -> Serving:  # noqa: F811
    return serve(RULES)


def send(hub: Serving, message: Any) -> Any:
    return hub.web.post("/v1/events", content=message.body, headers=dict(message.headers))


def kept(hub: Serving, key: str) -> Any:
    made = hub.run(hub.controller.hub.store.event(key))
    assert made is not None
    return made


@pytest.mark.parametrize("mode", [to_structured_event, to_binary_event])
def test_what_the_official_package_writes_is_taken_as_it_is_meant(hub: Serving, mode: Any) -> None:
    answer = send(hub, mode(event({"n": 2**53 + 1, "word": "ü €"})))
    assert (answer.status_code, answer.json()) == (202, {"id": "e1", "state": "accepted"})
    made = kept(hub, "/things#e1")
    assert (made.type, made.source, made.at) == ("thing.seen", "/things", AT)
    assert made.body == {"n": 2**53 + 1, "word": "ü €"}
    assert send(hub, mode(event({"n": 2**53 + 1, "word": "ü €"}))).json()["state"] == "duplicate"


COUNT = count()
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(id=TEXTS, source=TEXTS, word=TEXTS)
def test_any_id_source_and_data_come_through_every_mode_the_same(
    hub: Serving, id: str, source: str, word: str
) -> None:
    id = f"{id}{next(COUNT)}"  # another example may have the same id with other data, which is refused
    given_event = event({"n": 1, "word": word}, id=id, source=source)
    first, again = (send(hub, mode(given_event)) for mode in (to_structured_event, to_binary_event))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"] == id
    assert again.json()["state"] == "duplicate", "the same event, and not another"


def test_a_batch_is_taken_each_for_itself(hub: Serving) -> None:
    many = [json.loads(to_structured_event(event({"n": n}, id=f"b{n}")).body) for n in range(3)]
    many[1]["specversion"] = "0.3"
    headers = {"content-type": "application/cloudevents-batch+json; charset=UTF-8"}
    answer = hub.web.post("/v1/events", content=json.dumps(many), headers=headers)
    assert [one["state"] for one in answer.json()["results"]] == ["accepted", "refused", "accepted"]
    assert "`specversion` is 1.0" in answer.json()["results"][1]["reasons"][0]
    empty = hub.web.post("/v1/events", content=b"[]", headers=headers)
    assert (empty.status_code, empty.json()) == (202, {"taken": 0, "refused": 0, "results": []})


WHOLE = {"specversion": "1.0", "id": "x", "source": "/s", "type": "thing.seen", "data": {"n": 1}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"specversion": "0.3"}, "`specversion` is 1.0"),
        ({"specversion": 1}, "`specversion` is 1.0"),
        ({"specversion": None}, "`specversion` is 1.0"),
        ({"id": None}, "`id` is missing"),
        ({"source": None}, "`source` is missing"),
        ({"type": None}, "`type`"),
        ({"id": ""}, "`id` is a text that is not empty"),
        ({"time": "yesterday"}, "RFC 3339"),
        ({"datacontenttype": "text/xml"}, "`datacontenttype` is JSON"),
        ({"data": None, "data_base64": "!"}, "`data_base64` is not base64"),
        ({"data_base64": "e30="}, "`data` and `data_base64`"),
        ({"data": None, "data_base64": "ew=="}, "JSON"),
        ({"Bad_Name": "x"}, "`Bad_Name` is no name of an attribute"),
        ({"extension": {"an": "object"}}, "`extension` is a text, a whole number, or true or false"),
        ({"extension": 2**31}, "`extension` is a text, a whole number, or true or false"),
    ],
)
def test_what_is_no_cloudevent_is_said(hub: Serving, change: dict[str, Any], said: str) -> None:
    value = {name: one for name, one in {**WHOLE, **change}.items() if one is not None}
    headers = {"content-type": "application/cloudevents+json"}
    answer = hub.web.post("/v1/events", content=json.dumps(value), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "envelope")
    assert said in " ".join(answer.json()["reasons"])


def test_data_in_base64_is_the_json_it_holds(hub: Serving) -> None:
    value = {**{name: one for name, one in WHOLE.items() if name != "data"}, "data_base64": "eyJuIjogN30="}
    headers = {"content-type": "application/cloudevents+json"}
    assert hub.web.post("/v1/events", content=json.dumps(value), headers=headers).status_code == 202
    assert kept(hub, "/s#x").body == {"n": 7}


def test_an_event_without_data_has_none_of_its_fields(hub: Serving) -> None:
    empty = {name: one for name, one in WHOLE.items() if name != "data"}
    headers = {"content-type": "application/cloudevents+json"}
    structured = hub.web.post("/v1/events", content=json.dumps(empty), headers=headers)
    binary = hub.web.post("/v1/events", content=b"", headers=BINARY)
    assert [(one.status_code, one.json()["code"]) for one in (structured, binary)] == [(422, "invalid")] * 2


def test_extensions_are_allowed_and_leave_no_trace_in_the_data(hub: Serving) -> None:
    for mode in (to_structured_event, to_binary_event):
        assert send(hub, mode(event(traceparent="00-ab-cd-01", sampled=True, level=3))).status_code == 202
    assert kept(hub, "/things#e1").body == {"n": 1}


BINARY = {"ce-specversion": "1.0", "ce-id": "x", "ce-source": "/s", "ce-type": "thing.seen",
          "content-type": "application/json"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"ce-specversion": "2.0"}, 400, "`specversion` is 1.0"),
        ({"ce-specversion": None}, 400, "`specversion` is 1.0"),
        ({"ce-id": None}, 400, "`id` is missing"),
        ({"ce-source": None}, 400, "`source` is missing"),
        ({"ce-type": None}, 400, "`type` is missing"),
        ({"ce-id": "%FF"}, 400, "`ce-id` is not percent-encoded UTF-8"),
        ({"ce-time": "noon"}, 400, "RFC 3339"),
        ({"ce-datacontenttype": "application/json"}, 400, "`ce-datacontenttype` is said by `Content-Type`"),
        ({"content-type": "text/plain"}, 415, "text/plain"),
    ],
)
def test_headers_that_are_no_cloudevent_are_said(
    hub: Serving, change: dict[str, str | None], status: int, said: str
) -> None:
    headers = {name: text for name, text in {**BINARY, **change}.items() if text is not None}
    answer = hub.web.post("/v1/events", content=b'{"n": 1}', headers=headers)
    assert answer.status_code == status
    assert said in answer.text


def test_a_header_that_is_there_twice_is_one_too_many(hub: Serving) -> None:
    twice = [*BINARY.items(), ("ce-id", "y")]
    answer = hub.web.post("/v1/events", content=b'{"n": 1}', headers=twice)
    assert (answer.status_code, answer.json()["code"]) == (400, "envelope")
    assert "`ce-id` is there more than once" in answer.text


def test_the_address_says_the_type_of_bare_data_only(hub: Serving) -> None:
    bare = hub.web.post("/v1/events?type=thing.seen", json={"n": 1})
    assert bare.status_code == 202
    assert kept(hub, bare.json()["id"]).body == {"n": 1}
    plain = hub.web.post("/v1/events", json={"type": "thing.seen", "data": {"n": 2}})
    assert plain.status_code == 202, "what is not called a CloudEvent need not be a whole one"
