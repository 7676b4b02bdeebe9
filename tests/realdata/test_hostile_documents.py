"""JSONTestSuite and yaml-test-suite: what is refused, what is read, and that nothing is read with another meaning."""

from __future__ import annotations

import base64
import json
import signal
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.source.span import Source
from atamo_rules.syntax.read import read
from atamo_rules.syntax.yaml_nodes import to_json
from atamo_rules.syntax.yaml_reading import read_yaml
from tests.cli.dispatcher import Dispatcher
from tests.places import write
from tests.realdata.conftest import Lines

pytestmark = pytest.mark.realdata

REFUSED_ON_PURPOSE = {"json-y_object_duplicated_key.json", "json-y_object_duplicated_key_and_value.json"}
"""JSON that RFC 8259 leaves to its reader: which of two equal keys is meant, nobody can say."""
LENIENT = {
    "yaml-9C9N-0": "a flow sequence goes on at the left margin",
    "yaml-9JBA-0": "a comment stands right behind a bracket",
    "yaml-CVW2-0": "a comment stands right behind a comma",
    "yaml-DK95-1": "a quoted text goes on behind a tab",
    "yaml-G5U8-0": "a dash stands for a text in brackets",
    "yaml-QB6E-0": "a quoted text goes on at the left margin",
    "yaml-S98Z-0": "blanks before the first line of a block are deeper than it",
    "yaml-SU5Z-0": "a comment stands right behind a quote",
    "yaml-X4QW-0": "a comment stands right behind the sign of a block",
    "yaml-Y79Y-3": "a tab indents inside brackets",
    "yaml-YJV2-0": "a dash stands for a text in brackets",
}
"""What YAML 1.2 forbids and libyaml reads in the only way it can be meant."""


def test_json_is_refused_and_read_as_the_suite_says(lines: Lines) -> None:
    wrong = []
    for case in lines("hostile.json"):
        raw = base64.b64decode(case["bytes"])
        try:
            value: Any = decode(raw)
        except JsonRefused:
            if case["expected"] == "accept" and case["id"] not in REFUSED_ON_PURPOSE:
                wrong.append(case["id"])
            continue
        may = case["expected"] != "reject" and case["id"] not in REFUSED_ON_PURPOSE
        if not may or value != json.loads(raw, parse_float=Decimal):
            wrong.append(case["id"])
    assert wrong == []


def test_json_bodies_over_http(lines: Lines, tmp_path: Path) -> None:
    """Whatever the bytes, the answer is 202, or 400 with the reason; what was taken comes out as it went in."""
    rules = """
    event said of anything

    agent book
      uses file
        path: "out/book.jsonl"
      send line
        value: anything

    rule repeat
      on said
      do
        send book.line
          value: event.v
    """
    write(tmp_path, {"rules.atamo": rules})
    taken: dict[str, Any] = {}
    with Dispatcher(".", "--port", "0", cwd=tmp_path) as hub, hub.web as web:
        for case in lines("hostile.json"):
            raw = base64.b64decode(case["bytes"])
            body = b'{"type": "said", "id": "%s", "data": {"v": %s\n}}' % (case["id"].encode(), raw)
            answer = web.post("/v1/events", content=body, headers={"content-type": "application/json"})
            if case["expected"] == "accept" and case["id"] not in REFUSED_ON_PURPOSE:
                assert answer.status_code == 202, (case["id"], answer.text)
                taken[case["id"]] = json.loads(raw, parse_float=Decimal)
            elif case["expected"] == "reject":
                bare = web.post(
                    "/v1/events?type=said", content=raw, headers={"content-type": "application/json"}
                )
                assert bare.status_code == 400, (case["id"], bare.text)
                assert bare.json()["code"] in ("malformed", "envelope")
            assert answer.status_code in (202, 400), (case["id"], answer.text)
            assert answer.status_code == 202 or answer.json()["reasons"]
        assert hub.end(signal.SIGTERM) == 0
    written = (tmp_path / "out/book.jsonl").read_text("utf-8").split("\n")
    bodies = [json.loads(line, parse_float=Decimal)["body"]["value"] for line in written if line]
    assert len(taken) == 93
    assert [value for value in taken.values() if value not in bodies] == []


def test_yaml_is_read_with_its_meaning_or_refused_by_name(lines: Lines) -> None:
    found: Counter[str] = Counter()
    wrong = []
    for case in lines("hostile.yaml"):
        node, said = read_yaml(Source("case.yaml", case["text"]))
        if said:
            assert said[0].code.id in ("E0120", "E0121", "E0122", "E0123"), case["id"]
            found[f"{case['expected']} refused"] += 1
        elif case["expected"] == "reject":
            found["reject read"] += 1
            if case["id"] not in LENIENT:
                wrong.append(case["id"])
        else:
            found["accept read"] += 1
            if case["json"] and [None if node is None else to_json(node)] != (
                _documents(case["json"]) or [None]
            ):
                wrong.append(case["id"])
    assert wrong == []
    assert found["accept read"] > 200, found
    assert found["reject read"] == len(LENIENT)


def _documents(text: str) -> list[Any]:
    decoder, rest, done = json.JSONDecoder(parse_float=Decimal), text.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        done.append(value)
        rest = rest[end:].strip()
    return done


def test_every_document_as_a_rule_file_gives_findings_and_never_more(lines: Lines) -> None:
    texts = [case["text"] for case in lines("hostile.yaml")]
    texts += [base64.b64decode(case["bytes"]).decode("utf-8", "replace") for case in lines("hostile.json")]
    texts += [case["event"]["v"] for case in lines("hostile.strings")]
    for container in ("yaml", "atamo"):
        for text in texts:
            file, said = read(Source(f"rules.{container}", text))
            assert not file.declarations or not said or all(one.message for one in said)
            assert all(0 <= one.span.start <= one.span.end <= len(text) for one in said), text
