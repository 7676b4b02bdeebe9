"""What each piece of a rule file is, for whoever shows it in colours: a keyword, a type, a text, a comment.

The file is read by the reader that compiles it, and each of its clauses by the lexer of the grammar, so what is shown
is what is meant: `time` is a type in `since: time` and a name in `when time is present`. Where a clause cannot be read
any further, and where no clause stands, each word is shown by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from itertools import groupby

from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.atamo_file import read_atamo
from atamo_rules.syntax.clause import LONGEST, parser
from atamo_rules.syntax.clauses import Heard
from atamo_rules.syntax.declarations import MODES
from atamo_rules.syntax.outline import comments
from atamo_rules.syntax.words import CODE


class Kind(Enum):
    """What a piece is. What is none of these is a blank."""

    KEYWORD = "a word that begins or joins clauses"
    OPERATOR = "a word or a sign between values"
    TYPE = "a type, or a unit of time"
    CONSTANT = "a word that is a value"
    DECLARED = "the name that a declaration gives"
    KEY = "the name of a field or an argument, before its colon"
    NAME = "any other name"
    FUNCTION = "the name of what is called"
    NUMBER = "a number"
    TEXT = "a text"
    ESCAPE = "an escape in a text"
    FILLED = "what a template fills in"
    PATTERN = "a regular expression"
    MARK = "a bracket, a comma"
    COMMENT = "a comment"


_OF_TERMINALS = {
    Kind.OPERATOR: "AND OR NOT ELSE ANY_FIELD ANY EVERY NO HAS IN IGNORING_CASE STATE MATCHES BETWEEN COMPARISON "
    "PLUS MINUS STAR SLASH",
    Kind.TYPE: "TYPE_WORD ONE_OF LIST_OF MAP_OF UNIT DAY OPTIONAL",
    Kind.CONSTANT: "TRUE FALSE NULL NOTHING TIMEOUT",
    Kind.NAME: "NAME DOTTED",
    Kind.NUMBER: "NUMBER CLOCK",
    Kind.TEXT: "STRING TEXTS",
    Kind.PATTERN: "REGEX",
}
_KINDS = tuple(Kind)
_DECLARE = frozenset("pack use event request action agent rule table uses send track ask publish".split())
"""The words behind which a name stands that is no clause of the grammar."""
_PHRASES = (*MODES, "other fields refused", "other fields allowed", "when invalid", "on timeout", "at most")
_WORD = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
_KEY = re.compile(r"""[ ]*(?:-\s+)?([A-Za-z_][\w.-]*|"(?:[^"\\\n]|\\.)*")\s*:(?!:)""")
_CLOCK = re.compile(r" *at +([\d:]+)")
_ROW = re.compile(r"=>|[|:=]")
_TEXTS = re.compile(r"""(?s)"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|[^\s"']+""")
_INSIDE = re.compile(r"(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\\(?:u[0-9A-Fa-f]{4}|.)")


def kind_of(terminal: str) -> Kind:
    """What a terminal of the grammar is shown as: a word that none of the lists names is a keyword."""
    return _by_terminal().get(terminal, Kind.KEYWORD)


def kinds(source: Source) -> list[tuple[int, int, Kind]]:
    """The pieces of a `.atamo` file in order, without what is blank: (first character, the one after it, kind). It
    never raises on what an author wrote."""
    if len(source.text) > LONGEST:
        return []
    heard: list[Heard] = []
    _, found = read_atamo(source, heard)
    canvas = bytearray(len(source.text))
    _lines(source, canvas, heard, found)
    for start, fragment in heard:
        if fragment.exact:
            place = fragment.span(0, len(fragment.text))
            canvas[place.start : place.end] = bytes(place.end - place.start)
            for begin, end, kind in _clause(start, fragment.text):
                span = fragment.span(begin, end)
                _paint(canvas, span.start, span.end, kind)
    for comment in comments(source):
        end = source.text.find("\n", comment.offset)
        _paint(canvas, comment.offset, end if end >= 0 else len(source.text), Kind.COMMENT)
    return list(_runs(source.text, canvas))


def _clause(start: str, text: str) -> Iterator[tuple[int, int, Kind]]:
    """The pieces of one clause, as far as it can be read; then of its words."""
    from lark.exceptions import UnexpectedInput

    at = 0
    before = (0, 0, "")
    try:
        for token in parser().parse_interactive(text, start).iter_parse():
            begin, at = token.start_pos or 0, token.end_pos or 0
            if token.type == "COLON" and before[2] in ("NAME", "STRING"):
                yield before[0], before[1], Kind.KEY
            elif token.type == "LPAR" and before[1:] == (begin, "NAME"):
                yield before[0], before[1], Kind.FUNCTION
            before = (begin, at, token.type)
            yield from _piece(text, begin, at, kind_of(token.type))
    except UnexpectedInput:
        yield from _words(text, at)


