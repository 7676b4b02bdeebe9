"""Places in the author's own text: a source, a span of it, and a fragment that knows where it was cut."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote

from atamo_rules.source.swift import swift


class Place(NamedTuple):
    """A position as people count it: line and column from 1, columns in code points."""

    line: int
    column: int


def space_named(organisation: str) -> str:
    """An organisation as it stands before the names that are its own: percent-encoded (RFC 3986)."""
    return quote(organisation, safe="")


@dataclass(frozen=True)
class Source:
    """One text the author wrote. `name` is what diagnostics print, normally the path as given. `space` is the
    organisation whose names it declares, as it stands before them (`acme/page_oncall`); empty for names of all."""

    name: str
    text: str = field(repr=False)
    space: str = field(default="", repr=False)

    def full(self, name: str) -> str:
        """What a rule of this text is called among all."""
        return f"{self.space}/{name}" if self.space else name

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offsets at which lines begin. A line ends at LF; a CR before it belongs to the line."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at != -1:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return tuple(starts)

    def place(self, offset: int) -> Place:
        """The place of a character offset; offsets past the end are clamped to it."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.line_starts, offset)
        return Place(line, offset - self.line_starts[line - 1] + 1)

    @cached_property
    def _told(self) -> dict[int, str]:
        return {}

    def told(self, offset: int) -> str:
        """A place as diagnostics print it, `name:line:column`; kept, since most places are printed more than once."""
        found = self._told.get(offset)
        if found is None:
            line, column = self.place(offset)
            found = self._told[offset] = f"{self.name}:{line}:{column}"
        return found

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its line end; empty when there is no such line."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        return Span(self, start, end)

    def said(self, start: int, end: int) -> str:
        """The text of a stretch, for a message that does not show what stands around it."""
        return self.text[start:end]

    @property
    def whole(self) -> Span:
        """The span of the whole text."""
        return Span(self, 0, len(self.text))


@swift
@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (included) to `end` (excluded), counted in the file the author opened."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def said(self) -> str:
        """Its text, for a message that does not show what stands around it."""
        return self.source.said(self.start, self.end)

    @property
    def begins(self) -> Place:
        return self.source.place(self.start)

    @property
    def ends(self) -> Place:
        return self.source.place(self.end)

    def to(self, other: Span) -> Span:
        """The smallest span that covers both; both must be of the same source."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    def __str__(self) -> str:
        return self.source.told(self.start)


@swift
@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a source parsed alone, whose spans are spans of the file.

    `text` is what the parser reads. `segments` maps it back: pairs (offset in `text`, offset in the file),
    rising, each valid until the next. Where the piece cannot be mapped exactly (folded or escaped YAML),
    `segments` is empty and every span is the `outer` one: we point at the value rather than at a wrong place.
    """

    text: str
    outer: Span
    segments: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, span: Span) -> Fragment:
        """The fragment that is exactly the text of a span."""
        return cls(span.text, span, ((0, span.start),))

    @property
    def exact(self) -> bool:
        return bool(self.segments)

    def offset(self, local: int) -> int:
        """The file offset of a local offset; only for exact fragments."""
        at = bisect_right(self.segments, (local, 1 << 62)) - 1
        begin, file = self.segments[max(at, 0)]
        return file + local - begin

    def span(self, start: int, end: int) -> Span:
        """The span, in the file, of `text[start:end]`."""
        segments = self.segments
        if not segments:
            return self.outer
        if len(segments) == 1:  # nearly every fragment: one piece of the file, as it stands there
            moved = segments[0][1] - segments[0][0]
            return Span(self.outer.source, start + moved, max(start, end) + moved)
        first = self.offset(start)
        last = first if end <= start else self.offset(end - 1) + 1
        return Span(self.outer.source, first, last)

    def cut(self, start: int, end: int) -> Fragment:
        """The fragment of `text[start:end]`, still in the coordinates of the file."""
        if not self.segments:
            return Fragment(self.text[start:end], self.outer)
        if len(self.segments) == 1:
            first = self.segments[0][1] - self.segments[0][0] + start
            place = Span(self.outer.source, first, first + max(end - start, 0))
            return Fragment(self.text[start:end], place, ((0, first),))
        inside = [(local - start, file) for local, file in self.segments if start < local < end]
        return Fragment(self.text[start:end], self.span(start, end), ((0, self.offset(start)), *inside))
