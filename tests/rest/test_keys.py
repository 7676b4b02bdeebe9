"""What names an event: its source and id, or a key given beside it; and what is said when nothing can be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from atamo_rules.errors import Busy, StoreUnavailable
from tests.places import ORDERS
from tests.rest.conftest import Serving

Serve = Callable[[str], Serving]


def order(**more: Any) -> dict[str, Any]:
    return {"type": "order.placed", "data": {"id": "7", "total": 120}, **more}


@pytest.mark.parametrize("header", ["k-1", '"k-1"'])
def test_an_idempotency_key_names_a_message_without_an_id(serve: Serve, header: str) -> None:
    serving = serve(ORDERS)
    first = serving.post(order(), headers={"idempotency-key": header})
    again = serving.post(order(), headers={"idempotency-key": header})
    other = serving.post(order(data={"id": "8", "total": 1}), headers={"idempotency-key": header})
    assert [first.json(), again.json()] == [
        {"id": "k-1", "state": "accepted"},
        {"id": "k-1", "state": "duplicate"},
    ]
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert serving.over("k-1")["state"] == "finished"


def test_a_key_of_a_batch_names_each_of_its_messages_and_an_id_of_its_own_goes_first(serve: Serve) -> None:
    serving = serve(ORDERS)
    batch = [order(), order(id="mine"), order()]
    for state in ("accepted", "duplicate"):
        answer = serving.post(batch, headers={"idempotency-key": "b"}).json()
        assert [(one["id"], one["state"]) for one in answer["results"]] == [
            ("b/1", state), ("mine", state), ("b/3", state),
        ]  # fmt: skip


def test_a_key_that_cannot_be_one_is_refused(serve: Serve) -> None:
    serving = serve(ORDERS)
    answer = serving.post(order(), headers={"idempotency-key": "x" * 257})
    assert (answer.status_code, answer.json()["code"]) == (400, "envelope")


def test_one_id_of_two_sources_is_two_events(serve: Serve) -> None:
    serving = serve(ORDERS)
    places = []
    for source in ("/one", "/two"):
        answer = serving.post(order(id="1", source=source))
        assert answer.json() == {"id": "1", "state": "accepted"}
        places.append(answer.headers["location"])
    assert places == ["/v1/events/%2Fone%231", "/v1/events/%2Ftwo%231"]
    told = [serving.web.get(place).json() for place in places]
    assert [one["source"] for one in told] == ["/one", "/two"]
    assert len({one["actions"][0]["id"] for one in told}) == 2
    assert serving.web.get("/v1/events/1").status_code == 404, "it is not said which"


def test_alerts_are_asked_for_with_true(serve: Serve) -> None:
    serving = serve(ORDERS)
    assert serving.post(order(alerts=True)).status_code == 202
    refused = serving.post(order(alerts="yes"))
    assert (refused.status_code, refused.json()["reasons"]) == (400, ["`alerts` is true or false"])


def test_what_cannot_be_kept_is_not_accepted(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = serve(ORDERS)
    store = serving.controller.store

    def fails(error: Exception) -> Any:
        async def accept(arrivals: Any) -> Any:
            raise error

        return accept

    with monkeypatch.context() as patch:
        patch.setattr(store, "accept", fails(Busy("the disk is full", 5.0)))
        busy = serving.post(order(id="a"))
    assert (busy.status_code, busy.json()["code"], busy.json()["title"]) == (503, "busy", "the disk is full")
    assert busy.headers["retry-after"] == "5"
    assert serving.post(order(id="a")).json()["state"] == "accepted", "nothing was held against it"
    with monkeypatch.context() as patch:
        patch.setattr(store, "accept", fails(StoreUnavailable("`hub.db` cannot be written: disk I/O error")))
        broken = serving.post(order(id="b"))
    assert (broken.status_code, broken.json()["code"]) == (503, "store")
    assert serving.post(order(id="c")).json()["code"] == "stopping", "after that it takes nothing more"
    assert serving.controller.hub.broken.is_set()
