"""How often a key may ask: the bucket beside a naive one, and what is said at the door."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.rest.rates import REMEMBERED, Buckets, Rate, read_rate
from tests.places import ORDERS
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]


@given(
    st.integers(1, 20),
    st.integers(1, 60),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5000)), max_size=80),
)
def test_a_bucket_lets_through_what_an_exact_one_does(
    count: int, seconds: int, asked: list[tuple[str, int]]
) -> None:
    """In whole numbers: a token is `seconds` thousand parts, and each millisecond brings `count` of them."""
    buckets, now = Buckets(Rate(count, seconds)), 0
    parts = {"a": count * seconds * 1000, "b": count * seconds * 1000}
    at = {"a": 0, "b": 0}
    for key, later in asked:
        now += later
        parts[key] = min(count * seconds * 1000, parts[key] + (now - at[key]) * count)
        at[key] = now
        may = parts[key] >= seconds * 1000
        parts[key] -= seconds * 1000 if may else 0
        told = buckets.take(key, now / 1000)
        assert (told.may, told.left) == (may, parts[key] // (seconds * 1000))
        assert told.seconds >= 1
        if not may:  # whoever waits as long as they are told comes in
            assert Buckets(buckets.rate, buckets.of.copy()).take(key, now / 1000 + told.seconds).may


def test_keys_beyond_bound_are_forgotten_the_idlest_first() -> None:
    buckets = Buckets(Rate(1, 60))
    for number in range(REMEMBERED + 1):
        buckets.take(str(number), 0.0)
    assert len(buckets.of) == REMEMBERED
    assert buckets.take("0", 0.0).may
    assert not buckets.take(str(REMEMBERED), 0.0).may


@pytest.mark.parametrize(
    ("text", "rate"),
    [("600 per minute", Rate(600, 60)), ("20 per 10 seconds", Rate(20, 10)), ("1 per hour", Rate(1, 3600))],
)
def test_rates_are_written_in_words(text: str, rate: Rate) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["", "10", "0 per minute", "10 per day", "10/s", "-1 per second"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write `600 per minute`"):
        read_rate(text)


def test_a_key_that_asks_too_often_is_told_when_it_may_again_and_others_are_not_kept(serve: Serve) -> None:
    serving = serve(ORDERS, door={"rate": Rate(3, 3600)})
    ring = serving.controller.hub.keyring
    one, two = (serving.run(ring.make(name, role="admin", over="everything"))[0] for name in ("a", "b"))
    web = serving.web
    got = [web.get("/v1/types", headers={"authorization": f"Bearer {one}"}) for _ in range(5)]
    assert [answer.status_code for answer in got] == [200, 200, 200, 429, 429]
    assert [answer.headers["ratelimit"] for answer in got[:2]] == ['"key";r=2;t=1200', '"key";r=1;t=2400']
    refused = got[3]
    assert refused.json()["code"] == "rate"
    assert refused.headers["ratelimit-policy"] == '"key";q=3;w=3600'
    assert 1 <= int(refused.headers["retry-after"]) <= 1200
    missing = web.get("/v1/events/none", headers={"authorization": f"Bearer {two}"})
    assert (missing.status_code, missing.headers["ratelimit"]) == (404, '"key";r=2;t=1200')
    assert web.get("/healthz").status_code == 200


def test_without_keys_an_address_counts_for_itself(serve: Serve) -> None:
    web = serve(ORDERS, door={"rate": Rate(1, 3600)}).web
    assert [web.get("/v1/types").status_code for _ in range(2)] == [200, 429]
    assert "ratelimit" not in web.get("/healthz").headers
