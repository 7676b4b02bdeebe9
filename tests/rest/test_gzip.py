"""Bodies that come as gzip: opened as they come, bounded, and refused where they are none."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.rest.encodings import Gunzip
from atamo_rules.rest.problem import Problem
from tests.places import ORDERS
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 50))
def test_what_was_compressed_comes_out_in_whatever_pieces_it_comes(parts: list[bytes], size: int) -> None:
    raw = b"".join(gzip.compress(part) for part in parts)
    gunzip = Gunzip(1000)
    got = b"".join(gunzip.feed(raw[at : at + size]) for at in range(0, len(raw), size))
    gunzip.end()
    assert got == b"".join(parts)


@given(st.binary(max_size=300), st.integers(0, 60))
def test_any_bytes_are_opened_or_refused(raw: bytes, cut: int) -> None:
    for given_bytes in (raw, gzip.compress(raw)[:cut]):
        gunzip = Gunzip(1000)
        found: Problem | None = None
        try:
            gunzip.feed(given_bytes)
            gunzip.end()
        except Problem as problem:
            found = problem
        assert found is None or (found.status, found.code) == (400, "gzip")


def test_a_bomb_is_never_made_whole() -> None:
    bomb = gzip.compress(bytes(200 << 20), 9)
    assert len(bomb) < 1 << 20
    gunzip, limit = Gunzip(1 << 20), 1 << 20
    tracemalloc.start()
    made = gunzip.feed(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made) == limit + 1
    assert peak < 4 * limit, "memory is at most four times a body"


def test_events_may_come_compressed(serve: Serve) -> None:
    serving = serve(ORDERS)
    event = {"type": "order.placed", "id": "z", "data": {"id": "7", "total": 120}}
    raw = gzip.compress(json.dumps(event).encode())

    def post(content: bytes, encoding: str = "gzip", path: str = "/v1/events") -> tuple[int, str]:
        headers = {"content-type": "application/json", "content-encoding": encoding}
        answer = serving.web.post(path, content=content, headers=headers)
        return answer.status_code, answer.json().get("code", "")

    assert post(raw) == (202, "")
    assert serving.over("z")["state"] == "finished"
    assert post(raw[:-5]) == (400, "gzip")
    assert post(b"{}") == (400, "gzip")
    assert post(zlib.compress(b"{}"), "deflate") == (415, "encoding")
    assert post(raw, "gzip, gzip") == (415, "encoding")
    assert post(gzip.compress(b" " * (2 << 20))) == (413, "too-large")
    assert post(gzip.compress(b'{"holder": "ann"}'), path="/v1/keys") == (201, "")


def test_what_is_not_understood_says_what_is(serve: Serve) -> None:
    headers = {"content-type": "application/json", "content-encoding": "br"}
    answer = serve(ORDERS).web.post("/v1/events", content=b"x", headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")


@pytest.mark.parametrize("encoding", ["identity", "", "GZIP", "x-gzip"])
def test_names_of_encodings_have_no_case(serve: Serve, encoding: str) -> None:
    event = json.dumps({"type": "order.placed", "data": {"id": "7", "total": 1}}).encode()
    content = gzip.compress(event) if "gzip" in encoding.lower() else event
    headers = {"content-type": "application/json", "content-encoding": encoding}
    assert serve(ORDERS).web.post("/v1/events", content=content, headers=headers).status_code == 202
