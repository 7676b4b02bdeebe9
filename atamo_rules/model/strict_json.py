"""JSON as RFC 8259 means it, read strictly and exactly: nothing rounds, nothing is dropped, nothing overflows.

Refused: bytes that are not UTF-8, a byte order mark, duplicate keys, NaN and infinities, halves of surrogate pairs,
numbers beyond `DIGITS`, nesting beyond `DEEPEST`. Whole numbers are int, all others Decimal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from atamo_rules.source.values import Json

DEEPEST = 128
DIGITS = 4300

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonRefused(ValueError):
    """A text is not JSON, or not JSON that can be held exactly; the message is a sentence for its sender."""


def decode(raw: bytes | str, *, depth: int = DEEPEST) -> Json:
    """The value a text writes. Raises JsonRefused, and nothing else, whatever the bytes."""
    if isinstance(raw, str):
        data = raw.encode("utf-8", "surrogatepass")
    else:
        data = raw
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonRefused(f"not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise JsonRefused("it begins with a byte order mark, which JSON does not allow")
    # To be nested deeper an array takes 2 bytes a level, an object 5.
    if (
        (len(data) > 5 * depth or b"[" in data)
        and data.count(b"[") + data.count(b"{") > depth
        and _depth(data) > depth
    ):
        raise JsonRefused(f"it is nested more than {depth} deep")
    try:
        value: Json = _read(_DECODER if len(text) > DIGITS else _SHORT, text)
    except json.JSONDecodeError as error:
        raise JsonRefused(
            f"not JSON: {_plain(error.msg)} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise JsonRefused(f"it is nested more than {depth} deep") from None
    if "\\" in text and _ESCAPED_SURROGATE.search(text) is not None and half_of_a_pair(value):
        raise JsonRefused("a text holds half of a surrogate pair")
    return value


def encode(value: Any) -> str:
    """Compact JSON; Decimals are written as the numbers they are, keys stay in order."""
    try:
        return _PLAIN.encode(value)
    except TypeError:
        return "".join(_written(value))


def encode_sorted(value: Any) -> str:
    """JSON whose keys are sorted: equal values, equal text."""
    try:
        return _SORTED.encode(value)
    except TypeError:  # a Decimal
        return "".join(_written(value, sort=True))


def _read(decoder: json.JSONDecoder, text: str) -> Json:
    """What `decoder.decode` gives or raises; space is looked for only around a value that is not the whole text."""
    value: Json
    if text[:1] > " ":
        value, end = decoder.raw_decode(text)
        if end == len(text) or not text[end:].strip(" \t\n\r"):
            return value
    value = decoder.decode(text)
    return value


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _depth(data: bytes) -> int:
    deepest = depth = 0
    for found in _STRUCTURE.finditer(data):
        mark = found.group()[:1]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonRefused(f"the key {json.dumps(key)[:80]} stands twice in one object")
            seen.add(key)
    return made


def _int(text: str) -> int:
    if len(text) > DIGITS:
        raise JsonRefused(f"a number has more than {DIGITS} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > DIGITS:
        raise JsonRefused(f"a number has more than {DIGITS} digits")
    try:
        made = Decimal(text)
    except InvalidOperation:
        raise JsonRefused(f"the number {text[:40]} cannot be held exactly") from None
    if not made.is_finite() or abs(made.adjusted()) > DIGITS or int(made.as_tuple().exponent) < -2 * DIGITS:
        raise JsonRefused(f"the number {text[:40]} cannot be held exactly")
    return made


def _constant(text: str) -> None:
    raise JsonRefused(f"{text} is not a JSON number")


def half_of_a_pair(value: Json) -> bool:
    """Whether some text in the value holds half of a surrogate pair, which UTF-8 cannot write."""
    stack: list[Any] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            if _SURROGATE.search(one) is not None:
                return True
        elif isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            stack.extend(one)
            stack.extend(one.values())
    return False


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_int, parse_float=_decimal, parse_constant=_constant
)
_SHORT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_decimal, parse_constant=_constant)
"""For texts in which no whole number can have too many digits."""
_PLAIN = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
_STRING: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


def _written(value: Any, *, sort: bool = False) -> list[str]:
    """The pieces of a value's JSON. Decimals keep their digits; what is no JSON value raises TypeError."""
    out: list[str] = []
    stack: list[Any] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, _Raw):
            out.append(one)
        elif isinstance(one, str):
            out.append(_STRING(one))
        elif one is None or isinstance(one, bool):
            out.append({None: "null", True: "true", False: "false"}[one])
        elif isinstance(one, int):
            out.append(int.__repr__(one))
        elif isinstance(one, Decimal):
            out.append(_number(one))
        elif isinstance(one, float) and isfinite(one):
            out.append(float.__repr__(one))
        elif isinstance(one, list | tuple):
            stack.append(_Raw("]"))
            for position, item in reversed(list(enumerate(one))):
                stack.append(item)
                if position:
                    stack.append(_Raw(","))
            out.append("[")
        elif isinstance(one, dict):
            stack.append(_Raw("}"))
            items = sorted(one.items()) if sort else list(one.items())
            for position, (key, item) in reversed(list(enumerate(items))):
                if not isinstance(key, str):
                    raise TypeError(f"a key that is {type(key).__name__} is no JSON text")
                stack.append(item)
                stack.append(_Raw(f"{',' if position else ''}{_STRING(key)}:"))
            out.append("{")
        else:
            raise TypeError(f"{type(one).__name__} is no JSON value")
    return out


class _Raw(str):
    """Text that is already JSON."""

    __slots__ = ()


def _number(value: Decimal) -> str:
    text = str(value)
    return text.replace("E+", "e+").replace("E-", "e-") if "E" in text else text
