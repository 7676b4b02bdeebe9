"""`<` and `<=`, and with the sides changed `>` and `>=`: when one value is less than another."""

from __future__ import annotations

from typing import Any

from atamo_rules.functions import loose
from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.conditions import Condition
from atamo_rules.importers.jsonlogic.equality import agreed
from atamo_rules.importers.jsonlogic.values import UNDEFINED, CannotSay, Constant, Field, Value
from atamo_rules.syntax import tree


def less(asking: Asking, left: Value, right: Value, *, equal: bool = False) -> Condition:
    """`<`, or `<=` where `equal`."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        agreed(left.value, right.value, equality=False)
    return _ordered(asking, left, right, equal)


def _ordered(asking: Asking, left: Value, right: Value, equal: bool) -> Condition:
    return asking.compare(lambda one, two: _less(asking, one, two, equal), left, right, same=equal)


def _less(asking: Asking, left: Value, right: Value, equal: bool) -> Condition:
    match left, right:
        case Constant(), Constant():
            return _constants(left.value, right.value, equal)
        case Field(), Constant():
            return asking.ask(
                left,
                lambda path: _bounded(asking, path, "<=" if equal else "<", right.value, left.kind),
                null=_constants(None, right.value, equal),
                default=_ordered(asking, left.default, right, equal),
            )
        case Constant(), Field():
            return asking.ask(
                right,
                lambda path: _bounded(asking, path, ">=" if equal else ">", left.value, right.kind),
                null=_constants(left.value, None, equal),
                default=_ordered(asking, left, right.default, equal),
            )
        case Field(), Field():
            return _fields(asking, left, right, equal)
    raise CannotSay("an order is asked of a list that the rule makes, which JavaScript does by its text")


def _constants(one: Any, two: Any, equal: bool) -> bool:
    if one is UNDEFINED or two is UNDEFINED:
        return False
    compare = loose.loosely_at_most if equal else loose.loosely_less
    return compare(0 if one is None else one, 0 if two is None else two)


def _bounded(asking: Asking, path: tree.Expr, operator: str, value: Any, kind: str) -> Condition:
    """The order of a value that is there, and may be known to be of a kind, on the left, and a constant."""
    write = asking.write
    if value is UNDEFINED:
        return False
    if isinstance(value, list | dict):
        value = loose.loose_text(value)
    if isinstance(value, str):
        function = "loosely_at_most" if "=" in operator else "loosely_less"
        text = write.literal(value)
        return write.call(function, *((path, text) if "<" in operator else (text, path)))
    number = 0 if value is None else loose.loose_number(value)
    return write.compare(path if kind == "number" else write.call("loose_number", path), operator, number)


def _fields(asking: Asking, left: Field, right: Field, equal: bool) -> Condition:
    """Null and nothing have the order of 0, NaN has none."""
    terms = ((side, asking.single(side)) for side in (left, right))
    sides = (term if side.kind else asking.write.otherwise(term, 0) for side, term in terms)
    return asking.write.call("loosely_at_most" if equal else "loosely_less", *sides)
