"""JsonLogic rules of a file as rules of ours: one in a file of JSON, or many, each with its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from atamo_rules.importers import json_text
from atamo_rules.importers.imported import Imported, Item, Reading, Refused
from atamo_rules.importers.inbox import inbox, told
from atamo_rules.importers.json_text import Array, Json, NotJson, Number, Object, Text, Word
from atamo_rules.importers.jsonlogic.conditions import Writer
from atamo_rules.importers.jsonlogic.evaluate import verdict
from atamo_rules.importers.jsonlogic.values import CannotSay
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Source, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.wording import words

EVENT = "jsonlogic.data"
"""The event type of imported rules when no other is named."""
LONGEST = 60_000
DEEPEST = 60
"""Characters, and brackets inside one another, of a condition that is written; a clause holds a little more."""
FORM = '`{"name": "large order", "rule": {">": [{"var": "total"}, 100]}}`'


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    logic: Json
    about: str = ""


def read(source: Source, *, event_type: str | None = None) -> Reading:
    """The rules of a file. A `.json` file holds one rule, named like the file, or rules with their names; a `.jsonl`
    file holds one with its name on every line."""
    event = event_type or EVENT
    items: dict[str, Item] = {}
    report: list[Diagnostic] = []
    for one in _rules(source):
        if isinstance(one, Diagnostic):
            report.append(one)
        elif one.name in items:
            report.append(
                codes.FOREIGN_RULE.at(
                    one.logic.span, f"a rule is called `{one.name}` already", help="give it another name"
                )
            )
        else:
            try:
                items[one.name] = _item(one, event)
            except NotJson as error:
                report.append(codes.FOREIGN_RULE.at(error.span, f"in the rule `{one.name}`: {error.message}"))
    return Reading(tuple(items.values()), tuple(report), _around(event, source.whole) if items else ())


def _around(event: str, span: Span) -> tuple[decl.Declaration, ...]:
    about = tree.Literal("Any JSON: the data of JsonLogic rules", span=span)
    return decl.EventDecl(tree.Name(event, span=span), about, anything=True, span=span), inbox(span)


def _item(one: _Named, event: str) -> Item:
    span = one.logic.span
    try:
        condition = verdict(_plain(one.logic), Writer(span))
        written = words(condition) if not isinstance(condition, bool) else ""
    except CannotSay as error:
        return Refused(one.name, str(error), span)
    except RecursionError:
        return Refused(one.name, "it is nested more deeply than can be spelt out", span)
    if len(written) > LONGEST or _depth(written) > DEEPEST:
        return Refused(one.name, "its condition is longer, or deeper in brackets, than a clause may be", span)
    rule = decl.Rule(
        tree.Name(one.name, span=span),
        decl.On(tree.Name(event, span=span), span=span),
        about=tree.Literal(one.about, span=span) if one.about else None,
        condition=None
        if condition is True
        else tree.Literal(False, span=span)
        if condition is False
        else condition,
        actions=(told(one.name, span),),
        span=span,
    )
    return Imported(one.name, rule, span)


def _depth(written: str) -> int:
    deepest = depth = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[(\[]|[)\]]', written):
        mark = found.group()
        depth += (mark in "([") - (mark in ")]")
        deepest = max(deepest, depth)
    return deepest


# --- files ----------------------------------------------------------------------------------------------


def _rules(source: Source) -> Iterator[_Named | Diagnostic]:
    whole = Fragment.of(source.whole)
    if source.name.endswith((".jsonl", ".ndjson")):
        for line in json_text.lines(whole):
            value = _parsed(line)
            yield value if isinstance(value, Diagnostic) else _named(value)
        return
    value = _parsed(whole)
    if isinstance(value, Diagnostic):
        yield value
    elif isinstance(value, Array) and value.items and all(_has_name(one) for one in value.items):
        yield from (_named(one) for one in value.items)
    elif _has_name(value):
        yield _named(value)
    else:
        last = source.name.replace("\\", "/").rpartition("/")[2]
        yield _Named(last.rpartition(".")[0] or last, value)


def _parsed(text: Fragment) -> Json | Diagnostic:
    try:
        value, rest = json_text.parse(text)
    except NotJson as error:
        return codes.FOREIGN_SYNTAX.at(error.span, error.message)
    if rest is not None:
        help = "a file of many rules is named `.jsonl`, and each stands on a line of its own"
        return codes.FOREIGN_SYNTAX.at(rest, "something stands behind the end of the rule", help=help)
    return value


def _has_name(value: Json) -> bool:
    return isinstance(value, Object) and len(value.members) > 1 and value.get("name") is not None


def _named(value: Json) -> _Named | Diagnostic:
    """`{"name": …, "rule": …}`, and a `description` if there is one."""
    members = value.members if isinstance(value, Object) else ()
    keys = [key.value for key, _ in members]
    for position, (key, _) in enumerate(members):
        if key.value not in ("name", "rule", "description") or key.value in keys[:position]:
            why = "twice" if key.value in keys[:position] else "where nothing is read of it"
            message = f"`{key.value}` stands here {why}"
            return codes.FOREIGN_RULE.at(key.span, message, help=f"a rule is written {FORM}")
    found = dict(zip(keys, (one for _, one in members), strict=True))
    name, logic, about = found.get("name"), found.get("rule"), found.get("description")
    if not isinstance(name, Text) or not name.value or logic is None:
        message = "this is no rule with its name"
        return codes.FOREIGN_RULE.at(value.span, message, help=f"a rule is written {FORM}")
    return _Named(name.value, logic, about.value if isinstance(about, Text) else "")


def _plain(value: Json) -> Any:
    """JSON as Python has it. Raises NotJson of a key that stands twice, CannotSay of a number without measure."""
    match value:
        case Object():
            made: dict[str, Any] = {}
            for key, one in value.members:
                if key.value in made:
                    raise NotJson(key.span, f"the key `{key.value}` stands twice in one object")
                made[key.value] = _plain(one)
            return made
        case Array():
            return [_plain(one) for one in value.items]
        case Number():
            try:
                return int(value.text) if value.text.lstrip("-").isdigit() else Decimal(value.text)
            except (ValueError, InvalidOperation):
                raise CannotSay("JavaScript does not hold a number of it as it is written") from None
        case Text() | Word():
            return value.value
