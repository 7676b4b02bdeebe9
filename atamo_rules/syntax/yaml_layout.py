"""YAML text from plain values: which scalars need quotes, and what stands in braces or on lines of its own.

Plain wherever YAML 1.2's core schema reads the same text back; `{a: 1}` where it fits on the line.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from atamo_rules.source.span import Span
from atamo_rules.syntax.rows import STEP, Row, Rows, row, shifted
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value, surprising

WIDTH = 100
_UNSAFE = re.compile(r"[\-?:,\[\]{}#&*!|>'\"%@`\s]|\Z")
"""How a plain scalar may not begin; `-` and `:` could where no blank follows, and are quoted all the same."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar. `clause` text may look like a number or begin with `=`; other text must read back as text, or with
    `quoted` stand in quotes; `raw` stands as it is."""

    text: str
    clause: bool = False
    quoted: bool = False
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, its value, and where it comes from."""

    key: str
    value: Yaml
    place: Span | None = None
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; `flow` says that it may stand in braces, with at most so many entries."""

    entries: tuple[Entry, ...]
    flow: int = 1_000


@dataclass(frozen=True, slots=True)
class Seq:
    """A list of values, each with where it comes from; `apart` puts empty lines between them."""

    items: tuple[tuple[Yaml, Span | None], ...]
    flow: bool = True
    apart: bool = False


Yaml: TypeAlias = "Leaf | Map | Seq"


def double_quoted(text: str) -> str:
    """A double-quoted scalar (YAML 1.2, section 7.3.1)."""
    out = []
    for char in text:
        if char in _SHORT:
            out.append(_SHORT[char])
        elif char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            out.append(
                f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            )
    return f'"{"".join(out)}"'


def scalar(leaf: Leaf, *, flow: bool) -> str:
    """The text of a scalar, inside braces or not."""
    text = leaf.text
    if leaf.raw:
        return text
    plain = not leaf.quoted and plain_reads_back(text, flow=flow)
    if plain and not leaf.clause:
        plain = _is_text(text) and "{{" not in text and "{%" not in text and not text.startswith("=")
    if plain:
        return text
    if leaf.clause and '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return double_quoted(text)


def plain_reads_back(text: str, *, flow: bool) -> bool:
    """Whether a text without quotes is one scalar with exactly this text."""
    if _UNSAFE.match(text) or text != text.strip() or not text.isprintable() or text == "<<":
        return False
    if ": " in text or " #" in text or text.endswith(":") or text.startswith(("---", "...")):
        return False
    return not (flow and re.search(r"[,\[\]{}]|:\Z|:[,\[\]{}]", text))


def _is_text(text: str) -> bool:
    node = Scalar(text, True, None, None)  # type: ignore[arg-type]
    try:
        return scalar_value(node) == text and surprising(node) is None
    except ValueError:
        return False


def _key(entry: Entry, *, flow: bool) -> str:
    if entry.quoted or not plain_reads_back(entry.key, flow=flow):
        text = entry.key
        return f"'{text}'" if '"' in text and "'" not in text and text.isprintable() else double_quoted(text)
    return entry.key


def in_braces(value: Yaml) -> str | None:
    """The value on one line, None where it may not."""
    match value:
        case Leaf():
            return None if "\n" in value.text and not value.clause else scalar(value, flow=True)
        case Map():
            if len(value.entries) > value.flow:
                return None
            parts = []
            for entry in value.entries:
                inner = in_braces(entry.value)
                if inner is None:
                    return None
                parts.append(f"{_key(entry, flow=True)}: {inner}")
            return "{" + ", ".join(parts) + "}"
        case Seq():
            items = [in_braces(item) for item, _ in value.items]
            if not value.flow or any(item is None for item in items):
                return None
            return "[" + ", ".join(str(item) for item in items) + "]"


def opened(value: Yaml, comments: Sequence[int]) -> Yaml:
    """The value with lines of its own for whatever has a comment, given the offsets of those in the author's file."""
    match value:
        case Map():
            entries = tuple(replace(one, value=opened(one.value, comments)) for one in value.entries)
            beside = _commented([one.place for one in entries], comments)
            return Map(entries, 0 if beside else value.flow)
        case Seq():
            items = tuple((opened(item, comments), place) for item, place in value.items)
            beside = _commented([place for _, place in items], comments)
            return replace(value, items=items, flow=value.flow and not beside)
    return value


def _commented(places: Sequence[Span | None], comments: Sequence[int]) -> bool:
    """Whether a comment stands between the first of some places and the end of the last one's line."""
    known = [place for place in places if place is not None]
    if not known or not comments:
        return False
    last = known[-1]
    line_end = last.source.text.find("\n", last.end)
    first = bisect.bisect_left(comments, known[0].start)
    return first < len(comments) and comments[first] < (line_end if line_end != -1 else len(last.source.text))


def mapping_rows(entries: Sequence[Entry], indent: int = 0) -> Rows:
    """A mapping on lines of its own."""
    done: list[Row] = []
    for entry in entries:
        done += _valued(f"{_key(entry, flow=False)}:", entry.value, entry.place, indent)
    return tuple(done)


def _valued(head: str, value: Yaml, place: Span | None, indent: int) -> Rows:
    if isinstance(value, Leaf):
        block = _block(value.text) if "\n" in value.text and not value.clause else None
        if block is not None:
            mark = "|" if value.text.endswith("\n") else "|-"
            return (*row(f"{head} {mark}", indent, place), *shifted(block, indent + STEP))
        return row(f"{head} {scalar(value, flow=False)}", indent, place)
    flat = in_braces(value)
    if flat is not None and (indent + len(head) + 1 + len(flat) <= WIDTH or flat in ("{}", "[]")):
        return row(f"{head} {flat}", indent, place)
    if isinstance(value, Map):
        return (*row(head, indent, place), *mapping_rows(value.entries, indent + STEP))
    return (*row(head, indent, place), *_items(value, indent + STEP))


def _items(value: Seq, indent: int) -> Rows:
    done: list[Row] = []
    for item, place in value.items:
        flat = in_braces(item) if not (isinstance(item, Map) and value.apart) else None
        fits = flat is not None and indent + len("- ") + len(flat) <= WIDTH
        if isinstance(item, Map) and item.entries and (not fits or item.flow == 1):
            first, *rest = mapping_rows(item.entries, 0)
            opens = "item" if value.apart else ""
            done.append(Row(f"- {first.text}", indent, place or first.place, opens))
            done += shifted(rest, indent + STEP)
        else:
            done += _valued("-", item, place, indent)
    return tuple(done)


def _block(text: str) -> Rows | None:
    """The lines of a literal block scalar (YAML 1.2, section 8.1.2), None for a text that it cannot hold exactly."""
    lines = text.removesuffix("\n").split("\n")
    ends = lines[0][:1].strip() and lines[-1]
    if not ends or any(not one.isprintable() or one != one.rstrip() for one in lines):
        return None
    return tuple(Row(one) for one in lines)
