"""Ten thousand guesses at a key: none comes in, each takes the same steps, and addresses are bounded."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from atamo_rules.hub.people.keyring import ADDRESSES, FAILURES, Failures
from atamo_rules.people import keys
from atamo_rules.rest.access import network
from tests.places import ORDERS
from tests.rest.conftest import Serving, serve  # noqa: F401

GUESSES = 10_000
LETTERS = string.ascii_letters + string.digits + "_-"


def guesses(texts: list[str], count: int) -> list[str]:
    """Wrong keys of every kind: near ones, those with a known id, made-up ones, and what is no key."""
    chance = random.Random(1)

    def made(size: int) -> str:
        return "".join(chance.choice(LETTERS) for _ in range(size))

    kinds: tuple[Callable[[], str], ...] = (
        lambda: chance.choice(texts)[:-1] + chance.choice("!$"),
        lambda: chance.choice(texts)[:13] + made(43),
        lambda: f"atm_{made(8).lower()}_{made(43)}",
        lambda: chance.choice(texts)[: chance.randrange(1, 56)],
        lambda: made(chance.randrange(1, 60)),
        lambda: chance.choice(texts).swapcase(),
    )
    return [one for one in (chance.choice(kinds)() for _ in range(count)) if one not in texts]


def test_no_guess_comes_in_and_each_takes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        keys.make("ann", **more)
        for more in ({}, {"revoked": "2025-01-01"}, {"expires": "2025-01-01T00:00:00Z"})
    ]
    kept = {key.id: key for _, key in made}
    steps: list[str] = []

    def counted(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def one(*args: Any) -> Any:
            steps.append(name)
            return act(*args)

        return one

    monkeypatch.setattr(keys, "compare_digest", counted("compare", keys.compare_digest))
    monkeypatch.setattr(keys, "_digest", counted("digest", keys._digest))
    texts = [text for text, _ in made]
    for guess in (*guesses(texts, GUESSES), *texts[1:]):
        steps.clear()
        assert keys.find(guess, kept, now) is None, guess
        assert steps == ["digest", "compare"], guess
    assert keys.find(texts[0], kept, now) == made[0][1]


def test_guesses_at_the_door_end_in_401_and_then_in_429_and_the_right_key_comes_in(
    serve: Callable[..., Serving],  # noqa: F811
) -> None:
    serving = serve(ORDERS)
    text, _ = serving.run(serving.controller.hub.keyring.make("root", role="admin", over="everything"))
    statuses = []
    bodies = set()
    for guess in guesses([text], 200):
        answer = serving.web.get("/v1/types", headers={"authorization": f"Bearer {guess}"})
        statuses.append(answer.status_code)
        bodies.add(answer.content)
    assert statuses == [401] * FAILURES + [429] * (len(statuses) - FAILURES)
    assert len(bodies) == 2, "a guess is told the same, however near it is"
    mine = {"authorization": f"Bearer {text}"}
    assert serving.web.get("/v1/types", headers=mine).status_code == 200, (
        "others' guesses keep nobody waiting"
    )
    denied = serving.web.get("/v1/audit", params={"kind": "access.denied"}, headers=mine).json()["records"]
    assert len(denied) == FAILURES, "nor do they fill the audit"


def test_the_count_of_failures_is_by_network_and_bounded() -> None:
    assert network("2001:db8:1:2:aaaa::1") == network("2001:db8:1:2:bbbb::9") != network("2001:db8:1:3::1")
    assert network("::ffff:192.0.2.7") == network("192.0.2.7") != network("192.0.2.8")
    assert network("fe80::1%eth0") == network("fe80::2")
    assert [network(one) for one in ("", "testclient")] == ["", "testclient"]
    failures = Failures()
    for number in range(ADDRESSES + 50):
        assert failures.add(str(number), 0.0) == 0.0
    assert len(failures.of) == ADDRESSES
    for _ in range(FAILURES):
        failures.add("a", 1.0)
    assert failures.add("a", 31.0) == 30.0
    assert failures.add("a", 61.0) == 0.0
