"""Diagnostics as a person reads them: in full with the author's own lines, or a line each."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence

from atamo_rules.source.codes import SECRET_WRITTEN
from atamo_rules.source.diagnostic import Diagnostic, Label, Severity
from atamo_rules.source.span import Source, Span

MOST = 20
"""Errors shown in one run; more would not be read."""
_COLORS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}
_WIDEST = 160
Pieces = Callable[[Source, int], Sequence[tuple[int, int, str]]]
"""Gives the coloured pieces of a line, by its source and number: (first column, the one after the last, colour), rising
from 0."""


def plain(source: Source, number: int) -> Sequence[tuple[int, int, str]]:
    """A line that is shown as it is."""
    return ()


def limited(diagnostics: Sequence[Diagnostic], most: int = MOST) -> tuple[Sequence[Diagnostic], int]:
    """The first `most` diagnostics, the worst kinds first kept, and how many are left out."""
    if len(diagnostics) <= most:
        return diagnostics, 0
    worst_first = sorted(range(len(diagnostics)), key=lambda at: (-diagnostics[at].severity, at))
    kept = sorted(worst_first[:most])
    return [diagnostics[at] for at in kept], len(diagnostics) - most


def render_full(diagnostics: Iterable[Diagnostic], *, color: bool = False, pieces: Pieces = plain) -> str:
    """Each diagnostic with its place, the lines it is about, and what to do; blank lines between. With `color` the
    lines are shown by their `pieces`."""
    return "\n".join(_full(diagnostic, color, pieces if color else plain) for diagnostic in diagnostics)


def render_concise(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """`file:line:column: error[E0203]: message`, a line each."""
    lines = []
    for d in diagnostics:
        head = _paint(f"{d.severity}[{d.code.id}]", _COLORS[d.severity], color)
        lines.append(
            f"{visible(str(d.span))}: {head}: {visible(d.message)}{f' ({visible(d.label)})' if d.label else ''}"
        )
    return "".join(line + "\n" for line in lines)


def _full(d: Diagnostic, color: bool, pieces: Pieces) -> str:
    paint = _COLORS[d.severity]
    out = [
        f"{_paint(f'{d.severity}[{d.code.id}]', paint + ';1', color)}{_paint(': ' + visible(d.message), '1', color)}"
    ]
    near = [label for label in d.also if label.span.source == d.span.source]
    shown = [Label(d.span, d.label), *near]
    numbers = [label.span.begins.line for label in [*shown, *d.also]]
    width = len(str(max(numbers)))
    blue = "34;1"
    bar = _paint(" " * width + " |", blue, color)
    out.append(f"{_paint(' ' * width + '-->', blue, color)} {visible(str(d.span))}")
    if not d.span.source.text:
        shown = []  # a folder, or a file that cannot be read, has no lines to show
    else:
        out.append(bar)
    before: int | None = None
    for line in sorted({label.span.begins.line for label in shown}):
        if before is not None and line > before + 1:
            out.append(_paint("...", blue, color))
        before = line
        text = _masked(d, d.span.source.line(line))
        inks = pieces(d.span.source, line) if d.code is not SECRET_WRITTEN else ()
        start, cut = _window(
            text, [label.span for label in shown if label.span.begins.line == line], d.span.source
        )
        out.append(f"{_paint(f'{line:>{width}} |', blue, color)} {_inked(cut, start, inks)}")
        for label in shown:
            if label.span.begins.line == line:
                out.append(
                    f"{bar} {_carets(label, text, start, d, paint if label is shown[0] else blue, color)}"
                )
    for label in d.also:
        if label.span.source != d.span.source:
            out.append(f"{_paint(' ' * width + ':::', blue, color)} {visible(str(label.span))}")
            source, line = label.span.source, label.span.begins.line
            shown_line = _inked(source.line(line)[:_WIDEST], 0, pieces(source, line))
            out.append(f"{_paint(f'{line:>{width}} |', blue, color)} {shown_line}   {visible(label.message)}")
    tails = [visible(note) for note in d.notes]
    if d.help:
        tails.append(f"help: {visible(d.help)}")
    out.extend(f"{_paint(' ' * width + ' =', blue, color)} {tail}" for tail in tails)
    return "\n".join(out) + "\n"


def _inked(text: str, start: int, inks: Sequence[tuple[int, int, str]]) -> str:
    """A part of a line that begins at column `start`, its pieces in their colours."""
    out, at = [], 0
    for first, last, code in inks:
        begin, end = max(first - start, at), min(last - start, len(text))
        if begin < end:
            out += [visible(text[at:begin]), _paint(visible(text[begin:end]), code, True)]
            at = end
    return "".join(out) + visible(text[at:])


def _masked(d: Diagnostic, text: str) -> str:
    """A line to be shown. One that holds what looks like a secret is shown without it: what a check prints ends in the
    logs of those who run it."""
    if d.code is not SECRET_WRITTEN:
        return text
    first, last = d.span.begins.column - 1, d.span.ends.column - 1
    return text[:first] + "•" * (len(text[first:last])) + text[last:]


def _window(text: str, spans: Sequence[Span], source: Source) -> tuple[int, str]:
    """The part of a long line that holds the first span: (first column shown, from 0; the text)."""
    if len(text) <= _WIDEST:
        return 0, text
    first = min(source.place(span.start).column - 1 for span in spans)
    start = max(0, first - _WIDEST // 3)
    return start, text[start : start + _WIDEST]


def _carets(label: Label, text: str, start: int, d: Diagnostic, paint: str, color: bool) -> str:
    """The marks under a span, one column for each column its characters take on a terminal."""
    column = label.span.begins.column - 1
    end = label.span.ends
    last = end.column - 1 if end.line == label.span.begins.line else len(text.rstrip())
    last = min(last, start + _WIDEST)
    lead = "".join(" " * columns(char) for char in text[start:column])
    marked = sum(columns(char) for char in text[column:last]) or 1
    mark = ("^" if label.span is d.span else "-") * marked
    words = f" {visible(label.message)}" if label.message else ""
    return lead + _paint(mark + words, paint, color)


def visible(text: str) -> str:
    """A text that cannot move the cursor, hide or reorder anything: such characters are shown as escapes."""
    if text.isascii() and text.isprintable():
        return text
    out = []
    for char in text:
        if char == "\t":
            out.append(" ")
        elif char.isprintable():
            out.append(char)
        else:
            out.append(f"\\u{ord(char):04x}")
    return "".join(out)


def columns(char: str) -> int:
    """How many terminal columns `visible` takes for a character."""
    if char == "\t":
        return 1
    if not char.isprintable():
        return len(f"\\u{ord(char):04x}")
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
