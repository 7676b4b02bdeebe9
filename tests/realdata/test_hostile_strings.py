"""Big List of Naughty Strings: each goes in by HTTP and comes out of templates, agents and the audit as it was."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from atamo_rules.model.strict_json import encode
from tests.cli.dispatcher import Dispatcher
from tests.places import write
from tests.realdata.conftest import Lines

pytestmark = pytest.mark.realdata

RULES = """\
event said
  v: text
  keyed: map of text
  list: list of text

agent book
  uses file
    path: "out/book.jsonl"
  send line
    rendered: text
    value: text
    keyed: map of text
    list: list of text

rule repeat
  on said
  do
    send book.line
      rendered: "<{{ v }}>"
      value: v
      keyed: keyed
      list: list

rule same
  on said
  order 200
  when v is (list[0] else "")
  stop
"""
MORE = (
    "{{ 7*7 }}",
    "{% if 1 %}x{% endif %}",
    "{# gone #}",
    "${7*7}",
    "#{7*7}",
    "%s%n",
    "{{ v }}",
    "= v",
    "<%= 7 %>",
)
"""What template languages would make something of."""


def test_every_string_survives_as_value_key_element_and_in_templates(lines: Lines, tmp_path: Path) -> None:
    strings = [case["event"]["v"] for case in lines("hostile.strings")] + list(MORE)
    assert len(strings) > 500
    write(tmp_path, {"rules.atamo": RULES})
    with Dispatcher(".", "--port", "0", cwd=tmp_path) as hub, hub.web as web:
        for number, text in enumerate(strings):
            data = {"v": text, "keyed": {text: text}, "list": [text, text]}
            event = {"type": "said", "id": f"s{number}", "data": data}
            answer = web.post(
                "/v1/events", content=encode(event), headers={"content-type": "application/json"}
            )
            assert answer.status_code == 202, (text, answer.text)
        assert hub.end(signal.SIGTERM) == 0
    written = [
        json.loads(line) for line in (tmp_path / "out/book.jsonl").read_text("utf-8").split("\n") if line
    ]
    bodies = [line["body"] for line in written]
    assert len(bodies) == len(strings)
    expected = {
        encode({"rendered": f"<{text}>", "value": text, "keyed": {text: text}, "list": [text, text]})
        for text in strings
    }
    assert {encode(body) for body in bodies} == expected
    audit = [
        json.loads(line) for line in (tmp_path / ".atamo/audit.jsonl").read_text("utf-8").split("\n") if line
    ]
    decided = [record for record in audit if record["kind"] == "event.decided"]
    assert [record["what"]["matched"] for record in decided] == [["repeat", "same"]] * len(strings)
