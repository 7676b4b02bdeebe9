"""Random conditions over an event type, as an author would write them: every one of them compiles."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import type_tree
from tests.naive.values import AS_TEXT
from tests.strategies import worlds
from tests.strategies.choices import Choices

REGEXES = ("a", "^a", "b$", "^$", "[a-b]+b", "(ab|ba)", "a.b", r"\d+", "^.$")
GLOBS = ("*", "a*", "*b", "?", "a?", "*a*b*", "", "str*e")
NETWORKS = ("10.0.0.0/8", "10.0.0.1", "192.168.0.0/16", "::/0", "0.0.0.0/0", "2001:db8::/32")
TEXT_LIKE = ("text", "email", "uri", "uuid", "ip")
NUMERIC = ("number", "whole", "money")


@dataclass(frozen=True)
class Spot:
    """A path that an author may write: its type (None: anything), whether it passes a list, whether to guard it."""

    path: str
    type: type_tree.TypeExpr | None
    many: bool = False
    optional: bool = False

    @property
    def kind(self) -> str:
        return kind_of(self.type)


def kind_of(type: type_tree.TypeExpr | None) -> str:
    match type:
        case None:
            return "anything"
        case type_tree.Plain(word="anything as text"):
            return "as text"
        case type_tree.Plain():
            return "text" if type.word in TEXT_LIKE else "number" if type.word in NUMERIC else type.word
        case type_tree.OneOf():
            return "one of"
        case type_tree.ListOf():
            return "list"
        case type_tree.MapOf():
            return "map"
    return "object"


def spots(event: decl.EventDecl) -> list[Spot]:
    """Every path of an event type, some of them through what is not declared."""
    if event.anything:
        type = AS_TEXT if event.as_text else None
        return [Spot(path, type) for path in ("a", "b", "c", "a.b", "b.a.x", "d")]
    return [spot for member in event.fields for spot in _inside(member, "", False, False)]


def _inside(member: type_tree.Field, before: str, many: bool, optional: bool) -> list[Spot]:
    # A field of an element need not be guarded where the path passes through the list.
    return _of(f"{before}{member.name.text}", member.type, many, optional or (member.optional and not many))


def _of(path: str, type: type_tree.TypeExpr, many: bool, optional: bool) -> list[Spot]:
    if isinstance(type, type_tree.Plain) and type.word == "anything":
        return [Spot(path, None, many, optional), Spot(f"{path}.a", None, many, optional)]
    found = [Spot(path, type, many, optional)]
    if isinstance(type, type_tree.RecordOf):
        for member in type.fields:
            found += _inside(member, f"{path}.", many, optional)
    elif isinstance(type, type_tree.ListOf) and isinstance(type.item, type_tree.RecordOf):
        for member in type.item.fields:
            found += _inside(member, f"{path}.", True, optional)
    elif isinstance(type, type_tree.ListOf) and not many:
        found += _of(f"{path}[0]", type.item, many, True)
    elif isinstance(type, type_tree.MapOf):
        found += _of(f'{path}["x"]', type.value, many, optional or not many)
    return found


def condition(choose: Choices, here: Sequence[Spot], depth: int = 2, used: int = 0) -> str:
    """A condition over some paths. `used` is how many names of elements are taken."""
    kind = choose.upto(8) if depth else 0
    if kind <= 3:
        return _guarded(choose, here, depth, used)
    if kind == 8:
        return f"not ({condition(choose, here, depth - 1, used)})"
    word = "and" if kind <= 5 else "or"
    parts = [condition(choose, here, depth - 1, used) for _ in range(2 + choose.upto(1))]
    return "(" + f" {word} ".join(parts) + ")"


def _guarded(choose: Choices, here: Sequence[Spot], depth: int, used: int) -> str:
    spot = choose.pick(here)
    if choose.upto(5) == 5:
        return _state(choose, spot)
    if spot.kind == "list" and depth and choose.upto(2):
        asked = _quantified(choose, spot, depth, used)
    else:
        asked = _asked(choose, spot, here)
        spare = {"text": '"a"', "number": "1", "boolean": "false", "one of": "red"}.get(spot.kind)
        if spot.optional and not spot.many and spare is not None and choose.upto(2) == 2:
            path = re.compile(rf"(?<!\w){re.escape(spot.path)}(?!\w)")
            return path.sub(lambda _: f"({spot.path} else {spare})", asked, count=1)
    if not spot.optional:
        return asked
    if choose.upto(1):
        return f"({spot.path} is present and {asked})"
    return f"({spot.path} is absent or {asked})" if not spot.many else f"({spot.path} is present and {asked})"


def _state(choose: Choices, spot: Spot) -> str:
    asked = choose.pick(("is present", "is absent", "is null", "is not null", "exists", "does not exist"))
    if not spot.optional and spot.kind in ("text", "list", "map", "object", "anything") and choose.upto(1):
        asked = choose.pick(("is empty", "is not empty"))
    if spot.kind == "anything" and choose.upto(2) == 2:
        kind = choose.pick(("a text", "a number", "a boolean", "a list", "an object"))
        asked = f"is {choose.pick(('', 'not '))}{kind}"
    return f"{spot.path} {asked}"


def _quantified(choose: Choices, spot: Spot, depth: int, used: int) -> str:
    assert isinstance(spot.type, type_tree.ListOf)
    name = f"e{used}"
    inner = condition(choose, _of(name, spot.type.item, False, False), depth - 1, used + 1)
    if choose.upto(3) == 3:
        return f"count({name} in {spot.path} has ({inner})) {choose.pick(('is', '>', '<='))} {choose.upto(2)}"
    return f"{choose.pick(('any', 'every', 'no'))} {name} in {spot.path} has ({inner})"


def _asked(choose: Choices, spot: Spot, here: Sequence[Spot]) -> str:
    """A comparison of a path that is there."""
    path, negated = spot.path, choose.upto(2) == 2
    match spot.kind:
        case "list":
            return _list(choose, spot, negated)
        case "map" | "object":
            return f"{path} is {'not ' if negated else ''}empty"
        case "boolean":
            return choose.pick((path, f"not {path}", f"{path} is true", f"{path} is not false"))
        case "text":
            return _text(choose, spot, here, negated)
        case "one of":
            if choose.upto(2):
                return f"{path} is {'not ' if negated else ''}{choose.pick(worlds.WORDS)}"
            return f"{path} is {'not ' if negated else ''}one of [red, {choose.pick(worlds.WORDS)}]"
        case "anything":
            return _anything(choose, spot, here, negated)
        case "as text":
            return _as_text(choose, spot, here, negated)
        case "number" if not spot.many and choose.upto(4) == 4:
            return f"{path} {choose.pick('+-*')} {_number(choose)} {choose.pick(('is', '<', '>='))} {_number(choose)}"
        case "number" if not spot.many and choose.upto(5) == 5:
            return f"{choose.pick(('abs', 'floor'))}({path}) / {choose.pick('245')} <= {_number(choose)}"
        case "time" if not spot.many and choose.upto(2) == 2:
            return choose.pick((f"now - {path} > 2 days", f"{path} + 1 hour >= now", f"{path} is now"))
        case "duration" if not spot.many and choose.upto(3) == 3:
            return f"seconds({path}) {choose.pick(('>', 'is'))} {choose.pick((0, 3600))}"
    return _ordered(choose, spot, here, negated)


def _ordered(choose: Choices, spot: Spot, here: Sequence[Spot], negated: bool) -> str:
    kind = choose.upto(4)
    if kind == 0:
        return f"{spot.path} is between {_literal(choose, spot.kind)} and {_literal(choose, spot.kind)}"
    if kind == 1:
        items = ", ".join(_item(choose, spot, here) for _ in range(1 + choose.upto(2)))
        return f"{spot.path} is {'not ' if negated else ''}one of [{items}]"
    operator = choose.pick(("<", "<=", ">", ">=", "is", "is not"))
    return f"{spot.path} {operator} {_other(choose, spot, here)}"


def _other(choose: Choices, spot: Spot, here: Sequence[Spot]) -> str:
    """The right side: a literal, or another path of the same kind that needs no guard."""
    others = [one.path for one in here if one.kind == spot.kind and not one.optional]
    if others and choose.upto(2) == 2:
        return choose.pick(others)
    return _literal(choose, spot.kind)


def _item(choose: Choices, spot: Spot, here: Sequence[Spot]) -> str:
    """As `_other`, where one value stands: a path through a list would be many."""
    return _other(choose, spot, [one for one in here if not one.many])


def _text(choose: Choices, spot: Spot, here: Sequence[Spot], negated: bool) -> str:
    path, fold = spot.path, " ignoring case" if choose.upto(3) == 3 else ""
    no = "does not " if negated else ""
    s = "" if negated else "s"
    isnt = "is not" if negated else "is"
    match choose.upto(9):
        case 0 | 1:
            return f"{path} {isnt} {_other(choose, spot, here)}{fold}"
        case 2:
            return f"{path} {isnt} one of [{_texts(choose)}, {_item(choose, spot, here)}]{fold}"
        case 3:
            verb = choose.pick(("contain", "start", "end"))
            return f"{path} {no}{verb}{s} {'' if verb == 'contain' else 'with '}{_other(choose, spot, here)}{fold}"
        case 4:
            many = choose.pick(("any", "all"))
            return f"{path} {no}start{s} with {many} of [{_texts(choose)}]{fold}"
        case 5:
            return f"{path} {no}{'match' if negated else 'matches'} /{choose.pick(REGEXES)}/"
        case 6:
            patterns = f"/{choose.pick(REGEXES)}/, /{choose.pick(REGEXES)}/"
            return f"{path} {no}{'match' if negated else 'matches'} {choose.pick(('any', 'all'))} of [{patterns}]"
        case 7:
            return f"{path} {isnt} like {json.dumps(choose.pick(GLOBS))}"
        case 8:
            return f'{path} {isnt} in network "{choose.pick(NETWORKS)}"'
    if spot.many:
        return f'{path} {isnt} "a"'
    function = choose.pick(("lower", "upper", "length"))
    right = str(choose.upto(4)) if function == "length" else json.dumps(choose.pick(worlds.TEXTS))
    return f"{function}({path}) {isnt} {right}"


def _texts(choose: Choices) -> str:
    return ", ".join(json.dumps(choose.pick(worlds.TEXTS)) for _ in range(1 + choose.upto(2)))


def _list(choose: Choices, spot: Spot, negated: bool) -> str:
    assert isinstance(spot.type, type_tree.ListOf)
    item = spot.type.item
    kind = kind_of(None if isinstance(item, type_tree.Plain) and item.word == "anything" else item)
    if kind == "object" or choose.upto(3) == 3:
        if kind == "number" and choose.upto(1):
            return f"sum({spot.path}) {choose.pick(('>', 'is'))} {_number(choose)}"
        return f"count({spot.path}) {choose.pick(('is', '>', '<='))} {choose.upto(3)}"
    contains = "does not contain" if negated else "contains"
    if choose.upto(2) == 2:
        items = f"{_literal(choose, kind)}, {_literal(choose, kind)}"
        return f"{spot.path} {contains} {choose.pick(('any', 'all'))} of [{items}]"
    operator = choose.pick((contains, contains, "is", "is not"))
    return f"{spot.path} {operator} {_literal(choose, kind)}"


def _anything(choose: Choices, spot: Spot, here: Sequence[Spot], negated: bool) -> str:
    path = spot.path
    isnt = "is not" if negated else "is"
    match choose.upto(7):
        case 0 | 1:
            return f"{path} {isnt} {_literal(choose, choose.pick(('text', 'number', 'boolean')))}"
        case 2:
            return f"{path} {choose.pick(('<', '<=', '>', '>='))} {_number(choose)}"
        case 3:
            contains = "does not contain" if negated else "contains"
            return f"{path} {contains} {_literal(choose, choose.pick(('text', 'number')))}"
        case 4:
            return f"{path} {isnt} one of [{_literal(choose, 'text')}, {_number(choose)}, {_item(choose, spot, here)}]"
        case 5:
            return f"{path} {choose.pick(('starts with', 'does not end with'))} {_literal(choose, 'text')}"
        case 6:
            return f"{path} {isnt} {_other(choose, spot, here)}"
    return f"{path} {'does not match' if negated else 'matches'} /{choose.pick(REGEXES)}/"


def _as_text(choose: Choices, spot: Spot, here: Sequence[Spot], negated: bool) -> str:
    match choose.upto(7):
        case 0:
            return f"{spot.path} {choose.pick(('<', '<=', '>', '>='))} {_number(choose)}"
        case 1:
            return f"{spot.path} is between {_number(choose)} and {_number(choose)}"
        case 2:
            return f"(any x in {spot.path} has (x is {_literal(choose, 'text')}))"
        case 3:
            many = choose.pick(("any", "all"))
            fold = choose.pick(("", " ignoring case"))
            return f"{spot.path} {'does not contain' if negated else 'contains'} {many} of [{_texts(choose)}]{fold}"
        case 4:
            # Whatever path it is, it could be any.
            return _text(choose, replace(spot, path="any field", many=True), here, negated)
    return _text(choose, spot, here, negated)


def _number(choose: Choices) -> str:
    found = choose.pick(worlds.NUMBERS)
    return format(found, "f") if isinstance(found, Decimal) else str(found)


def _literal(choose: Choices, kind: str) -> str:
    pools: dict[str, Sequence[Any]] = {
        "text": worlds.TEXTS,
        "as text": worlds.TEXTS,
        "time": worlds.TIMES,
        "date": worlds.DATES,
        "duration": worlds.LENGTHS,
    }
    if kind in pools:
        return json.dumps(choose.pick(pools[kind]), ensure_ascii=False)
    if kind == "boolean":
        return choose.pick(("true", "false"))
    if kind == "one of":
        return choose.pick(worlds.WORDS)
    if kind == "anything":
        return choose.pick(('"a"', "1", "true", '"10"'))
    return _number(choose)
