"""The files that Sigma rules come in: YAML, or JSON lines of `{"name": …, "rule": …}`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source


@dataclass(frozen=True, slots=True)
class Text:
    """The YAML of one or more rules. `name` is what the first is called whatever it says itself, empty for that."""

    source: Source
    name: str = ""


def texts(source: Source) -> Iterator[Text | Diagnostic]:
    """Every text of rules in a file, and what is malformed in it.

    In JSON lines a rule is the text of its file, or the object that this text writes. Such a text is a source of its
    own, named after the line that holds it.
    """
    if not source.name.endswith((".jsonl", ".ndjson")):
        yield Text(source)
        return
    for number, start in enumerate(source.line_starts, 1):
        line = source.line(number)
        if line.strip():
            yield _line(source, number, start, line)


def _line(source: Source, number: int, start: int, line: str) -> Text | Diagnostic:
    whole = source.span(start, start + len(line))
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        at = start + min(getattr(error, "pos", 0), len(line) - 1)
        reason = getattr(error, "msg", "it is nested too deeply")
        return codes.SYNTAX.at(source.span(at, at + 1), f"this line is not JSON: {reason.lower()}")
    name, rule = (given.get("name"), given.get("rule")) if isinstance(given, dict) else (None, None)
    if not isinstance(name, str) or not name.strip() or not isinstance(rule, str | dict):
        return codes.YAML_SHAPE.at(
            whole,
            "a line is an object with the `name` of a rule and the `rule` itself",
            help='such as `{"name": "shells", "rule": "title: Shells\\n…"}`',
        )
    text = rule if isinstance(rule, str) else json.dumps(rule, indent=2, ensure_ascii=False)
    return Text(Source(f"{source.name}, line {number}", text), name)
