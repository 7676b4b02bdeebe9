"""The OpenAPI document: whole, valid, true of what the hub answers, and a page that loads nothing."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from atamo_rules.rest.openapi import document, plain
from atamo_rules.rest.operations import OPERATIONS
from atamo_rules.rest.shapes import SHAPES
from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = """
event tick
  n: whole
  word: text = "x"

request quote
  sku: text
  answer
    price: whole

agent desk
  uses log
  send note
    word: text

rule noted
  on tick
  when n > 5
  do
    send desk.note
      word: word

rule quoted
  on request quote
  do
    reply
      price: length(sku)
"""
MOST = int(os.environ.get("ATAMO_API_CALLS", "2000"))
"""Calls of the fuzzer in all; the full figure is 50,000."""


SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 403, 404, 406, 409, 410, 412, 422]
[checks.negative_data_rejection]
expected-statuses = [400, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422]

[[operations]]
include-path = "/v1/keys/{id}"
[operations.checks.use_after_free]
enabled = false
"""
"""What a well-formed call may be told (422: it cannot be meant), and what one must be told that is not. A key that was
revoked is told for ever, with when that was."""


def nobody() -> Any:
    raise AssertionError("the table is made without a hub")


def table() -> list[Any]:
    return list(entries(nobody, Access(nobody)))


def test_every_way_in_is_described_and_nothing_else() -> None:
    assert {f"{one.method} {plain(one.path)}" for one in table()} == set(OPERATIONS)


def test_every_shape_that_is_named_is_there_and_every_shape_is_named() -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", repr(document(table()))))
    assert named == set(SHAPES)
    for schema in SHAPES.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_has_an_id_of_its_own() -> None:
    found = [told["operationId"] for path in document(table())["paths"].values() for told in path.values()]
    assert len(set(found)) == len(found)


def test_the_document_and_the_page_are_served_kept_and_load_nothing(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    made = web.get("/openapi.json")
    assert made.json()["openapi"] == "3.1.0"
    again = web.get("/openapi.json", headers={"If-None-Match": made.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = web.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//|url\(|@import|<script", page.text)
    assert "POST /v1/events" in re.sub(r"<[^>]+>", "", page.text)
    led = set(re.findall(r"href='#([^']+)'", page.text))
    assert led <= set(re.findall(r"id='([^']+)'", page.text)), "each link on the page leads somewhere"
    assert len(led) > 60


def answers(serving: Serving) -> dict[str, Any]:
    """An answer of each kind of a hub that has something to tell."""
    web = serving.web
    made = {"POST /v1/events": web.post("/v1/events", json={"type": "tick", "id": "t1", "data": {"n": 7}})}
    serving.over("t1")
    made["POST /v1/requests"] = web.post(
        "/v1/requests",
        json={"type": "quote", "id": "q1", "data": {"sku": "abc"}},
        headers={"Prefer": "wait=10"},
    )
    for path in (
        "/v1/types", "/v1/types/tick", "/v1/types/quote", "/v1/rules/noted", "/v1/events/t1",
        "/v1/events/t1/trace", "/v1/events/t1/why?rule=noted", "/v1/events/t1/telemetry",
        "/v1/requests/q1", "/v1/rules", "/v1/audit", "/v1/decided", "/v1/status", "/v1/holds", "/v1/dead", "/v1/keys",
        "/v1/proposals", "/healthz", "/readyz", "/v1/agents", "/v1/agents/desk", "/v1/action-types",
        "/v1/action-types/desk.note",
    ):  # fmt: skip
        made[f"GET {path}"] = web.get(path)
    made["PUT /v1/holds/agent/desk"] = web.put("/v1/holds/agent/desk")
    made["GET /v1/holds/agent/desk"] = web.get("/v1/holds/agent/desk")
    made["DELETE /v1/holds/agent/desk"] = web.delete("/v1/holds/agent/desk")
    new = {"level": "hub", "files": {"a.atamo": "rule more\n  on tick\n  stop\n"}}
    made["POST /v1/proposals"] = web.post("/v1/proposals", json=new)
    made["POST /v1/try"] = web.post(
        "/v1/try", json={"level": "hub", "event": {"type": "tick", "data": {"n": 9}}}
    )
    made["POST /v1/dead/redrive"] = web.post("/v1/dead/redrive", json={"which": {}})
    made["POST /v1/dead/discard"] = web.post("/v1/dead/discard", json={"which": {}})
    made["GET /v1/events/nothing"] = web.get("/v1/events/nothing")
    return made


def test_what_the_hub_answers_is_as_described(serve: Callable[..., Serving]) -> None:  # noqa: F811
    made = document(table())
    told = {
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path))): operation
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    }
    for call, answer in answers(serve(RULES)).items():
        method, _, path = call.partition(" ")
        operation = next(
            one
            for (verb, pattern), one in told.items()
            if verb == method and pattern.fullmatch(path.split("?")[0])
        )
        found = operation["responses"].get(
            str(answer.status_code), made["components"]["responses"]["Problem"]
        )
        (content,) = found["content"].values()
        schema = {**content["schema"], "components": made["components"]}
        jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)


