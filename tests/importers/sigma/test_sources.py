"""Rules in JSON lines: named by the line, as a text or as an object; a bad line is said, and the others are read."""

from __future__ import annotations

import json

from atamo_rules.importers.imported import Imported
from atamo_rules.importers.sigma import read
from atamo_rules.source.span import Source
from tests.importers.sigma.worlds import files, matched, rule
from tests.worlds import ruleset


def line(name: object, rule: object) -> str:
    return json.dumps({"name": name, "rule": rule})


def test_each_line_names_its_rule() -> None:
    written = {"title": "x", "logsource": {"category": "a"}, "detection": {"s": {"a": "ä"}, "condition": "s"}}
    text = "\n".join([line("one", rule("selection: {a: x}", id="other")), "", line("two", written)])
    found = read(Source("rules.jsonl", text), event_type="log.line", by_fields=False)
    assert not found.diagnostics
    assert [item.name for item in found.items] == ["one", "two"]
    rules = ruleset(files([found]))
    assert matched(rules, {"a": "x"}) == ("one",)
    assert matched(rules, {"a": "Ä"}) == ("two",)


def test_what_is_wrong_with_a_line_is_said_and_the_rest_is_read() -> None:
    lines = [
        '{"name": ',
        "[1]",
        line("", "x"),
        line("three", 3),
        line("bad", rule("selection: {}")),
        line("good", rule("selection: {a: x}")),
        "[" * 100_000,
    ]
    found = read(Source("rules.jsonl", "\r\n".join(lines)), event_type="log.line")
    assert [(type(item), item.name) for item in found.items] == [(Imported, "good")]
    assert [(str(said.span), said.message.partition(":")[0]) for said in found.diagnostics] == [
        ("rules.jsonl:1:9", "this line is not JSON"),
        ("rules.jsonl:2:1", "a line is an object with the `name` of a rule and the `rule` itself"),
        ("rules.jsonl:3:1", "a line is an object with the `name` of a rule and the `rule` itself"),
        ("rules.jsonl:4:1", "a line is an object with the `name` of a rule and the `rule` itself"),
        ("rules.jsonl, line 5:6:14", "a selection asks at least one field"),
        ("rules.jsonl:7:1", "this line is not JSON"),
    ]


def test_several_rules_in_one_line_have_names_of_their_own() -> None:
    text = line("pair", "---\n".join(rule("selection: {a: x}") for _ in range(2)))
    found = read(Source("rules.jsonl", text), event_type="log.line")
    assert [item.name for item in found.items] == ["pair", "pair#2"]
