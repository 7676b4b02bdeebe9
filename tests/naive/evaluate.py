"""Conditions asked of events by walking what the author wrote. Slow, simple, and written from docs/reference only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from tests.naive import values
from tests.naive.values import Value, Written

NOWHERE = Source("nowhere", "").whole
MICROSECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
NEGATED = ("is not", "is not one of", "is not like", "is not in network", "is absent", "is not null",
           "does not exist", "is not empty", "is not a text", "is not a number", "is not a boolean", "is not a list",
           "is not an object")  # fmt: skip
PLAIN = {
    "does not contain": "contains",
    "does not start with": "starts with",
    "does not end with": "ends with",
    "does not match": "matches",
    "is absent": "is present",
    "does not exist": "exists",
}


@dataclass(frozen=True)
class Place:
    """Where a path leads: the JSON values there, their type, and whether it went through a list."""

    raw: list[Any]
    type: Written
    many: bool = False


@dataclass(frozen=True)
class World:
    """What a condition is asked about: the type's fields (None: `of anything`), the body, and the names around it.

    `through`: the type is `anything through lists`.
    """

    fields: Sequence[type_tree.Field] | None
    body: Any
    now: int = 0
    names: Mapping[str, tuple[Any, Written]] = field(default_factory=dict)
    through: bool = False
    as_text: bool = False

    @staticmethod
    def of(event: decl.EventDecl, body: Any, now: int) -> World:
        """The world of one event of a type."""
        fields = None if event.anything else event.fields
        return World(fields, body, now, through=event.through_lists, as_text=event.as_text)

    def with_name(self, name: str, raw: Any, type: Written) -> World:
        return replace(self, names={**self.names, name: (raw, type)})

    def root_type(self) -> Written:
        if self.fields is None:
            if self.as_text:
                return values.AS_TEXT
            return type_tree.Plain(values.THROUGH, span=NOWHERE) if self.through else None
        return type_tree.RecordOf(tuple(self.fields), span=self.fields[0].span)


def matches(rule: decl.Rule, world: World) -> bool:
    """Whether a rule's condition holds."""
    around = replace(world, body=filled(world.body, world.root_type()), names={})
    return rule.condition is None or holds(rule.condition, around)


def filled(raw: Any, type: Written) -> Any:
    """What a sender left out and the type has a default for: rules see the default."""
    match type:
        case type_tree.ListOf() if isinstance(raw, list):
            return [filled(item, type.item) for item in raw]
        case type_tree.MapOf() if isinstance(raw, dict):
            return {key: filled(item, type.value) for key, item in raw.items()}
        case type_tree.RecordOf() if isinstance(raw, dict):
            given = {m.name.text: m.default.value for m in type.fields if m.default is not None}
            types = {m.name.text: m.type for m in type.fields}
            return {key: filled(item, types.get(key)) for key, item in {**given, **raw}.items()}
    return raw


def holds(expr: tree.Expr, world: World) -> bool:
    match expr:
        case tree.AllOf():
            return all(holds(part, world) for part in expr.parts)
        case tree.AnyOf():
            return any(holds(part, world) for part in expr.parts)
        case tree.Not():
            return not holds(expr.part, world)
        case tree.Compare():
            operator = PLAIN.get(expr.operator, expr.operator)
            negated = operator != expr.operator or operator in NEGATED
            return _compare(operator.replace("is not", "is"), expr, world) is not negated
        case tree.State():
            operator = PLAIN.get(expr.operator, expr.operator)
            negated = operator != expr.operator or operator in NEGATED
            return _state(operator.replace("is not", "is"), expr.operand, world) is not negated
        case tree.Quantified():
            items = _elements(expr.collection, world)
            if items is None:
                return expr.quantifier == "no"
            found = _count(expr.variable.text, items, expr.condition, world)
            return {"any": found > 0, "every": found == len(items[0]), "no": found == 0}[expr.quantifier]
    return any(one == Value("boolean", True) for one in operand(expr, world))


