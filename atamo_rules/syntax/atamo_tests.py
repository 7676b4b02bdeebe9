"""Tests of a `.atamo` file: what is answered, what happens, what must follow."""

from __future__ import annotations

import re
from dataclasses import replace

from atamo_rules.source import codes
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clauses import Reader
from atamo_rules.syntax.heads import head
from atamo_rules.syntax.outline import Line

_STEPS = ("mock", "given", "expect", "at")
_CLOCK = re.compile(r"(\d{1,4}:\d{2}(?::\d{2})?)\s+")


def test(line: Line, reader: Reader) -> decl.Test | None:
    """`test "name"` with `mock`, `given` and `expect` lines below."""
    parsed = head(line, "test", (), reader)
    if parsed is None:
        return None
    mocks: list[decl.Mock] = []
    steps: list[decl.Given | decl.Expect] = []
    whole = True
    for child in line.children:
        if child.word not in _STEPS:
            meant = reader.meant(child, _STEPS, "a test")
            if meant is None:
                whole = False
                continue
            child = meant
        word, fragment, at = child.word, child.fragment, None
        if word == "at":
            rest = child.after("at")
            clock = _CLOCK.match(rest.text)
            if clock is None:
                reader.say(codes.SYNTAX.at(child.span, "`at` needs a time", help="write `at 00:04 expect …`"))
                continue
            at = tree.Literal(clock.group(1), span=rest.span(0, clock.end(1)))
            fragment = rest.cut(clock.end(), len(rest.text))
            word = fragment.text.split(None, 1)[0] if fragment.text.strip() else ""
        reader.no_children(child)
        whole = whole and not child.children
        body = child.after(word) if at is None else _after(fragment, word)
        if word == "mock" and at is None:
            mock = reader.parse("mock", body)
            mocks += [reader.placed(mock, child)] if mock is not None else []
            whole = whole and mock is not None
        elif word == "given":
            given = reader.parse("given", body)
            steps += [replace(reader.placed(given, child), at=at)] if given is not None else []
            whole = whole and given is not None
        elif word == "expect":
            expect = reader.parse("expect", body)
            steps += one_each(replace(reader.placed(expect, child), at=at)) if expect is not None else []
            whole = whole and expect is not None
        else:
            reader.unknown(child, _STEPS, "a test")
            whole = False
    if not whole:
        return None  # what is left of it would be blamed for what is missing
    return decl.Test(parsed[0], tuple(mocks), tuple(steps), span=line.whole)


def one_each(expect: decl.Expect) -> list[decl.Expect]:
    """`expect a, b` says the same as two lines, and is kept as two."""
    if expect.nothing:
        return [expect]
    return [replace(expect, expected=(one,), span=one.span) for one in expect.expected]


def _after(fragment: Fragment, word: str) -> Fragment:
    start = len(word)
    while start < len(fragment.text) and fragment.text[start].isspace():
        start += 1
    return fragment.cut(start, len(fragment.text))
