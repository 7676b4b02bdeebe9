"""Findings on a terminal: in colours where those are wanted, the lines of rule files too."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.ink import Ink

if TYPE_CHECKING:
    from atamo_rules.source.diagnostic import Diagnostic
    from atamo_rules.source.span import Source

CODES = {
    "KEYWORD": "35",
    "OPERATOR": "36",
    "TYPE": "33",
    "CONSTANT": "33",
    "DECLARED": "1",
    "KEY": "34",
    "FUNCTION": "34",
    "NUMBER": "33",
    "TEXT": "32",
    "ESCAPE": "36",
    "FILLED": "36",
    "PATTERN": "32",
    "COMMENT": "2",
}
"""How each kind of piece is shown; what is left out is shown as it is."""


def show(diagnostics: Sequence[Diagnostic], *, err: bool = True) -> None:
    """Write findings in full; to standard output as JSON besides, where the command was to answer in it."""
    from atamo_rules.cli.failing import wants_json
    from atamo_rules.source.formats import render

    if err and wants_json(click.get_current_context(silent=True)):
        say(render(diagnostics, "json"))
    color = color_of(sys.stderr if err else sys.stdout)
    say(render(diagnostics, "full", color=color, pieces=pieces), err=err)


def condition(text: str, ink: Ink) -> str:
    """A condition, or a part of one, as the lines of rule files are shown."""
    if not ink.on:
        return text
    out, at = [], 0
    for begin, end, code in in_condition(text):
        if begin >= at:
            out += [text[at:begin], f"\x1b[{code}m{text[begin:end]}\x1b[0m"]
            at = end
    return "".join(out) + text[at:]


def in_condition(text: str) -> Iterator[tuple[int, int, str]]:
    """What is shown how in a condition, or in a part of one."""
    head = "  when "
    for first, last, code in _by_line(("rule r", "  on e", head + text.replace("\n", " ")))[-1]:
        if first >= len(head):
            yield first - len(head), last - len(head), code


def pieces(source: Source, number: int) -> Sequence[tuple[int, int, str]]:
    """What is shown how in a line of a rule file. It is read with the declaration that it belongs to, and with no more:
    one finding in a long file is shown at once."""
    if not 1 <= number <= len(source.line_starts):
        return ()
    if source.name.endswith((".yaml", ".yml")):
        from atamo_rules.cli.shown_yaml import pieces_of_yaml

        return pieces_of_yaml(source, number)
    if not source.name.endswith(".atamo"):
        return ()
    first, last = number, number
    while first > 1 and not _begins(source.line(first)):
        first -= 1
    count = len(source.line_starts)
    while last < count and not _begins(source.line(last + 1)):
        last += 1
    lines = tuple(source.line(one) for one in range(first, last + 1))
    return _by_line(lines)[number - first]


def _begins(line: str) -> bool:
    """Whether a declaration begins there, as all do at the left margin."""
    return line[:1] not in ("", " ", "\t", "#", ")", "]", "}")


@lru_cache(maxsize=64)
def _by_line(lines: tuple[str, ...]) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    from atamo_rules.source.span import Source
    from atamo_rules.syntax.kinds import kinds

    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    found: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    whole = Source("declaration", "\n".join(lines))
    for begin, end, kind in kinds(whole):
        code = CODES.get(kind.name)
        first = whole.place(begin).line
        for number in range(first, whole.place(end - 1).line + 1) if code else ():
            line, base = found[number - 1], starts[number - 1]
            line.append((max(begin - base, 0), min(end - base, len(lines[number - 1])), code or ""))
    return tuple(map(tuple, found))
