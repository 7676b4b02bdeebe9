"""Terms to closures: what a value is for one event. Total: whatever the body holds, a value or ABSENT."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, DecimalException
from typing import Any, TypeAlias

from atamo_rules.engine import conditions, render
from atamo_rules.engine.frame import Frame
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import exactly, is_number
from atamo_rules.functions.numbers import EXACT, divided, exact, held
from atamo_rules.functions.registry import FUNCTIONS
from atamo_rules.functions.time import parse_date, parse_duration, parse_moment
from atamo_rules.model.meaning import (
    EACH,
    Apply,
    Arith,
    Const,
    Filled,
    Get,
    Lookup,
    MakeList,
    MakeRecord,
    Now,
    Otherwise,
    Tally,
    Term,
    Verdict,
)
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    MapOf,
    Moment,
    Number,
    OneOf,
    Record,
    Text,
    Type,
)

Value: TypeAlias = Callable[[Frame], Any]


def term(node: Term) -> Value:
    """The closure of a term."""
    match node:
        case Const():
            value = node.value
            return lambda frame: value
        case Get():
            return get(node)
        case Now():
            return lambda frame: frame.event.at
        case Apply():
            return _apply(node)
        case Arith():
            return _arith(node)
        case Otherwise():
            return _otherwise(node)
        case Tally():
            return _tally(node)
        case Verdict():
            return conditions.condition(node.condition)
        case Lookup():
            return _lookup(node)
        case MakeList():
            return _list(tuple(term(item) for item in node.items))
        case MakeRecord() | Filled():
            return render.maker(node)


def _list(items: tuple[Value, ...]) -> Value:
    """A list of values as they are; absent where one of them is. In an argument, `render` makes JSON of it."""

    def run(frame: Frame) -> Any:
        found = [item(frame) for item in items]
        return ABSENT if any(one is ABSENT for one in found) else found

    return run


def get(node: Get) -> Value:
    """One value at a path; for a path through arrays, the list of all the values there."""
    many, type = node.many, node.type
    walk = values(node)
    read = reader(type)

    def one(frame: Frame) -> Any:
        for found in walk(frame):
            return found if read is None else read(found)
        return ABSENT

    def every(frame: Frame) -> Any:
        found = list(walk(frame)) if read is None else [read(item) for item in walk(frame)]
        return [item for item in found if item is not ABSENT and item is not None and of_type(item, type)]

    if many:
        return every
    if read is None:
        return direct(node)
    return one


def direct(node: Get) -> Value:
    """A path without arrays, as straight as Python allows."""
    root, steps = node.root, node.steps
    keys = tuple(step for step in steps if isinstance(step, str))
    if root == "event" and len(keys) == len(steps) == 1:
        key = keys[0]

        def shallow(frame: Frame) -> Any:
            body = frame.roots["event"]
            return body.get(key, ABSENT) if isinstance(body, dict) else ABSENT

        return shallow

    def deep(frame: Frame) -> Any:
        found = frame.root(root)
        for step in steps:
            if isinstance(step, str):
                if not isinstance(found, dict):
                    return ABSENT
                found = found.get(step, ABSENT)
            elif isinstance(step, int) and isinstance(found, list | tuple) and step < len(found):
                found = found[step]
            else:
                return ABSENT
        return found

    return deep


def values(node: Get) -> Callable[[Frame], Any]:
    """Every value a path leads to, in document order; arrays of arrays are entered where EACH stands."""
    steps, root = node.steps, node.root

    def walk(frame: Frame) -> Any:
        found = [frame.root(root)]
        for step in steps:
            following: list[Any] = []
            for value in found:
                if step is EACH:
                    if isinstance(value, list | tuple):
                        following.extend(value)
                elif isinstance(step, str):
                    if isinstance(value, dict) and step in value:
                        following.append(value[step])
                elif isinstance(value, list | tuple) and isinstance(step, int) and step < len(value):
                    following.append(value[step])
            found = following
        return (value for value in found if value is not ABSENT)

    return walk


def reader(type: Type) -> Callable[[Any], Any] | None:
    """How a value of a declared type is read from JSON, None when as it is."""
    if isinstance(type, Moment):
        return _date if type.date_only else _moment
    if isinstance(type, Duration):
        return _length
    if isinstance(type, ListOf):
        read = reader(type.item)
        if read is not None:
            return lambda value: (
                [_kept(read, item) for item in value] if isinstance(value, list | tuple) else value
            )
    if isinstance(type, MapOf):
        each = reader(type.value)
        if each is not None:
            return lambda value: (
                {key: _kept(each, item) for key, item in value.items()} if isinstance(value, dict) else value
            )
    return None


def _kept(read: Callable[[Any], Any], item: Any) -> Any:
    """An element as it is read, or as it came: a list has no holes, whatever is in it."""
    found = read(item)
    return item if found is ABSENT else found


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    return (parse_moment(value) or ABSENT) if isinstance(value, str) else ABSENT


def _date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    return (parse_date(value) or ABSENT) if isinstance(value, str) else ABSENT


def _length(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = parse_duration(value) if isinstance(value, str) else None
    return ABSENT if found is None else found


def of_type(value: Any, type: Type) -> bool:
    """Whether a runtime value is what its declared type says, as far as functions rely on it."""
    match type:
        case Text():
            return isinstance(value, str)
        case Number():
            return is_number(value)
        case Boolean():
            return isinstance(value, bool)
        case ListOf():
            return isinstance(value, list | tuple)
        case Record() | MapOf():
            return isinstance(value, dict)
        case OneOf():
            return not isinstance(value, list | dict | tuple)
        case _:
            return True


_KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda v: isinstance(v, str),
    "number": is_number,
    "whole": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "moment": lambda v: isinstance(v, datetime),
    "date": lambda v: isinstance(v, date) and not isinstance(v, datetime),
    "duration": lambda v: isinstance(v, timedelta),
    "list": lambda v: isinstance(v, list | tuple),
    "record": lambda v: isinstance(v, dict),
    "any": lambda v: True,
}


def _apply(node: Apply) -> Value:
    call, arguments = applied(node), tuple(_fitting(argument) for argument in node.arguments)
    if len(arguments) == 1:
        (only,) = arguments
        return lambda frame: call(only(frame))
    return lambda frame: call(*[argument(frame) for argument in arguments])


def applied(node: Apply) -> Callable[..., Any]:
    """The function of as many runtime values as are given there; absent where one is, or is of another type."""
    function = FUNCTIONS[node.function]
    takes = tuple(_taking(parameter.kinds) for parameter in function.parameters[: len(node.arguments)])
    call = function.call

    def run(*values: Any) -> Any:
        given = []
        for take, value in zip(takes, values, strict=True):
            found = take(value)
            if found is ABSENT:
                return ABSENT
            given.append(found)
        try:
            return call(*given)
        except (ArithmeticError, ValueError, TypeError, RecursionError):
            # Values of an open type can be of any shape; a function that cannot take one has no answer.
            return ABSENT

    return run


def _taking(kinds: tuple[str, ...]) -> Callable[[Any], Any]:
    """A value as a parameter of these kinds takes it, or absent."""
    checks, whole = tuple(_KINDS[kind] for kind in kinds), "whole" in kinds

    def take(value: Any) -> Any:
        if isinstance(value, float):
            value = exactly(value)
        if whole and isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)  # 3.0 is a whole number, to JSON Schema and to everybody else
        if value is None or value is ABSENT:
            return ABSENT
        for fits in checks:
            if fits(value):
                return value
        return ABSENT

    return take


def _fitting(node: Term) -> Value:
    """An argument; absent where the event has something there that its declared type does not."""
    read, fit = term(node), fitting(node)
    return read if fit is None else lambda frame: fit(read(frame))


def fitting(node: Term) -> Callable[[Any], Any] | None:
    """A value read for an argument, absent where it is not of the declared type; None where it is taken as it is."""
    if not isinstance(node, Get) or node.many or isinstance(node.type, Anything):
        return None
    type = node.type
    return lambda value: value if of_type(value, type) else ABSENT


def _arith(node: Arith) -> Value:
    left, right, calculate = term(node.left), term(node.right), arithmetic(node.operator)
    return lambda frame: calculate(left(frame), right(frame))


def arithmetic(operator: str) -> Callable[[Any, Any], Any]:
    """`+ - * /` of two values; absent where they do not go together."""

    def run(one: Any, two: Any) -> Any:
        one = exactly(one) if isinstance(one, float) else one
        two = exactly(two) if isinstance(two, float) else two
        if one is ABSENT or two is ABSENT or isinstance(one, bool) or isinstance(two, bool):
            return ABSENT
        try:
            return _calculate(operator, one, two)
        except (TypeError, OverflowError, DecimalException, ValueError):
            return ABSENT

    return run


def _calculate(operator: str, one: Any, two: Any) -> Any:
    if isinstance(one, int | Decimal) and isinstance(two, int | Decimal):
        if isinstance(one, int) and isinstance(two, int) and operator != "/":
            return held(one + two if operator == "+" else one - two if operator == "-" else one * two)
        first, second = exact(one), exact(two)
        if operator == "/":
            return held(divided(first, second))
        return held({"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}[operator](first, second))
    if isinstance(one, datetime | date | timedelta):
        if operator == "+":
            return one + two
        if operator == "-":
            return one - two
        if isinstance(one, timedelta) and isinstance(two, int | Decimal):
            micros = (one.days * 86400 + one.seconds) * 1_000_000 + one.microseconds
            scaled = micros * exact(two) if operator == "*" else micros / exact(two)
            return timedelta(microseconds=int(scaled))
    return ABSENT


def _otherwise(node: Otherwise) -> Value:
    value, instead = term(node.value), term(node.fallback)
    choose = fallback(node.value)

    def run(frame: Frame) -> Any:
        found = choose(value(frame), ABSENT)
        return instead(frame) if found is ABSENT else found

    return run


def fallback(node: Term) -> Callable[[Any, Any], Any]:
    """A value of this term, or what stands for it where it is absent or of another type than declared."""
    type = node.type if isinstance(node, Get) and not node.many else None

    def choose(found: Any, instead: Any) -> Any:
        if found is ABSENT or found is None or (type is not None and not of_type(found, type)):
            return instead
        return found

    return choose


def _tally(node: Tally) -> Value:
    collection, holds, variable = term(node.collection), conditions.condition(node.condition), node.variable

    def run(frame: Frame) -> Any:
        found = collection(frame)
        if not isinstance(found, list | tuple):
            return 0
        return sum(holds(frame.bound(variable, item)) for item in found)

    return run


def _lookup(node: Lookup) -> Value:
    table = node.table
    rows = [
        (tuple(conditions.condition(cell) for cell in row.cells), render.maker(row.outputs))
        for row in table.rows
    ]

    def matching(frame: Frame) -> Any:
        for cells, outputs in rows:
            if all(cell(frame) for cell in cells):
                yield outputs(frame)

    def first(frame: Frame) -> Any:
        return next(matching(frame), ABSENT)

    def exactly(frame: Frame) -> Any:
        found = list(matching(frame))
        return found[0] if len(found) == 1 else ABSENT

    if table.mode == "first row wins":
        return first
    if table.mode == "exactly one row":
        return exactly
    return lambda frame: list(matching(frame))
