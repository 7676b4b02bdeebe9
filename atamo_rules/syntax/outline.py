"""A text to an outline: lines told apart by indentation, each with its continuation lines and children.

A line goes on below when a bracket is still open, or when the next line is indented deeper and either begins with
`and`, `or` or `else`, or follows an `and`, an `or` or the colon of a `define` that ends its line. Comments run from
`#` to the end of the line, outside texts and regular expressions; inside a continued clause they are masked with
blanks, so that every offset stays what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Source, Span
from atamo_rules.syntax.tree import Comment

DEEPEST = 64
"""Levels of indentation."""

_CONTINUES = re.compile(r"(and|or|else)\b")
_INSIDE = re.compile(r"[^A-Za-z_|]|(and|or|else)\b")
"""How a line within open brackets may begin that is not indented deeper: a word there is the next clause."""
_HANGS = re.compile(r"(?:^|\s)(?:and|or)\Z|\Adefine\s.*:\Z", re.S)
_WORD = re.compile(r"\S+")
_MARKS = re.compile(r"[\"'#()\[\]{}/]")
_SIMPLE = re.compile(r"""[^"'#()\[\]{}/]*+(?:"(?:[^"\\]|\\.)*+"[^"'#()\[\]{}/]*+)*+""")
"""A line without brackets, comments and patterns, but for texts."""
_QUOTED = {'"': re.compile(r'(?:[^"\\]|\\.)*+"'), "'": re.compile(r"(?:[^'\\]|\\.)*+'")}
"""A text from behind its first quote to its last."""
_TAB = re.compile(r"^ *\t[ \t]*(?=[^\s#])", re.MULTILINE)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]")


@dataclass(slots=True)
class Line:
    """One clause of the outline. `fragment` is its text without indentation and comments."""

    fragment: Fragment
    indent: int
    children: list[Line] = field(default_factory=list)
    meant: str = ""

    @property
    def span(self) -> Span:
        return self.fragment.outer

    @property
    def text(self) -> str:
        return self.fragment.text

    @property
    def word(self) -> str:
        """The first word, by which clauses are told apart; the one it is meant to be, where it is misspelt."""
        return self.meant or self.written

    @property
    def written(self) -> str:
        """The first word as it is written."""
        found = _WORD.match(self.fragment.text)
        return found.group() if found else ""

    def after(self, prefix: str) -> Fragment:
        """What stands after a prefix of the line's text, without the blanks between."""
        text = self.fragment.text
        start = len(prefix) + (len(self.written) - len(self.meant) if self.meant else 0)
        end = len(text)
        while start < end and text[start].isspace():
            start += 1
        return self.fragment.cut(start, end)

    @property
    def whole(self) -> Span:
        """The span of the line and everything under it."""
        last = self
        while last.children:
            last = last.children[-1]
        begin, end = self.fragment.outer, last.fragment.outer
        return begin if last is self else Span(begin.source, begin.start, end.end)


def outline(source: Source) -> tuple[list[Line], list[Diagnostic]]:
    """The lines at column 0 with what is nested in them, and what is wrong."""
    report: list[Diagnostic] = list(_characters(source))
    if any(found.severity is codes.ERROR for found in report):
        return [], report
    roots: list[Line] = []
    stack: list[Line] = []
    tabbed = _TAB.search(source.text)
    if tabbed is not None:
        report.append(
            codes.TABS.at(
                source.span(tabbed.start(), tabbed.end()),
                "this line is indented with a tab",
                help="indent every line with blanks",
            )
        )
    for line in _lines(source, []):
        while stack and stack[-1].indent >= line.indent:
            stack.pop()
        siblings = stack[-1].children if stack else roots
        if tabbed:
            pass  # what a tab is worth is not known, so nothing is said of what lines up
        elif siblings and line.indent not in (siblings[0].indent, siblings[-1].indent):
            report.append(
                codes.TABS.at(
                    line.span,
                    "this line is indented unlike the lines it stands with",
                    help=f"indent it by {siblings[0].indent} blanks, or deeper to put it under the line above",
                )
            )
        elif not stack and line.indent:
            report.append(
                codes.TABS.at(
                    line.span, "nothing above this line holds it", help="start it at the left margin"
                )
            )
        if len(stack) >= DEEPEST:
            report.append(codes.TOO_DEEP.at(line.span, f"lines are nested more than {DEEPEST} deep"))
            break
        siblings.append(line)
        stack.append(line)
    if "\t" in source.text:
        roots = [root for root in roots if not _mixed(root)]
    return roots, report


def _mixed(root: Line) -> bool:
    """Whether a declaration is indented with tabs and with blanks: then nobody can say what belongs to what."""
    lines = root.whole.text.split("\n")[1:]
    return any(line[:1] == "\t" for line in lines) and any(line[:1] == " " for line in lines)


def comments(source: Source) -> tuple[Comment, ...]:
    """Every comment of a file, in order."""
    found: list[Comment] = []
    for _ in _lines(source, found):
        pass
    return tuple(found)


def _lines(source: Source, comments: list[Comment]) -> Iterator[Line]:
    """Clauses in order of the file; comments are noted on the way."""
    current: _Clause | None = None
    text, starts = source.text, source.line_starts
    ends = (*starts[1:], len(text))
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if number == 0 and text.startswith("\ufeff"):
            start = 1  # a byte order mark is no character of the first line
        raw = text[start:end].rstrip("\r\n")
        body = raw.lstrip(" \t")
        if not body:
            continue
        indent = len(raw) - len(body)
        open_before = current is not None and current.depth > 0
        if body.startswith("#") and not open_before:
            if current is not None and _continues_later(source, number, current):
                current.masked.append((start + indent, start + len(raw)))
            elif current is not None:
                yield current.line(source)
                current = None
            comments.append(Comment(start + indent, body[1:].strip(), alone=True))
            continue
        goes_on = current is not None and (
            (open_before and (indent > current.indent or _INSIDE.match(body) is not None))
            or (indent > current.indent and (current.hangs or _CONTINUES.match(body) is not None))
        )
        if not goes_on:
            if current is not None:
                yield current.line(source)
            current = _Clause(start + indent, indent)
        assert current is not None
        current.add(start + indent, body, comments)
    if current is not None:
        yield current.line(source)


def _continues_later(source: Source, number: int, clause: _Clause) -> bool:
    """Whether the next line that is no comment goes on with the clause above the comment."""
    for later in range(number + 1, len(source.line_starts)):
        raw = source.line(later + 1)
        body = raw.lstrip(" \t")
        if body and not body.startswith("#"):
            deeper = len(raw) - len(body) > clause.indent
            return deeper and (clause.hangs or _CONTINUES.match(body) is not None)
    return False


class _Clause:
    """A clause while its lines are collected; thrown away when it is a Line."""

    def __init__(self, start: int, indent: int) -> None:
        self.start, self.indent = start, indent
        self.end = start
        self.depth = 0
        self.hangs = False
        self.masked: list[tuple[int, int]] = []

    def add(self, start: int, body: str, comments: list[Comment]) -> None:
        """One more line of the file: keep count of brackets, mask a comment."""
        stop, self.depth = _scan(body, self.depth)
        if stop < len(body):
            comments.append(Comment(start + stop, body[stop + 1 :].strip(), alone=stop == 0))
            self.masked.append((start + stop, start + len(body)))
        said = body[:stop].rstrip()
        self.end = start + len(said)
        self.hangs = said.endswith(("and", "or", ":")) and _HANGS.search(said) is not None
        if not said:
            self.end = max(self.start, self.end)

    def line(self, source: Source) -> Line:
        text = source.text[self.start : self.end]
        for begin, end in self.masked:
            if begin < self.end:
                at, upto = begin - self.start, min(end, self.end) - self.start
                text = text[:at] + " " * (upto - at) + text[upto:]
        span = source.span(self.start, self.end)
        fragment = Fragment(text, span, ((0, self.start),))
        return Line(fragment, self.indent)


def _scan(body: str, depth: int) -> tuple[int, int]:
    """Where a comment begins in a line (its length when nowhere), and how many brackets are open after it."""
    if _SIMPLE.fullmatch(body) is not None:
        return len(body), depth
    at = 0
    while (mark := _MARKS.search(body, at)) is not None:
        at, char = mark.start(), mark.group()
        if char in _QUOTED:
            closed = _QUOTED[char].match(body, at + 1)
            if closed is None:
                break
            at = closed.end() - 1
        elif char == "#" and (at == 0 or body[at - 1] in " \t([{,"):
            return at, depth
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth = max(depth - 1, 0)
        elif char == "/" and _regex_follows(body, at):
            at = _regex_end(body, at)
        at += 1
    return len(body), depth


def _regex_follows(body: str, at: int) -> bool:
    before = body[:at].rstrip()
    return before.endswith(("matches", "match", "any of", "all of")) or (
        before.endswith(("[", ",")) and "match" in before
    )


def _regex_end(body: str, at: int) -> int:
    at += 1
    while at < len(body) and body[at] != "/":
        at += 2 if body[at] == "\\" else 1
    return at


def _characters(source: Source) -> Iterator[Diagnostic]:
    """Characters that no rule file should hold, and those that may hide what it says."""
    text = source.text
    if text.isascii() and text.isprintable():
        return
    for found in _CONTROL.finditer(text):
        char = found.group()
        yield codes.NOT_TEXT.at(
            source.span(found.start(), found.end()),
            f"the character U+{ord(char):04X} cannot stand in a rule file",
            help='inside a text, write it as an escape such as "\\u0000"',
        )
        return
    for position, found in enumerate(_INVISIBLE.finditer(text)):
        if found.start() == 0 and found.group() == "\ufeff":
            continue
        if position > 4:
            return
        yield codes.SUSPICIOUS_TEXT.at(
            source.span(found.start(), found.end()),
            f"the invisible character U+{ord(found.group()):04X} may make this read unlike it is",
            help=f'delete it, or write it as "\\u{ord(found.group()):04x}" inside a text',
        )
