"""Functions on texts."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from itertools import product, zip_longest
from typing import Any
from urllib.parse import quote

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import jsonable, printed
from atamo_rules.functions.signature import LONGEST_TEXT, MOST_ITEMS, Function, takes
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import ListOf, Number, Text

TEXT = Text()
WHOLE = Number(whole=True)


def bounded(value: str) -> Any:
    """The text itself, or absent when it is longer than a text may be."""
    return value if len(value) <= LONGEST_TEXT else ABSENT


def _replace(text: str, old: str, new: str) -> Any:
    if not old or len(text) + text.count(old) * (len(new) - len(old)) > LONGEST_TEXT:
        return text if not old else ABSENT
    return text.replace(old, new)


def _truncate(text: str, length: int, end: str = "…") -> Any:
    if length < 0:
        return ABSENT
    return text if len(text) <= length else bounded(text[: max(0, length - len(end))] + end)


def _split(text: str, by: str) -> Any:
    if not by:
        return [text]
    return text.split(by) if text.count(by) < MOST_ITEMS else ABSENT


def _decode(text: str) -> Any:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ABSENT


def _encoded(text: str, encoding: str) -> bytes | None:
    """The bytes of a text, None for an encoding that is not offered. `utf-16` is little-endian, behind its mark."""
    if encoding not in ENCODINGS:
        return None
    return (b"\xff\xfe" if encoding == "utf-16" else b"") + text.encode(ENCODINGS[encoding])


ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}


def _base64(text: str, encoding: str = "utf-8") -> Any:
    data = _encoded(text, encoding)
    return ABSENT if data is None else bounded(base64.b64encode(data).decode())


def _base64_offsets(text: str, encoding: str = "utf-8") -> Any:
    data = _encoded(text, encoding)
    if data is None or 4 * len(data) > LONGEST_TEXT:
        return ABSENT
    # Of the first and the last character, those are cut that hold bits of what stands around the text.
    cut = (None, -3, -2)
    return [
        base64.b64encode(b" " * offset + data)[(0, 2, 3)[offset] : cut[(len(data) + offset) % 3]].decode()
        for offset in range(3)
    ]


_DASH = re.compile(r"\B[-/]\b")
DASHES = "-/\u2013\u2014\u2015"
"""Hyphen, slash, en dash, em dash, horizontal bar: what command lines of Windows take for one another."""


def _dashes(text: str | Sequence[Any]) -> Any:
    texts = [text] if isinstance(text, str) else [one for one in text if isinstance(one, str)]
    made: list[str] = []
    for one in texts:
        pieces = _DASH.split(one)
        if len(made) + len(DASHES) ** (len(pieces) - 1) > MOST_SPELLINGS:
            return ABSENT
        for chosen in product(DASHES, repeat=len(pieces) - 1):
            made.append("".join(map("".join, zip_longest(pieces, chosen, fillvalue=""))))
    return made


MOST_SPELLINGS = 10_000


def _indent(text: str, width: int) -> Any:
    if not 0 <= width <= 100:
        return ABSENT
    return bounded(text.replace("\n", "\n" + " " * width))


def _escape(text: str) -> Any:
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(raw, safe)
    return bounded(text)


def _length(value: Any) -> Any:
    return len(value) if isinstance(value, str | list | tuple | dict) else ABSENT


FUNCTIONS = (
    Function("lower", "The text in lower case.", takes("text:text"), TEXT, lambda t: bounded(t.lower()),
             (('lower("ÀB")', "àb"),)),
    Function("upper", "The text in upper case.", takes("text:text"), TEXT, lambda t: bounded(t.upper()),
             (('upper("ab")', "AB"),)),
    Function("trim", "The text without blanks at its ends.", takes("text:text"), TEXT, str.strip,
             (('trim("  a ")', "a"),)),
    Function("title", "The text with every word capitalised.", takes("text:text"), TEXT, lambda t: bounded(t.title()),
             (('title("ab cd")', "Ab Cd"),)),
    Function("capitalize", "The text with its first letter in upper case.", takes("text:text"), TEXT,
             lambda t: bounded(t.capitalize()), (('capitalize("aB")', "Ab"),)),
    Function("length", "How many characters, elements or fields there are.", takes("of:text|list|record"), WHOLE,
             _length, (('length("äb")', 2),)),
    Function("replace", "The text with every `old` replaced.", takes("text:text", "old:text", "new:text"), TEXT,
             _replace, (('replace("a-b-c", "-", "+")', "a+b+c"),)),
    Function("split", "The pieces of a text between separators.", takes("text:text", "by:text"), ListOf(TEXT), _split,
             (('split("a,b", ",")', ["a", "b"]),)),
    Function("truncate", "At most so many characters, ending in `…` when cut.",
             takes("text:text", "length:whole", optional="end:text"), TEXT, _truncate,
             (('truncate("abcdef", 4)', "abc…"), ('truncate("abc", 4)', "abc"))),
    Function("indent", "Every line but the first moved in by so many blanks.", takes("text:text", "width:whole"), TEXT,
             _indent, (('indent("a\\nb", 2)', "a\n  b"),)),
    Function("text", "Any value as a template prints it.", takes("value:any"), TEXT, lambda v: bounded(printed(v)),
             (("text(1.50)", "1.50"), ("text(true)", "true"))),
    Function("json", "Any value as compact JSON.", takes("value:any"), TEXT, lambda v: bounded(encode(jsonable(v))),
             (('json("a\\"b")', '"a\\"b"'),)),
    Function("base64", "The text's bytes in base64 (RFC 4648): of UTF-8, or of `utf-16le`, `utf-16be`, `utf-16`.",
             takes("text:text", optional="encoding:text"), TEXT,
             _base64, (('base64("hé")', "aMOp"), ('base64("hi", "utf-16le")', "aABpAA=="))),
    Function("base64_offsets", "What the base64 of any text holds that has this text inside: one for each of the "
             "three places where it can begin.", takes("text:text", optional="encoding:text"), ListOf(TEXT),
             _base64_offsets, (('base64_offsets("secret")', ["c2VjcmV0", "NlY3Jld", "zZWNyZX"]),)),
    Function("dashes", "The text, or each of a list, with every hyphen or slash that begins a word as `-`, `/`, `–`, "
             "`—` and `―`.", takes("text:text|list"), ListOf(TEXT), _dashes,
             (('dashes("cmd /c")', ["cmd -c", "cmd /c", "cmd –c", "cmd —c", "cmd ―c"]),)),
    Function("base64_decode", "The text that base64 hides; absent when it hides none.", takes("text:text"), TEXT,
             _decode, (('base64_decode("aMOp")', "hé"),)),
    Function("urlencode", "The text percent-encoded for a URL (RFC 3986).", takes("text:text"), TEXT,
             lambda t: bounded(quote(t, safe="")), (('urlencode("a b/ü")', "a%20b%2F%C3%BC"),)),
    Function("escape_html", "The text safe to stand in HTML.", takes("text:text"), TEXT, _escape,
             (('escape_html("<a>&")', "&lt;a&gt;&amp;"),)),
)  # fmt: skip