# --- lists ----------------------------------------------------------------------------------------------


def _elements(collection: tree.Expr, world: World) -> tuple[list[Any], Written] | None:
    """The elements of a list, or of a path through lists the values it leads to; None of no list."""
    if isinstance(collection, tree.Call) and collection.function.text == "leaves":
        return _leaves(collection, world), None
    place = look(collection, world)
    if _through(place.type):
        return ([inner for raw in place.raw for inner in values.flat(raw)], place.type) if place.raw else None
    item = place.type.item if isinstance(place.type, type_tree.ListOf) else _as_text(place.type)
    if not place.many:
        found = place.raw[0] if place.raw else None
        return (found, item) if isinstance(found, list) else None
    type, found = place.type, place.raw
    if isinstance(type, type_tree.ListOf):
        type, found = item, [inner for raw in place.raw if isinstance(raw, list) for inner in raw]
    return [raw for raw in found if values.value(raw, type) is not None], type


def _leaves(call: tree.Call, world: World) -> list[Any]:
    """What a path leads to, through lists, but for objects."""
    found = [inner for raw in look(call.arguments[0], world).raw for inner in values.flat(raw)]
    return [raw for raw in found if not isinstance(raw, dict)]


def _through(type: Written) -> bool:
    return isinstance(type, type_tree.Plain) and type.word == values.THROUGH


def _count(name: str, items: tuple[list[Any], Written], condition: tree.Expr, world: World) -> int:
    return sum(holds(condition, world.with_name(name, item, items[1])) for item in items[0])


# --- paths ----------------------------------------------------------------------------------------------


def look(expr: tree.Expr, world: World) -> Place:
    """Where a path leads."""
    assert isinstance(expr, tree.Path)
    first, rest = expr.steps[0].key, expr.steps[1:]
    if first in world.names:
        raw, type = world.names[str(first)]
        return _walk(Place([raw], type), rest)
    if first == "event":
        return _walk(Place([world.body], world.root_type()), rest)
    return _walk(Place([world.body], world.root_type()), expr.steps)


def _walk(place: Place, steps: Sequence[tree.Step]) -> Place:
    for step in steps:
        if isinstance(step.key, str) and isinstance(place.type, type_tree.ListOf):
            inside = [item for raw in place.raw if isinstance(raw, list) for item in raw]
            place = Place(inside, place.type.item, True)
        if isinstance(step.key, str) and _through(place.type):
            place = Place([inner for raw in place.raw for inner in values.flat(raw)], place.type, True)
        place = _step(place, step.key)
    return place


def _step(place: Place, key: str | int) -> Place:
    if isinstance(key, int):
        item = place.type.item if isinstance(place.type, type_tree.ListOf) else _as_text(place.type)
        item = place.type if _through(place.type) else item
        return Place([r[key] for r in place.raw if isinstance(r, list) and key < len(r)], item, place.many)
    objects = [raw for raw in place.raw if isinstance(raw, dict)]
    if isinstance(place.type, type_tree.RecordOf):
        member = next(one for one in place.type.fields if one.name.text == key)
        return Place([raw[key] for raw in objects if key in raw], member.type, place.many)
    inner = place.type.value if isinstance(place.type, type_tree.MapOf) else _as_text(place.type)
    inner = place.type if _through(place.type) else inner
    return Place([raw[key] for raw in objects if key in raw], inner, place.many)


def _as_text(type: Written) -> Written:
    """What is inside of an `anything as text` is read as text too."""
    return type if type is values.AS_TEXT else None


# --- values ---------------------------------------------------------------------------------------------


