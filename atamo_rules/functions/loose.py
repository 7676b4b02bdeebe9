"""Functions that convert and compare as JavaScript does, for rules that came from a loosely typed language.

The algorithms are those of ECMAScript 2025: ToPrimitive, ToString, StringToNumber, Number::toString, IsLooselyEqual and
IsLessThan, over JSON values. Numbers stay exact, where JavaScript would round to 53 bits; one that is too large for it
counts as `BEYOND`. A missing value and null are absent to every function, so a rule says itself what they count as.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.signature import LONGEST_TEXT, Function, takes
from atamo_rules.model.types import Anything, Boolean, Number, Text

BEYOND = Decimal("1E+309")
"""What `Infinity` counts as: past every number that JavaScript holds."""
BLANKS = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
BLANKS += "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""WhiteSpace and LineTerminator of ECMAScript, which a text that writes a number may have at its ends."""

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_INFINITE = re.compile(r"[+-]?Infinity\Z")
_OTHER_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)\Z")
_BASES = {"x": 16, "o": 8, "b": 2}


def loose_number(value: Any) -> Any:
    """ToNumber: an int or Decimal, ABSENT for what is no number (NaN)."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | Decimal):
        return value
    text = loose_text(value)
    return text_number(text) if isinstance(text, str) else ABSENT


def loose_text(value: Any) -> Any:
    """ToPrimitive of a text, list or object, which is a text; ABSENT of everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        made = _joined(value)
        return made if len(made) <= LONGEST_TEXT else ABSENT
    return "[object Object]" if isinstance(value, dict) else ABSENT


def _joined(items: Any) -> str:
    return ",".join("" if item is None else any_text(item) for item in items)


def any_text(value: Any) -> str:
    """ToString of any JSON value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return number_text(value)
    if isinstance(value, list | tuple):
        return _joined(value)
    return "null" if value is None else str(loose_text(value))


def text_number(text: str) -> Any:
    """StringToNumber; ABSENT where JavaScript says NaN."""
    text = text.strip(BLANKS)
    if not text:
        return 0
    if _DECIMAL.match(text):
        return _held(text)
    if _OTHER_BASE.match(text):
        number = int(text[2:], _BASES[text[1].lower()])
        return number if number < BEYOND else BEYOND
    if _INFINITE.match(text):
        return -BEYOND if text.startswith("-") else BEYOND
    return ABSENT


def _held(text: str) -> int | Decimal:
    nearest = float(text)
    if nearest in (float("inf"), float("-inf")):
        return BEYOND if nearest > 0 else -BEYOND
    if len(text) > 1000 or nearest == 0:
        return Decimal(repr(nearest)) if nearest else 0
    return int(text) if text.lstrip("+-").isdigit() else Decimal(text)


def number_text(number: int | Decimal) -> str:
    """Number::toString: the shortest digits that read back, with an exponent from 1e21 and below 1e-6."""
    try:
        nearest = float(number)
    except OverflowError:
        return "Infinity" if number > 0 else "-Infinity"
    if nearest in (float("inf"), float("-inf")):
        return "Infinity" if nearest > 0 else "-Infinity"
    if nearest == 0:
        return "0"
    _, digits, exponent = Decimal(repr(abs(nearest))).normalize().as_tuple()
    shown, point = "".join(map(str, digits)), len(digits) + int(exponent)
    minus = "-" if nearest < 0 else ""
    if len(shown) <= point <= 21:
        return f"{minus}{shown.ljust(point, '0')}"
    if 0 < point <= 21:
        return f"{minus}{shown[:point]}.{shown[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{shown}"
    rest = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{minus}{shown[0]}{rest}e{point - 1:+d}"


def loosely_equal(left: Any, right: Any) -> bool:
    """IsLooselyEqual of two values that are there. Two lists, or two objects, are two things and not equal."""
    one, two = loose_text(left), loose_text(right)
    if isinstance(one, str) and isinstance(two, str):
        return one == two and (isinstance(left, str) or isinstance(right, str))
    first, second = loose_number(left), loose_number(right)
    return bool(first == second) and first is not ABSENT


def loosely_less(left: Any, right: Any) -> bool:
    """IsLessThan of two values that are there: two texts by their UTF-16 code units, all else as numbers."""
    one, two = loose_text(left), loose_text(right)
    if isinstance(one, str) and isinstance(two, str):
        return _units(one) < _units(two)
    first, second = loose_number(left), loose_number(right)
    return first is not ABSENT and second is not ABSENT and bool(first < second)


def loosely_at_most(left: Any, right: Any) -> bool:
    """`<=` of JavaScript: the other is not less, and there is an order."""
    one, two = loose_text(left), loose_text(right)
    if isinstance(one, str) and isinstance(two, str):
        return _units(one) <= _units(two)
    first, second = loose_number(left), loose_number(right)
    return first is not ABSENT and second is not ABSENT and bool(first <= second)


def loosely_contains(whole: Any, item: Any) -> bool:
    """`indexOf` of JavaScript: a text has the item's text in it, a list has the item itself; nothing else has any."""
    if isinstance(whole, str):
        return any_text(item) in whole
    if isinstance(item, list | tuple | dict) or not isinstance(whole, list | tuple):
        return False
    return any(isinstance(one, bool) is isinstance(item, bool) and one == item for one in whole)