def _known_types(described: dict[str, Any]) -> None:
    """Has the fuzzer send, for the most part, what the rules know: the document tells the types of no hub."""
    tick = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    quote = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}
    for path, names, data in (
        ("/v1/events", ["tick", "tock"], tick),
        ("/v1/requests", ["quote", "tick"], quote),
    ):
        for media in described["paths"][path]["post"]["requestBody"]["content"].values():
            schema = media["schema"].get("items", media["schema"])
            sent = copy.deepcopy(described["components"]["schemas"][schema.pop("$ref").rpartition("/")[2]])
            sent["properties"] |= {"type": {"enum": names}, "data": data}
            if sent["properties"].pop("data_base64", None):  # a schema cannot say that JSON is in it
                sent["propertyNames"] = {"pattern": "^[a-z0-9]+$"}
            schema.update(sent)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_fuzzer_finds_no_fault_and_no_answer_that_is_not_described(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    """schemathesis over the whole document, all its checks, its links followed; streams have `test_stream_fuzz.py`.
    (Hatfield-Dodds and Dygalo, Deriving semantics-aware fuzzers from web API schemas, ICSE 2022.)"""
    serving = serve(RULES)
    answers(serving)
    ring = serving.controller.hub.keyring
    key, own = serving.run(ring.make("root", role="admin", over="everything"))
    described = serving.web.get("/openapi.json").json()
    _known_types(described)
    (tmp_path / "openapi.json").write_text(json.dumps(described))
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    statuses, seed = Counter[str](), int(os.environ.get("ATAMO_API_SEED", "0"))
    while statuses.total() < MOST:
        seed += 1
        statuses += _fuzzed(tmp_path, serving.port, key, own.id, seed)
    assert statuses["401"] + statuses["429"] == 0, "the fuzzer came in by its key to the end"
    assert sum(statuses[good] for good in ("200", "201", "202")) > statuses.total() / 10, statuses


def _fuzzed(folder: Path, port: int, key: str, own: str, seed: int) -> Counter[str]:
    """One run of the fuzzer, which finds nothing: how often it was told each status."""
    left_out = "/follow$|/requests/[{]id[}]/events$"  # streams, which have no end
    told = folder / f"answers-{seed}"
    # One worker: threads that parse source at once fail in Python 3.11 ("AST constructor recursion depth mismatch",
    # gh-106905), and the fuzzer's own strategies do.
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", f"http://127.0.0.1:{port}",
            "--exclude-path-regex", left_out, "--max-examples", "20",
            "--phases", "examples,coverage,fuzzing,stateful", "--seed", str(seed), "--no-color",
            "--continue-on-failure", "--request-timeout", "70", "--workers", "1",
            "--generation-with-security-parameters", "false", "-H", f"Authorization: Bearer {key}",
        ],
        capture_output=True, text=True, cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.rest.fuzzed", "PYTHONPATH": os.getcwd(),
             "ATAMO_FUZZED_KEY": own, "ATAMO_FUZZED": str(told)},
    )  # fmt: skip
    found = max(done.stdout.find("= FAILURES"), done.stdout.find("= ERRORS"), 0)
    assert done.returncode == 0, done.stdout[found:][:8000] + done.stderr[-2000:]
    return Counter(line.split()[-1] for line in told.read_text().splitlines())