def operand(expr: tree.Expr, world: World, beside: Written | str = "") -> list[Value | None]:
    """The values of one side of a comparison; several where it is a list or a path through one.

    `beside` is the type of the other side: what a bare word or a quoted time is read as.
    """
    if isinstance(expr, tree.Path) and _is_word(expr, world, beside):
        return [Value("text", str(expr.steps[0].key))]
    match expr:
        case tree.Literal():
            return [_literal(expr.value, beside)]
        case tree.Path():
            if str(expr) == "now" and "now" not in world.names:
                return [Value("time", world.now)]
            place = look(expr, world)
            type, raw = place.type, place.raw
            if type is values.AS_TEXT:
                return [Value("text", text) for one in raw for text in values.texts(one)]
            while isinstance(type, type_tree.ListOf):
                type, raw = type.item, [item for one in raw if isinstance(one, list) for item in one]
            if _through(type):
                raw = [inner for one in raw for inner in values.flat(one)]
            return [values.value(one, type) for one in raw]
        case tree.AnyField():
            return [Value("text", text) for text in values.texts(world.body, everywhere=True)]
        case tree.Call() if expr.function.text == "leaves":
            return [values.untyped(raw) for raw in _leaves(expr, world)]
        case tree.ListValue():
            return [one for item in expr.items for one in operand(item, world, beside)]
        case tree.Else():
            found = [one for one in operand(expr.value, world, beside) if one is not None]
            if type_of(expr.value, world) is values.AS_TEXT and len(found) > 1:
                return [Value("list", found)]
            return found or operand(expr.fallback, world, type_of(expr.value, world))
    return [one(expr, world)]


def _is_word(expr: tree.Path, world: World, beside: Written | str) -> bool:
    if not isinstance(beside, type_tree.OneOf) or len(expr.steps) > 1 or _means_something(expr, world):
        return False
    return any(one.value == expr.steps[0].key for one in beside.values)


def _means_something(expr: tree.Path, world: World) -> bool:
    """Whether a path begins with a name that is known here; other words are values of an enumeration."""
    key = expr.steps[0].key
    if key == "event" or key in world.names or world.fields is None:
        return True
    return any(one.name.text == key for one in world.fields)


def _literal(raw: Any, beside: Written | str) -> Value | None:
    if (
        isinstance(raw, str)
        and isinstance(beside, type_tree.Plain)
        and beside.word in ("time", "date", "duration")
    ):
        return values.value(raw, beside)
    return values.untyped(raw)


def one(expr: tree.Expr, world: World) -> Value | None:
    """A value that is one: arithmetic, functions, counts, lengths of time."""
    match expr:
        case tree.Quantity():
            return Value("duration", int(Fraction(expr.amount) * MICROSECONDS[expr.unit] * 1_000_000))
        case tree.Negative():
            return _calculate("-", Value("number", Fraction(0)), one(expr.operand, world))
        case tree.Arithmetic():
            return _calculate(expr.operator, one(expr.left, world), one(expr.right, world))
        case tree.Count():
            items = _elements(expr.collection, world)
            found = 0 if items is None else _count(expr.variable.text, items, expr.condition, world)
            return Value("number", Fraction(found))
        case tree.Call():
            return _call(expr, world)
        case tree.Path() | tree.Literal() | tree.Else():
            found_values = operand(expr, world)
            return found_values[0] if found_values else None
    return Value("boolean", holds(expr, world))


def _calculate(operator: str, left: Value | None, right: Value | None) -> Value | None:
    if left is None or right is None:
        return None
    x, y, kinds = left.content, right.content, (left.kind, right.kind)
    if kinds == ("number", "number"):
        return Value("number", {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else None}[operator])
    if operator in "+-":
        sign = 1 if operator == "+" else -1
        if kinds in (("time", "duration"), ("duration", "duration")):
            return Value(left.kind, x + sign * y)
        if kinds == ("time", "time") and sign < 0:
            return Value("duration", x - y)
        if kinds == ("duration", "time") and sign > 0:
            return Value("time", x + y)
    if kinds == ("duration", "number"):
        return Value("duration", int(x * y if operator == "*" else x / y))
    return None