def loose_at(of: Any, position: int) -> Any:
    """`of[position]`: an element, a letter (a UTF-16 unit), or the field that the number names."""
    if isinstance(of, dict):
        return of.get(str(position), ABSENT)
    if isinstance(of, list | tuple):
        return of[position] if 0 <= position < len(of) else ABSENT
    if not isinstance(of, str):
        return ABSENT
    letter = _units(of)[2 * position : 2 * position + 2] if position >= 0 else b""
    return letter.decode("utf-16-be", "replace") if letter else ABSENT


def _units(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


FUNCTIONS = (
    Function("loose_number", "The number JavaScript reads in a value: what a text or a lone element writes, 0 in "
             "blanks, 1 and 0 in `true` and `false`; absent where it reads none.", takes("value:any"), Number(),
             loose_number, (('loose_number(" 12.50 ")', Decimal("12.50")), ("loose_number(true)", 1),
                            ('loose_number("0x1F")', 31), ("loose_number([7])", 7), ('loose_number("")', 0))),
    Function("loose_text", "The text JavaScript compares a value by: of a text the text, of a list its elements with "
             "commas between; absent of numbers and truth values.", takes("value:any"), Text(), loose_text,
             (('loose_text("a")', "a"), ('loose_text(["a", "b"])', "a,b"), ("loose_text([1.50])", "1.5"))),
    Function("loosely_equal", "Whether `==` of JavaScript holds.", takes("left:any", "right:any"), Boolean(),
             loosely_equal, (('loosely_equal("5", 5)', True), ("loosely_equal(true, 1)", True),
                             ('loosely_equal("5", "5.0")', False))),
    Function("loosely_less", "Whether `<` of JavaScript holds: two texts by their characters, all else as numbers.",
             takes("left:any", "right:any"), Boolean(), loosely_less,
             (('loosely_less("2024-01-01", "2024-01-02")', True), ('loosely_less("10", 9)', False),
              ('loosely_less("10", "9")', True))),
    Function("loosely_at_most", "Whether `<=` of JavaScript holds.", takes("left:any", "right:any"), Boolean(),
             loosely_at_most, (('loosely_at_most("2", 2)', True), ('loosely_at_most("a", 2)', False))),
    Function("loosely_contains", "Whether `indexOf` of JavaScript finds the item in a list, or its text in a text.",
             takes("whole:any", "item:any"), Boolean(), loosely_contains,
             (('loosely_contains("a5", 5)', True), ('loosely_contains([5, 6], "5")', False))),
    Function("loose_at", "What JavaScript finds at a position counted from 0: an element, a letter of a text, or the "
             "field of an object that is called so.", takes("of:any", "position:whole"), Anything(), loose_at,
             (('loose_at(["a", "b"], 1)', "b"), ('loose_at("abc", 0)', "a"))),
)  # fmt: skip
"""What a rule imported from a loosely typed language cannot say otherwise."""
