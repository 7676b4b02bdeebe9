"""Event types and requests of a `.atamo` file."""

from __future__ import annotations

import re

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.clauses import Reader
from atamo_rules.syntax.heads import head
from atamo_rules.syntax.outline import Line

_OPEN = re.compile(r"\s+of\s+anything(?P<through>\s+through\s+lists)?(?P<text>\s+as\s+text)?\s*$")

_COMPLETE_FIELD = re.compile(r"complete\s*:")


def event(line: Line, reader: Reader) -> decl.EventDecl | None:
    """`event NAME "about"` with fields below, `event NAME from "file"`, `event NAME of anything`; or `request`."""
    tail = _OPEN.search(line.text)
    parsed = head(line if tail is None else without(tail, line), line.word, ("from",), reader)
    if parsed is None:
        return None
    name, options, about = parsed
    schema = options.get("from")
    below = _Below(line.word, reader)
    for child in line.children:
        below.take(child)
    elsewhere = schema is not None or tail is not None
    if elsewhere and below.fields:
        reader.say(
            codes.UNKNOWN_CLAUSE.at(
                below.fields[0].span,
                f"`{name.text}` has its fields from elsewhere",
                help="drop this, or the `from`",
            )
        )
        below.fields = []
    if not elsewhere and not line.children:
        reader.say(
            codes.MISSING_CLAUSE.at(
                name.span,
                f"`{name.text}` has no fields",
                help=f"list them below, or write `{line.word} {name.text} of anything`",
            )
        )
        return None
    return decl.EventDecl(
        name,
        about,
        line.word == "request",
        tuple(below.fields),
        decl.From(schema, span=schema.span) if schema is not None else None,
        tail is not None or (schema is None and not below.fields),
        below.invalid,
        below.closed,
        below.answer,
        tail is not None and tail["through"] is not None,
        tail is not None and tail["text"] is not None,
        below.completing,
        span=line.whole,
    )


class _Below:
    """What was read so far of the lines below an event or a request; thrown away when its declaration is made."""

    def __init__(self, word: str, reader: Reader) -> None:
        self.word, self.reader = word, reader
        self.fields: list[type_tree.Field] = []
        self.invalid: tree.Name | None = None
        self.closed = False
        self.answer: tuple[type_tree.Field, ...] | None = None
        self.completing: decl.Completing | None = None

    def take(self, child: Line) -> None:
        """Read one of them: a clause, or else a field."""
        reader, request = self.reader, self.word == "request"
        text = " ".join(child.text.split())
        if text.startswith("when invalid"):
            self._invalid(child)
        elif text in ("other fields refused", "other fields allowed"):
            self.closed = text.endswith("refused")
        elif request and child.word == "complete" and not _COMPLETE_FIELD.match(text):
            if self.completing is not None:
                reader.repeated(child, "complete", self.completing.span)
            self.completing = _completing(child, reader) or self.completing
        elif request and text == "answer":
            self.answer = reader.fields(child.children)
        elif ":" not in text and child.children:
            known = ("when invalid", "other fields refused", *(("complete", "answer") if request else ()))
            if reader.meant(child, known, "a request" if request else f"an {self.word}") is not None:
                self.answer = reader.fields(child.children)
        else:
            field = reader.field(child)
            if field is not None:
                self.fields.append(field)

    def _invalid(self, child: Line) -> None:
        rest = child.after("when invalid")
        if rest.text:
            self.invalid = self.reader.parse("name", rest)
            return
        self.invalid = None
        self.reader.say(
            codes.SYNTAX.at(child.span, "`when invalid` needs what to do", help="reject, flag or quarantine")
        )


def _completing(line: Line, reader: Reader) -> decl.Completing | None:
    """`complete when …` or `complete after …`."""
    reader.no_children(line)
    made: decl.Completing | None = reader.parse("completing", line.after("complete"))
    return reader.placed(made, line) if made is not None else None


def without(tail: re.Match[str], line: Line) -> Line:
    """The head line without its `of anything`."""
    return Line(line.fragment.cut(0, tail.start()), line.indent, line.children)
