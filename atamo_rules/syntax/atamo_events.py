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
    word = line.word
    tail = _OPEN.search(line.text)
    anything = tail is not None
    opened = line if tail is None else without(tail, line)
    parsed = head(opened, word, ("from",), reader)
    if parsed is None:
        return None
    name, options, about = parsed
    schema = options.get("from")
    invalid: tree.Name | None = None
    closed = False
    answer: tuple[type_tree.Field, ...] | None = None
    completing: decl.Completing | None = None
    fields: list[type_tree.Field] = []
    for child in line.children:
        text = " ".join(child.text.split())
        if text.startswith("when invalid"):
            rest = child.after("when invalid")
            invalid = reader.parse("name", rest) if rest.text else None
            if not rest.text:
                reader.say(
                    codes.SYNTAX.at(
                        child.span, "`when invalid` needs what to do", help="reject, flag or quarantine"
                    )
                )
        elif text in ("other fields refused", "other fields allowed"):
            closed = text.endswith("refused")
        elif word == "request" and child.word == "complete" and not _COMPLETE_FIELD.match(text):
            if completing is not None:
                reader.repeated(child, "complete", completing.span)
            completing = _completing(child, reader) or completing
        elif text == "answer" and word == "request":
            answer = reader.fields(child.children)
        elif ":" not in text and child.children:
            known = (
                "when invalid",
                "other fields refused",
                *(("complete", "answer") if word == "request" else ()),
            )
            if reader.meant(child, known, f"a{'n' if word == 'event' else ''} {word}") is not None:
                answer = reader.fields(child.children)
        else:
            field = reader.field(child)
            if field is not None:
                fields.append(field)
    if (schema is not None or anything) and fields:
        reader.say(
            codes.UNKNOWN_CLAUSE.at(
                fields[0].span,
                f"`{name.text}` has its fields from elsewhere",
                help="drop this, or the `from`",
            )
        )
        fields = []
    if schema is None and not anything and not fields and not line.children:
        reader.say(
            codes.MISSING_CLAUSE.at(
                name.span,
                f"`{name.text}` has no fields",
                help=f"list them below, or write `{word} {name.text} of anything`",
            )
        )
        return None
    anything = anything or (schema is None and not fields)
    source = decl.From(schema, span=schema.span) if schema is not None else None
    return decl.EventDecl(
        name,
        about,
        word == "request",
        tuple(fields),
        source,
        anything,
        invalid,
        closed,
        answer,
        tail is not None and tail["through"] is not None,
        tail is not None and tail["text"] is not None,
        completing,
        span=line.whole,
    )


def _completing(line: Line, reader: Reader) -> decl.Completing | None:
    """`complete when …` or `complete after …`."""
    reader.no_children(line)
    made: decl.Completing | None = reader.parse("completing", line.after("complete"))
    return reader.placed(made, line) if made is not None else None


def without(tail: re.Match[str], line: Line) -> Line:
    """The head line without its `of anything`."""
    return Line(line.fragment.cut(0, tail.start()), line.indent, line.children)
