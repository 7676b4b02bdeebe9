"""What single tokens of a clause say: numbers, texts, patterns and operators."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.parts import Clause
from atamo_rules.syntax.texts import BadText, unescape

DIGITS = 4300
_BLANKS = re.compile(r"\s+")
_JINJA = re.compile(r"\{[{%#]")
_SYMBOLS = {
    "==": "is",
    "!=": "is not",
    "in": "is one of",
    "is in": "is one of",
    "not in": "is not one of",
    "is not in": "is not one of",
    "in network": "is in network",
}


class Misread(Exception):
    """A clause that follows the grammar and still makes no sense, such as a bad escape; carries its diagnostic. Never
    leaves `clause`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def negated(value: int | Decimal) -> int | Decimal:
    """The number with the other sign; Python's own `-` would round a Decimal to 28 digits."""
    return value.copy_negate() if isinstance(value, Decimal) else -value


@lru_cache(maxsize=1024)
def operator(written: str) -> tuple[str, str]:
    """The canonical spelling of an operator, and `any` or `all` where it ends so."""
    text = _BLANKS.sub(" ", written)
    quantifier = ""
    for word in ("any", "all"):
        if text.endswith(f" {word} of"):
            text, quantifier = text.removesuffix(f" {word} of"), word
    return _SYMBOLS.get(text, text), quantifier


def number(clause: Clause, at: int) -> int | Decimal:
    """The number that a token writes. Raises Misread for one that is too long or too large."""
    text = clause.texts[at]
    if len(text) > DIGITS:
        raise Misread(codes.BAD_LITERAL.at(clause.span(at, at), f"this number has more than {DIGITS} digits"))
    try:
        number = int(text) if text.isdigit() else Decimal(text)
    except (ValueError, InvalidOperation):
        raise Misread(codes.BAD_LITERAL.at(clause.span(at, at), "this number cannot be held")) from None
    if isinstance(number, Decimal) and abs(number.adjusted()) > DIGITS:
        raise Misread(codes.BAD_LITERAL.at(clause.span(at, at), "this number cannot be held"))
    return number


def text(clause: Clause, at: int) -> str:
    """What a text in quotes says. Raises Misread for an escape that means nothing."""
    quoted = clause.texts[at]
    return quoted[1:-1] if "\\" not in quoted else unescaped(clause, quoted, clause.starts[at])


def unescaped(clause: Clause, quoted: str, start: int) -> str:
    """What a text in quotes says; `start` is where it stands in the fragment."""
    try:
        return unescape(quoted[1:-1])[0]
    except BadText as bad:
        span = clause.fragment.span(start + 1 + bad.start, start + 1 + bad.end)
        raise Misread(codes.BAD_LITERAL.at(span, bad.message, help=bad.remedy)) from None


def regex(clause: Clause, at: int) -> tree.Regex:
    """The pattern between slashes."""
    return tree.Regex(clause.texts[at][1:-1].replace("\\/", "/"), span=clause.span(at, at))


def as_value(clause: Clause, value: tree.Value) -> tree.Value:
    """A text in the place of a value is a template when it has Jinja in it."""
    if isinstance(value, tree.Literal):
        if isinstance(value.value, str) and _JINJA.search(value.value):
            return tree.Template(value.value, _inside(clause.fragment, value.span), span=value.span)
    elif isinstance(value, tree.ListValue):
        return tree.ListValue(tuple(as_value(clause, item) for item in value.items), span=value.span)
    return value


def _inside(fragment: Fragment, span: Span) -> Fragment:
    """The text between the quotes of a literal, with its escapes read and its places kept."""
    literal = span.text
    if not fragment.exact:
        return Fragment(literal, span)
    text, segments = unescape(literal[1:-1])
    return Fragment(text, span, tuple((local, span.start + 1 + at) for local, at in segments))
