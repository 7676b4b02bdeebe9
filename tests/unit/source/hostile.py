"""Diagnostics whose names and messages hold what formats stumble over."""

from __future__ import annotations

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix, Label
from atamo_rules.source.formats import TestResult
from atamo_rules.source.span import Source, Span

NAMES = (
    "rules/plain.atamo",
    "rules/with blank, comma:colon%percent.atamo",
    "rules/<a href='x'>&amp;\".yaml",
    "rules/two\r\nlines.atamo",
    "rules/\u202eatad.yaml",
    "rules/émoji 🐟.atamo",
    "rules/\x1b[31mred\x07.atamo",
    "rules/]]>.atamo",
)
TEXT = 'rule a\n  when x is "\U0001f41f" and y\r\n\ttab\x1b[2J\u202e end ::error::boo'
MESSAGES = (
    "plain",
    "100% of `a,b:c` are\r\n::error::not a command",
    "<b>&lt;]]></b> \"quoted\" 'too'",
    "\x1b[31mred\x00\x07 and \u202eturned",
    "half \ud83d of a pair",
)


def _span(name: str, start: int, end: int) -> Span:
    return Span(Source(name, TEXT), start, end)


DIAGNOSTICS: tuple[Diagnostic, ...] = tuple(
    code.at(
        _span(name, at, at + 5),
        message,
        label=message,
        also=[Label(_span(name, 0, 4), message), Label(_span("other" + name, 7, 11), message)],
        notes=[message],
        help=message,
        fixes=[Fix(message, (Edit(_span(name, at, at + 1), message),), safe=bool(at % 2))],
    )
    for at, (name, message, code) in enumerate(
        (name, message, code)
        for name in NAMES
        for message in MESSAGES
        for code in (codes.SYNTAX, codes.UNUSED, codes.OPEN_EVENT)
    )
)
RESULTS: tuple[TestResult, ...] = tuple(
    TestResult(message, passed, _span(name, 0, 4), message)
    for name in NAMES
    for message in MESSAGES
    for passed in (True, False)
)
