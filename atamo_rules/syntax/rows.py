"""Lines of canonical text while they are put together: each knows where in the author's file it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.source.span import Span
from atamo_rules.source.swift import swift

WIDTH = 120
"""Characters a line may have before what can be broken is broken."""
STEP = 2
"""Blanks of one level of indentation."""


@swift
@dataclass(frozen=True, slots=True)
class Row:
    """One line. `place` is where it comes from, None when nothing of it stood in the author's file.

    `opens` says that a declaration begins here; `lone` that it may stand right below one of the same kind.
    """

    text: str
    indent: int = 0
    place: Span | None = None
    opens: str = ""
    lone: bool = False


Rows: TypeAlias = tuple[Row, ...]


def row(text: str, indent: int = 0, place: Span | None = None) -> Rows:
    """One line of text."""
    return (Row(text, indent, place),)


def shifted(rows: Iterable[Row], by: int) -> Rows:
    """The same lines, indented deeper."""
    # Spelt out: `dataclasses.replace` is slow, and large files are shifted line by line, level by level.
    return tuple(Row(one.text, one.indent + by, one.place, one.opens, one.lone) for one in rows)


def joined(*parts: Rows | str) -> Rows:
    """Parts one behind the other: the first line of each goes on where the last line of the one before ends."""
    line = _one_line(parts)
    if line is not None:
        return line
    done: list[Row] = []
    for part in parts:
        rows = row(part) if isinstance(part, str) else part
        if not done:
            done = list(rows)
            continue
        last = done[-1]
        place = last.place if last.place is not None else rows[0].place
        done[-1] = Row(last.text + rows[0].text, last.indent, place, last.opens, last.lone)
        done += shifted(rows[1:], last.indent)
    return tuple(done)


def _one_line(parts: Sequence[Rows | str]) -> Rows | None:
    """What `joined` makes of parts of one line each, which is nearly always what it is given; None for others."""
    text = ""
    first: Row | None = None
    place: Span | None = None
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if len(part) != 1:
            return None
        text += part[0].text
        place = place or part[0].place
        first = first or part[0]
    if first is None or isinstance(parts[0], str):
        return (Row(text, 0, place),)
    return (Row(text, first.indent, place, first.opens, first.lone),)


def listed(parts: Sequence[Rows], opened: str, closed: str, *, broken: bool, blanks: str = "") -> Rows:
    """`[a, b]` on one line, or a line for each part between the brackets. `blanks` stand inside the brackets."""
    if not parts:
        return row(opened + closed)
    if not broken:
        pieces: list[Rows | str] = [opened + blanks]
        for position, part in enumerate(parts):
            pieces += [", "] if position else []
            pieces.append(part)
        return joined(*pieces, blanks + closed)
    done: list[Row] = [Row(opened)]
    for position, part in enumerate(parts):
        ended = joined(part, ",") if position < len(parts) - 1 else part
        done += shifted(ended, STEP)
    return (*done, Row(closed))


def width(rows: Sequence[Row], indent: int = 0) -> int:
    """The characters of the longest line."""
    return max(indent + one.indent + len(one.text) for one in rows)