def _call(expr: tree.Call, world: World) -> Value | None:
    name, (argument, *_) = expr.function.text, expr.arguments
    if name in ("count", "sum"):
        items = _elements(argument, world)
        if items is None:
            return None
        if name == "count":
            return Value("number", Fraction(len(items[0])))
        numbers = [values.value(raw, items[1]) for raw in items[0]]
        return Value("number", sum((n.content for n in numbers if n and n.kind == "number"), Fraction(0)))
    found = one(argument, world)
    if name == "length" and isinstance(argument, tree.Path):
        place = look(argument, world)
        found = values.value(place.raw[0], place.type) if place.raw else None
    if found is None:
        return None
    match name, found.kind:
        case "lower", "text":
            return Value("text", found.content.lower())
        case "upper", "text":
            return Value("text", found.content.upper())
        case "length", "text" | "list" | "object":
            return Value("number", Fraction(len(found.content)))
        case "abs", "number":
            return Value("number", abs(found.content))
        case "floor", "number":
            return Value("number", Fraction(found.content.__floor__()))
        case "seconds", "duration":
            return Value("number", Fraction(found.content, 1_000_000))
    return None


# --- types of sides -------------------------------------------------------------------------------------


def type_of(expr: tree.Expr, world: World) -> Written | str:
    """The type of an element of what an expression stands for; "" where it is no path."""
    match expr:
        case tree.Path() if str(expr) == "now" and "now" not in world.names:
            return type_tree.Plain("time", span=expr.span)
        case tree.Path() if not _means_something(expr, world):
            return ""
        case tree.Path():
            type = look(expr, world).type
            while isinstance(type, type_tree.ListOf):
                type = type.item
            return type
        case tree.Else():
            return type_of(expr.value, world)
        case tree.Arithmetic():
            left, right = type_of(expr.left, world), type_of(expr.right, world)
            words = [one.word for one in (left, right) if isinstance(one, type_tree.Plain)]
            if words == ["time", "time"]:
                return type_tree.Plain("duration", span=expr.span)
            return left if isinstance(left, type_tree.Plain) and left.word == "time" else ""
    return ""


# --- operators ------------------------------------------------------------------------------------------


def _state(operator: str, expr: tree.Expr, world: World) -> bool:
    leaves = isinstance(expr, tree.Call) and expr.function.text == "leaves"
    if not isinstance(expr, tree.Path) and not leaves:
        found = operand(expr, world)
        present = [one for one in found if one is not None]
        if operator == "is empty":
            return any(one.kind in ("text", "list", "object") and not one.content for one in present)
        return bool(present)
    raw = _leaves(expr, world) if isinstance(expr, tree.Call) else look(expr, world).raw
    if operator.startswith(("is a ", "is an ")):
        return any(one is not None and values.untyped(one).kind == operator.split()[-1] for one in raw)
    match operator:
        case "exists":
            return bool(raw)
        case "is null":
            return any(one is None for one in raw)
        case "is empty":
            return any(isinstance(one, str | list | dict) and not one for one in raw)
    return any(one is not None for one in raw)


def _compare(operator: str, expr: tree.Compare, world: World) -> bool:
    if operator == "is" and isinstance(expr.right, tree.Literal) and expr.right.value is None:
        return _state("is null", expr.left, world)
    spelled = isinstance(expr.left, tree.AnyField) or type_of(expr.left, world) is values.AS_TEXT
    if operator == "contains" and not spelled:
        return _contains(expr, world)
    left = operand(expr.left, world, type_of(expr.right, world))
    if isinstance(expr.right, tree.Regex):
        return any(_matches(one, expr.right.pattern, expr.ignoring_case) for one in left)
    if operator == "matches":
        assert isinstance(expr.right, tree.ListValue)
        patterns = [item.pattern for item in expr.right.items if isinstance(item, tree.Regex)]
        joined = all if expr.quantifier == "all" else any
        if spelled:
            return joined(any(_matches(one, p, expr.ignoring_case) for one in left) for p in patterns)
        return any(joined(_matches(one, p, expr.ignoring_case) for p in patterns) for one in left)
    right = operand(expr.right, world, type_of(expr.left, world))
    if operator in ("is between", "<", "<=", ">", ">=") and any(
        one and one.kind == "number" for one in right
    ):
        left = [values.number_in(one) for one in left] if spelled else left
    if operator == "is between":
        return any(_order(">=", one, right[0]) and _order("<=", one, right[1]) for one in left)
    joined = all if expr.quantifier == "all" else any
    if spelled:
        return joined(any(_test(operator, one, two, expr.ignoring_case) for one in left) for two in right)
    return any(joined(_test(operator, one, two, expr.ignoring_case) for two in right) for one in left)


