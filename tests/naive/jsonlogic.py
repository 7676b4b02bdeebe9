"""JsonLogic as https://jsonlogic.com describes it and JavaScript computes it, for tests: no line of the importer's.

Data is JSON with every number a float. `undefined` is UNDEFINED; lists and objects are equal only to themselves.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import Any


class Undefined:
    """What is not there."""


UNDEFINED = Undefined()
NUMERAL = re.compile(
    r"([+-]?(Infinity|\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?))|0[xX][\da-fA-F]+", re.ASCII
)


class Thrown(Exception):
    """The engine throws."""


def holds(rule: Any, event: Any) -> bool:
    """The verdict of a rule: whether its outcome is truthy."""
    return truthy(apply(floats(rule), floats(event)))


def floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: floats(one) for key, one in value.items()}
    if isinstance(value, list):
        return [floats(one) for one in value]
    return float(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def truthy(value: Any) -> bool:
    if isinstance(value, list | dict):
        return isinstance(value, dict) or bool(value)
    return value is not UNDEFINED and bool(value) and value == value


def apply(logic: Any, data: Any) -> Any:
    if isinstance(logic, list):
        return [apply(one, data) for one in logic]
    if not isinstance(logic, dict) or len(logic) != 1:
        return logic
    ((name, given),) = logic.items()
    given = given if isinstance(given, list) else [given]
    match name:
        case "if" | "?:":
            rest = given
            while len(rest) > 1:
                if truthy(apply(rest[0], data)):
                    return apply(rest[1], data)
                rest = rest[2:]
            return apply(rest[0], data) if rest else None
        case "and" | "or":
            found: Any = UNDEFINED
            for one in given:
                found = apply(one, data)
                if truthy(found) is (name == "or"):
                    break
            return found
        case "some" | "all" | "none" | "filter" | "map" | "reduce":
            return _over(name, apply(given[0], data), given[1:], data)
    values = [apply(one, data) for one in given]
    return _operator(name, values, data)


def _over(name: str, items: Any, given: list[Any], data: Any) -> Any:
    items = items if isinstance(items, list) else []
    if name == "map":
        return [apply(given[0], one) for one in items]
    if name == "reduce":
        start = apply(given[1], data) if given[1:] else None
        return reduce(lambda done, one: apply(given[0], {"current": one, "accumulator": done}), items, start)
    kept = [one for one in items if truthy(apply(given[0], one))]
    return {"some": bool(kept), "none": not kept, "all": bool(items) and len(kept) == len(items)}.get(
        name, kept
    )


def _operator(name: str, values: list[Any], data: Any) -> Any:
    one, two, *_ = [*values, UNDEFINED, UNDEFINED]
    match name:
        case "==" | "!=":
            return equal(one, two) is (name == "==")
        case "===" | "!==":
            return identical(one, two) is (name == "===")
        case ">":
            return less(two, one)
        case ">=":
            return less(two, one, True)
        case "<" | "<=":
            return all(less(first, second, name == "<=") for first, second in pairwise(values))
        case "!":
            return not truthy(one)
        case "!!":
            return truthy(one)
        case "in":
            if isinstance(two, str):
                return two != "" and text(one) in two
            return isinstance(two, list) and any(identical(one, item) for item in two)
        case "var":
            return var(data, one, None if two is UNDEFINED else two)
        case "missing":
            names = one if isinstance(one, list) else values
            return [name for name in names if var(data, name, None) in (None, "")]
        case "missing_some":
            lost = _operator("missing", [two], data)
            return [] if len(two) - len(lost) >= one else lost
        case "merge":
            return [item for value in values for item in (value if isinstance(value, list) else [value])]
        case "log":
            return one
        case "cat":
            return "".join("" if value is None else text(value) for value in values)
        case "substr":
            return _substr(text(one), values[1:])
    return _arithmetic(name, values)


def _substr(source: str, values: list[Any]) -> str:
    begin = int(values[0])
    tail = source[max(len(source) + begin, 0) if begin < 0 else begin :]
    return (
        tail
        if not values[1:]
        else tail[: int(values[1])]
        if values[1] >= 0
        else tail[: max(len(tail) + int(values[1]), 0)]
    )


def _arithmetic(name: str, values: list[Any]) -> float:
    numbers = [number(value) for value in values]
    match name:
        case "+":
            return reduce(lambda one, two: one + two, map(leading, values), 0.0)
        case "*":
            return reduce(lambda one, two: one * two, map(leading, values))
        case "-":
            return numbers[0] - numbers[1] if numbers[1:] else -numbers[0]
        case "/":
            one, two = numbers
            infinite = math.copysign(math.inf, one) * math.copysign(1, two)
            return one / two if two else math.nan if not one or math.isnan(one) else infinite
        case "%":
            return math.fmod(*numbers) if numbers[1] and not math.isinf(numbers[0]) else math.nan
        case "min" | "max":
            nan = any(map(math.isnan, numbers))
            return math.nan if nan else min(numbers) if name == "min" else max(numbers)
    raise Thrown(name)


def leading(value: Any) -> float:
    found = re.match(r"\s*([+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+))", text(value), re.ASCII)
    return float(found.group(1)) if found else math.nan


def var(data: Any, path: Any, default: Any) -> Any:
    if path is None or path is UNDEFINED or path == "":
        return data
    for key in text(path).split("."):
        if isinstance(data, dict):
            data = data.get(key, UNDEFINED)
        elif isinstance(data, list | str) and key.isdigit() and str(int(key)) == key:
            data = data[int(key)] if int(key) < len(data) else UNDEFINED
        else:
            return default
        if data is UNDEFINED:
            return default
    return data


def identical(one: Any, two: Any) -> bool:
    if isinstance(one, list | dict) or isinstance(two, list | dict):
        return one is two
    return type(one) is type(two) and one == two


def primitive(value: Any) -> Any:
    return text(value) if isinstance(value, list | dict) else value


def equal(one: Any, two: Any) -> bool:
    nothing = (None, UNDEFINED)
    if one in nothing or two in nothing:
        return one in nothing and two in nothing
    if type(one) is type(two):
        return identical(one, two)
    if isinstance(one, list | dict) and isinstance(two, list | dict):
        return False
    one, two = primitive(one), primitive(two)
    if isinstance(one, str) and isinstance(two, str):
        return one == two
    return number(one) == number(two)


def less(one: Any, two: Any, or_equal: bool = False) -> bool:
    one, two = primitive(one), primitive(two)
    if isinstance(one, str) and isinstance(two, str):
        first, second = one.encode("utf-16-be"), two.encode("utf-16-be")
        return first < second or (or_equal and first == second)
    return number(one) < number(two) or (or_equal and number(one) == number(two))


def number(value: Any) -> float:
    value = primitive(value)
    if value is None or isinstance(value, bool | float):
        return float(value or 0)
    if value is UNDEFINED:
        return math.nan
    written = value.strip()
    if not written:
        return 0.0
    if not NUMERAL.fullmatch(written):
        return math.nan
    return float(int(written, 16)) if written[:2] in ("0x", "0X") else float(written)


def text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join("" if one is None else text(one) for one in value)
    if isinstance(value, dict):
        return "[object Object]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, str):
        return value
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < 1e21:
        return f"{value:.0f}".replace("-0", "0") if value == 0 else f"{value:.0f}"
    return re.sub(r"e([+-])0", r"e\1", repr(value)) if abs(value) >= 1e-6 else _small(value)


def _small(value: float) -> str:
    return re.sub(r"e-0?", "e-", repr(value))