def _words(text: str, at: int) -> Iterator[tuple[int, int, Kind]]:
    """The pieces of what cannot be read: what each word is in most places."""
    for found in _loose().finditer(text, at):
        yield from _piece(text, found.start(), found.end(), kind_of(found.lastgroup or ""))


def _piece(text: str, begin: int, end: int, kind: Kind) -> Iterator[tuple[int, int, Kind]]:
    """A piece, and what is in it where it is a text."""
    if kind is not Kind.TEXT:
        yield begin, end, kind
        return
    for one in _TEXTS.finditer(text, begin, end):
        whole = one[0][0] in "\"'"
        yield one.start(), one.end(), Kind.TEXT if whole else Kind.MARK
        for inside in _INSIDE.finditer(text, one.start(), one.end()) if whole else ():
            yield inside.start(), inside.end(), Kind.ESCAPE if inside[0][0] == "\\" else Kind.FILLED


def _lines(source: Source, canvas: bytearray, heard: list[Heard], found: tuple[Diagnostic, ...]) -> None:
    """What stands around the clauses: the words that begin them, keys, the heads of declarations."""
    read = {fragment.outer.begins.line for _, fragment in heard}
    wrong = {one.span.begins.line for one in found}
    for number, start in enumerate(source.line_starts, 1):
        line = source.line(number)
        body = line.lstrip(" \t")
        at = len(line) - len(body)
        if key := _KEY.match(line):
            _paint(canvas, start + key.start(1), start + key.end(1), Kind.KEY)
            _paint(canvas, start + key.end() - 1, start + key.end(), Kind.MARK)
            at = key.end()
        elif phrase := next((one for one in _PHRASES if body.startswith(one)), None):
            _paint(canvas, start + at, start + at + len(phrase), Kind.KEYWORD)
            at += len(phrase)
        elif word := _WORD.match(body):
            _paint(canvas, start + at, start + at + word.end(), Kind.KEYWORD)
            at += word.end()
            if word[0] == "uses" and (code := CODE.search(line, at)):
                _paint(canvas, start + code.start(), start + code.end(), Kind.DECLARED)
                continue
            if word[0] in _DECLARE and number not in wrong:
                for place, more in enumerate(_WORD.finditer(line, at)):
                    _paint(canvas, start + more.start(), start + more.end(),
                           Kind.KEYWORD if place else Kind.DECLARED)  # fmt: skip
                continue
        if number not in read:
            for begin, end, kind in _words(line, at):
                _paint(canvas, start + begin, start + end, kind)
        elif number not in wrong:
            for mark in _ROW.finditer(line, at):
                _paint(canvas, start + mark.start(), start + mark.end(), Kind.MARK)
            for more in _WORD.finditer(line, at):
                _paint(canvas, start + more.start(), start + more.end(), Kind.KEYWORD)
            if clock := _CLOCK.match(line):
                _paint(canvas, start + clock.start(1), start + clock.end(1), Kind.NUMBER)


def _paint(canvas: bytearray, begin: int, end: int, kind: Kind) -> None:
    canvas[begin:end] = bytes([_KINDS.index(kind) + 1]) * (end - begin)


def _runs(text: str, canvas: bytearray) -> Iterator[tuple[int, int, Kind]]:
    for value, run in groupby(range(len(text)), canvas.__getitem__):
        places = list(run)
        if value and not text[places[0] : places[-1] + 1].isspace():
            yield places[0], places[-1] + 1, _KINDS[value - 1]


@cache
def _by_terminal() -> dict[str, Kind]:
    named = {terminal: kind for kind, several in _OF_TERMINALS.items() for terminal in several.split()}
    for one in parser().terminals:
        if one.name not in named and not re.match(r"[(\[]?[A-Za-z]", one.pattern.value):
            named[one.name] = Kind.MARK
    return named


@cache
def _loose() -> re.Pattern[str]:
    """Every terminal of the grammar beside every other, those that are asked first at the front."""
    chosen = sorted(
        (one for one in parser().terminals if not one.name.startswith("__IGNORE")),
        key=lambda one: (-one.priority, -one.pattern.max_width, one.name),
    )
    return re.compile("|".join(f"(?P<{one.name}>{_whole(one.pattern.to_regexp())})" for one in chosen))


def _whole(pattern: str) -> str:
    """A word is one from its beginning, and nothing behind a dot."""
    return rf"(?<![\w.]){pattern}" if re.match(r"\(?(\?s:)?[a-z]", pattern) else pattern