def _test(operator: str, left: Value | None, right: Value | None, fold: bool) -> bool:
    if operator in ("<", "<=", ">", ">="):
        return _order(operator, left, right)
    if fold and operator != "is like":
        left, right = values.folded(left), values.folded(right)
    if operator in ("is", "is one of"):
        return values.equal(left, right)
    if left is None or right is None or (left.kind, right.kind) != ("text", "text"):
        return False
    match operator:
        case "contains":
            return right.content in left.content
        case "starts with":
            return bool(left.content[: len(right.content)] == right.content)
        case "ends with":
            return bool(left.content[max(0, len(left.content) - len(right.content)) :] == right.content)
        case "is like":
            return _like(left.content, right.content, fold)
        case "is in network":
            return _in_network(left.content, right.content)
    raise AssertionError(operator)


def _order(operator: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None or left.kind != right.kind:
        return False
    if left.kind not in ("number", "time", "date", "duration", "text"):
        return False
    x, y = left.content, right.content
    return bool({"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[operator])


def _contains(expr: tree.Compare, world: World) -> bool:
    """Text in a text, or an element of a list; each list that the path leads to is asked alone."""
    wanted = operand(expr.right, world, type_of(expr.left, world))
    joined = all if expr.quantifier == "all" else any
    if isinstance(expr.left, tree.Path):
        place = look(expr.left, world)
        holders = [values.value(raw, place.type) for raw in place.raw]
    else:
        holders = operand(expr.left, world)
    return any(joined(_holder(one, two, expr.ignoring_case) for two in wanted) for one in holders)


def _holder(holder: Value | None, wanted: Value | None, fold: bool) -> bool:
    if holder is None or wanted is None:
        return False
    if holder.kind == "list":
        items = [values.folded(one) if fold else one for one in holder.content]
        return any(values.equal(one, values.folded(wanted) if fold else wanted) for one in items)
    if (holder.kind, wanted.kind) != ("text", "text"):
        return False
    if fold:
        return wanted.content.casefold() in holder.content.casefold()
    return wanted.content in holder.content


def _matches(found: Value | None, pattern: str, fold: bool) -> bool:
    """Python's `re` on the part of the syntax that both share: there `$` would also stand before a last newline."""
    if found is None or found.kind != "text":
        return False
    flags = re.ASCII | (re.IGNORECASE if fold else 0)
    return re.search(re.sub(r"(?<!\\)\$", r"\\Z", pattern), found.content, flags) is not None


def _like(text: str, glob: str, fold: bool) -> bool:
    if not glob:
        return not text
    if glob[0] == "*":
        return any(_like(text[at:], glob[1:], fold) for at in range(len(text) + 1))
    same = text[:1] == glob[0] or (fold and text[:1].lower() == glob[0].lower())
    return bool(text) and (glob[0] == "?" or same) and _like(text[1:], glob[1:], fold)


def _in_network(text: str, network: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
        base, _, bits = network.partition("/")
        start = ipaddress.ip_address(base)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped if mapped is not None and start.version == 4 else address
    if address.version != start.version:
        return False
    drop = start.max_prefixlen - (int(bits) if bits else start.max_prefixlen)
    return int(address) >> drop == int(start) >> drop
