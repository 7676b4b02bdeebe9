"""The files that patterns come in: one pattern, named patterns as JSON lines or an array, and what AWS exports.

AWS writes patterns in three ways, told apart from a pattern because a pattern has no text outside of its arrays:
`describe-rule` (an object with `EventPattern`), `list-rules` (an object with `Rules`), and CloudFormation templates
(`Resources` of the type `AWS::Events::Rule`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from atamo_rules.importers.json_text import Array, Json, NotJson, Object, Text, lines, parse
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Source, Span


@dataclass(frozen=True, slots=True)
class Named:
    """A pattern, or None where there is none, with the name of its rule and what else is said of that rule."""

    name: str
    pattern: Json | None
    span: Span
    about: str = ""
    enabled: bool = True
    bus: str = ""


def patterns(source: Source) -> Iterator[Named | Diagnostic]:
    """Every pattern of a file, and what is malformed in it."""
    whole = Fragment.of(source.whole)
    try:
        if source.name.endswith((".jsonl", ".ndjson")):
            for line in lines(whole):
                yield from _line(line)
            return
        value, rest = parse(whole)
        if rest is not None:
            yield codes.FOREIGN_SYNTAX.at(
                rest,
                "the file goes on behind its first value",
                help="a file of many patterns is named `.jsonl`",
            )
            return
        yield from _file(value, stem(source.name))
    except NotJson as error:
        yield codes.FOREIGN_SYNTAX.at(error.span, error.message)


def stem(name: str) -> str:
    """`orders` of `patterns/orders.json`."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return last.rpartition(".")[0] or last


def _line(line: Fragment) -> Iterator[Named | Diagnostic]:
    """A line of JSON lines."""
    try:
        value, rest = parse(line)
        if rest is not None:
            raise NotJson(rest, "the line goes on behind its value")
    except NotJson as error:
        yield codes.FOREIGN_SYNTAX.at(error.span, error.message)
        return
    yield from _listed(value)


def _listed(value: Json) -> Iterator[Named | Diagnostic]:
    """`{"name": …, "pattern": …}`; the pattern may be a text that holds its JSON."""
    given = value if isinstance(value, Object) else Object((), value.span)
    name, pattern = given.get("name"), given.get("pattern") or given.get("rule")
    if not isinstance(name, Text) or not name.value or pattern is None:
        yield codes.FOREIGN_RULE.at(
            value.span, "here stands an object with the `name` of a rule and its `pattern`",
            help='such as `{"name": "stopped", "pattern": {"detail": {"state": ["stopped"]}}}`',
        )  # fmt: skip
        return
    about = given.get("description")
    yield from _embedded(
        Named(name.value, pattern, value.span, about.value if isinstance(about, Text) else "")
    )


def _file(value: Json, name: str) -> Iterator[Named | Diagnostic]:
    if isinstance(value, Array):
        for one in value.items:
            yield from _listed(one)
        return
    if isinstance(value, Object):
        if isinstance(value.get("EventPattern"), Text):
            yield from _exported(value, name)
            return
        listed, resources = value.get("Rules"), value.get("Resources")
        if isinstance(listed, Array) and any(_said(one, "Name") for one in listed.items):
            for one in listed.items:
                yield from _exported(one, name)
            return
        if isinstance(resources, Object) and any(_said(one, "Type") for _, one in resources.members):
            for key, one in resources.members:
                properties = one.get("Properties") if isinstance(one, Object) else None
                if _said(one, "Type") == "AWS::Events::Rule" and properties is not None:
                    yield from _exported(properties, key.value)
            return
    yield Named(name, value, value.span)


def _exported(value: Json, name: str) -> Iterator[Named | Diagnostic]:
    """A rule as AWS writes it; one that runs on a schedule has no pattern."""
    if not isinstance(value, Object):
        yield codes.FOREIGN_RULE.at(value.span, "a rule of EventBridge is an object")
        return
    yield from _embedded(
        Named(
            _said(value, "Name") or name,
            value.get("EventPattern"),
            value.span,
            _said(value, "Description"),
            _said(value, "State") != "DISABLED",
            _said(value, "EventBusName"),
        )
    )


def _said(value: Json, key: str) -> str:
    found = value.get(key) if isinstance(value, Object) else None
    return found.value if isinstance(found, Text) else ""


def _embedded(named: Named) -> Iterator[Named | Diagnostic]:
    """The same with its pattern read, where that is JSON inside a text. Both engines read no further than its end."""
    if not isinstance(named.pattern, Text):
        yield named
        return
    where = named.pattern.span
    try:
        value, rest = parse(Fragment(named.pattern.value, where))
    except NotJson as error:
        yield codes.FOREIGN_RULE.at(where, f"the pattern of `{named.name}` is not JSON: {error.message}")
        return
    if rest is not None:
        yield codes.FOREIGN_IN_VAIN.at(where, f"what follows the pattern of `{named.name}` is not read")
    yield replace(named, pattern=value)
