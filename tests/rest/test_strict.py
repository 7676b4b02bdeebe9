"""What the document promises of a call is what the handlers take, on both sides of every border."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from atamo_rules.model.schema_check import validator
from atamo_rules.rest.access import Access
from atamo_rules.rest.app import LOOSE, entries
from atamo_rules.rest.openapi import plain
from atamo_rules.rest.operations import OPERATIONS, PATHS
from atamo_rules.rest.shapes import SHAPES
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.rest.test_openapi import RULES, answers, nobody

ODD = "\x00\x1c\x1f\x7f\x85\xa0\u0661\u1680\u2003\u2028\u202f\u3000\ufeff\U0001f600 \t\r\n"
"""What one dialect of regexes takes for a space, a digit, a letter or the end, and another does not."""


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern of a schema, wherever it stands in it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for one in schema.values():
            yield from patterns(one)
    elif isinstance(schema, list | tuple):
        for one in schema:
            yield from patterns(one)


@pytest.mark.parametrize(
    "pattern",
    sorted({*patterns(SHAPES), *patterns(PATHS), *patterns([o.query for o in OPERATIONS.values()])}),
)
def test_a_pattern_says_the_same_to_whoever_reads_the_document(pattern: str) -> None:
    """Clients have it from Python, ECMAScript or Rust: no pattern hangs on what these call a space or a digit."""
    assert not re.search(r"\\[sSdDwWbB]", pattern)
    here, there = re.compile(re.sub(r"\$$", r"\\Z", pattern)), validator({"pattern": pattern})
    for seed in ("", "a", "user ann", "hub", "a.atamo", "application/json", "any(1)", "x-1", "0002"):
        for odd in (*ODD, *"aZ0_.-/:;+("):
            for text in (seed, odd, seed + odd, odd + seed, f"user {odd}", f"a{odd}.atamo", f"any(1{odd})"):
                assert (here.search(text) is not None) == there.is_valid(text), ascii(text)


def test_no_way_in_takes_a_parameter_that_is_not_described_or_one_twice(
    serve: Callable[..., Serving],  # noqa: F811
) -> None:
    serving = serve(RULES)
    for entry in entries(nobody, Access(nobody)):
        if entry.path in LOOSE:
            continue
        path = re.sub(r"\{number\}", "1", re.sub(r"\{(?!number)\w+\}", "x", plain(entry.path)))
        queries = ["nothing=1"]
        queries += [
            f"{name}=1&{name}=1" for name in OPERATIONS[f"{entry.method} {plain(entry.path)}"].parameters
        ]
        for query in queries:
            answer = serving.web.request(entry.method, f"{path}?{query}")
            assert (answer.status_code, answer.json()["code"]) == (400, "parameter"), (entry, query)


def test_digits_that_are_none_of_ascii_are_no_fault_of_the_hub(serve: Callable[..., Serving]) -> None:  # noqa: F811
    """`str.isdigit` says yes to them, and `int` and `float` raise."""
    serving = serve(RULES)
    answers(serving)
    for name, value in (
        (b"Prefer", b"wait=\xb2"),
        (b"Cache-Control", b"max-age=\xb2"),
        (b"Cache-Control", b"max-age=" + b"9" * 400),
    ):
        asked = serving.web.post("/v1/requests?type=quote", json={"sku": "a"}, headers={name: value})
        assert asked.status_code == 202, (name, asked.text)
    for path, status in (("/v1/requests/q1/events", 200), ("/v1/events/t1/follow", 200)):
        with serving.web.stream("GET", path, headers={b"Last-Event-ID": b"\xb2"}) as told:
            assert told.status_code == status, path


def test_a_number_that_no_store_keeps_names_nothing(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    for number in ("0", "9" * 16, "9" * 17, "9" * 5000):
        assert web.get(f"/v1/dead/{number}").status_code == 404


def test_what_is_a_whole_number_to_json_schema_is_one_to_the_hub(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    order, media = b'{"holder": "ann", "expires": 3e1}', {"content-type": "application/json"}
    assert web.post("/v1/keys", content=order, headers=media).status_code == 201


def test_a_name_does_not_begin_with_what_only_some_call_a_space(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    for odd in ODD:
        order = {"level": f"user {odd}", "files": {"a.atamo": "rule more\n  on tick\n  stop\n"}}
        answer = web.post("/v1/proposals", json=order)
        assert answer.status_code == (201 if odd in "\u0661\U0001f600" else 400), ascii(odd)


def test_a_question_of_yes_or_no_is_answered_as_it_was_put(serve: Callable[..., Serving]) -> None:  # noqa: F811
    serving = serve(RULES)
    answers(serving)
    whys = {
        now: serving.web.get("/v1/events/t1/why", params={"rule": "noted", "now": now})
        for now in ("false", "true", "", "1")
    }
    assert [one.status_code for one in whys.values()] == [200, 200, 400, 400]
