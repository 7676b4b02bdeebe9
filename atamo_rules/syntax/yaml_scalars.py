"""Plain and quoted scalars of YAML, and what they mean in YAML 1.2's core schema."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from atamo_rules.source.span import Fragment, Span
from atamo_rules.source.swift import swift

DIGITS = 4300

_INT = re.compile(r"[-+]?[0-9]+\Z")
_WORD = re.compile(r"[A-Za-z_](?!ull|ULL|rue|RUE|alse|ALSE)")
"""How nearly every plain scalar begins: then it is text, whatever else stands in it."""
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")


@swift
@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written. `plain` is without quotes; only then can it be anything but text."""

    text: str
    plain: bool
    span: Span = field(compare=False, repr=False)
    fragment: Fragment = field(compare=False, repr=False)
    tag: str = ""


def scalar_value(node: Scalar) -> str | int | Decimal | bool | None:
    """What a scalar means in YAML 1.2's core schema. Raises ValueError for .inf, .nan and what cannot be held."""
    text = node.text
    if not node.plain or _WORD.match(text) is not None:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if len(text) > DIGITS and _FLOAT.match(text):
        raise ValueError(f"a number has more than {DIGITS} digits")
    if _INT.match(text):
        return int(text)
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEX.match(text):
        return int(text[2:], 16)
    if _FLOAT.match(text):
        try:
            value = Decimal(text)
        except InvalidOperation:  # the exponent has too many digits
            raise ValueError(f"the number {text[:40]}… cannot be held") from None
        if not value.is_finite() or abs(value.adjusted()) > DIGITS:
            raise ValueError(f"the number {text[:40]} cannot be held")
        return value
    if _NOT_FINITE.match(text):
        raise ValueError(f"`{text}` is not a number that rules can hold")
    return text


def surprising(node: Scalar) -> str | None:
    """Why a plain scalar may not mean what its author thinks: YAML 1.1 read it as something else."""
    if not node.plain:
        return None
    if node.text.lower() in ("yes", "no", "on", "off"):
        return f"`{node.text}` is text here; YAML 1.1 read it as a truth value"
    if re.fullmatch(r"0[0-9]+", node.text):
        return f"`{node.text}` is the number {int(node.text)} here; YAML 1.1 read it as octal"
    return None
