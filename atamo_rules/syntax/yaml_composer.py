"""Nodes from the events of a YAML parser. What YAML 1.1 and 1.2 read differently, and what grows, is refused by name:
tags, merge keys, complex keys, several documents, aliases that grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label
from atamo_rules.source.span import Fragment, Source, Span
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Sequence
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value

DEEPEST = 64
MOST = 500_000
"""Nodes of one document; what aliases repeat is counted again, at most `MOST_REPEATED`."""
MOST_REPEATED = 10_000
_CORE = "tag:yaml.org,2002:"
_SCALARS = frozenset(_CORE + kind for kind in ("str", "int", "float", "bool", "null"))


class Refused(Exception):
    """What a text has that rules have no use for."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Composer:
    """Builds nodes from parser events; thrown away after one text."""

    def __init__(self, source: Source, events: Iterator[Any]) -> None:
        self.source = source
        self.length = len(source.text)
        self.events = events
        self.anchors: dict[str, Node | None] = {}
        self.sizes: dict[int, int] = {}
        self.count = 0
        self.repeated = 0

    def documents(self, most: int) -> Iterator[Node]:
        """The documents, as they are read; more than `most` are refused."""
        import yaml

        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > most:
                    message = (
                        "a rule file is one YAML document" if most == 1 else f"more than {most} documents"
                    )
                    self.refuse(codes.YAML_UNUSED, event, message, "split it into files")
                if event.version is not None and tuple(event.version) != (1, 2):
                    self.refuse(
                        codes.YAML_UNUSED, event, "rules are read as YAML 1.2", "drop the `%YAML` line"
                    )
                if event.tags:
                    self.refuse(
                        codes.YAML_UNUSED, event, "tag directives are not offered", "drop the `%TAG` line"
                    )
                self.anchors, first = {}, next(self.events)
                if most == 1 or not (isinstance(first, yaml.ScalarEvent) and not first.value):
                    yield self.node(first, 0)

    def refuse(self, code: Any, event: Any, message: str, help: str | None = None) -> None:
        raise Refused(code.at(self.span(event), message, help=help))

    def span(self, event: Any) -> Span:
        start, end, length = event.start_mark.index, event.end_mark.index, self.length
        if start <= end <= length:
            return Span(self.source, start, end)
        return Span(self.source, min(start, length), min(max(end, start), length))

    def node(self, event: Any, depth: int) -> Node:
        import yaml

        self.count += 1
        if depth > DEEPEST or self.count > MOST:
            self.refuse(codes.TOO_DEEP, event, f"this is nested more than {DEEPEST} deep, or too large")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchor(event)
        before = self.count
        made: Node
        if isinstance(event, yaml.ScalarEvent):
            made = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.tag(event, "seq")
            made = self.sequence(event, depth)
        else:
            self.tag(event, "map")
            made = self.mapping(event, depth)
        if anchor is not None:
            self.anchors[anchor] = made
            self.sizes[id(made)] = self.count - before + 1
        return made

    def anchor(self, event: Any) -> None:
        """Note an anchor; where YAML 1.1 and 1.2 disagree about its name, refuse it."""
        start = event.start_mark.index
        after = self.source.text[start + 1 + len(event.anchor) : start + 2 + len(event.anchor)]
        if self.source.text[start : start + 1] == "&" and after not in (
            "",
            " ",
            "\t",
            "\n",
            "\r",
            ",",
            "]",
            "}",
        ):
            self.refuse(codes.YAML_UNUSED, event, f"the anchor `&{event.anchor}{after}…` is not a plain name")
        self.anchors[event.anchor] = None

    def alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            self.refuse(
                codes.YAML_SYNTAX,
                event,
                f"there is no anchor `&{event.anchor}` above",
                help=f"put what begins with `*` in quotes, or name a value above `&{event.anchor}`",
            )
        found = self.anchors[event.anchor]
        if found is None:
            self.refuse(
                codes.YAML_UNUSED,
                event,
                f"`*{event.anchor}` holds itself",
                help="write out what it is to hold",
            )
        assert found is not None
        size = self.sizes.get(id(found), 1)
        self.repeated += size
        self.count += size
        if self.repeated > MOST_REPEATED:
            self.refuse(codes.YAML_UNUSED, event, f"aliases repeat more than {MOST_REPEATED} nodes")
        return found

    def tag(self, event: Any, kind: str) -> None:
        if event.tag is not None and event.tag not in (_CORE + kind, "!"):
            self.refuse(codes.YAML_UNUSED, event, f"the tag `{event.tag}` is not offered", "drop it")

    def sequence(self, start: Any, depth: int) -> Sequence:
        import yaml

        items: list[Node] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                end = self.span(start).to(self.span(event))
                return Sequence(tuple(items), self.trimmed(end))
            items.append(self.node(event, depth + 1))
        raise AssertionError("the parser ends what it begins")

    def mapping(self, start: Any, depth: int) -> Mapping:
        import yaml

        entries: list[tuple[Scalar, Node]] = []
        seen: dict[Any, Span] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                end = self.span(start).to(self.span(event))
                return Mapping(tuple(entries), self.trimmed(end))
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                at = self.span(event).start
                if self.source.text[max(at - 1, 0) : at + 1] == "{{":
                    self.refuse(
                        codes.YAML_UNUSED,
                        event,
                        "`{{` begins a YAML mapping here, not a template",
                        'a text with `{{ }}` in it stands in quotes: `"{{ … }}"`',
                    )
                self.refuse(
                    codes.YAML_UNUSED, event, "a key is one plain text", "lists and mappings are no keys"
                )
                raise AssertionError
            if key.plain and key.text == "<<":
                self.refuse(
                    codes.YAML_UNUSED, event, "merge keys (`<<`) are not offered", "write the keys out"
                )
            same = _key(key)
            if same in seen:
                raise Refused(
                    codes.YAML_DUPLICATE.at(
                        self.span(event),
                        f"the key `{key.text}` stands twice",
                        also=[Label(seen[same], "first here")],
                        help="keep one of them, or make one of both",
                    )
                )
            seen[same] = self.span(event)
            entries.append((key, self.node(next(self.events), depth + 1)))
        raise AssertionError("the parser ends what it begins")

    def trimmed(self, span: Span) -> Span:
        """Block collections end where the next begins; an author means the text without trailing blanks."""
        end = span.start + len(self.source.text[span.start : span.end].rstrip())
        return self.source.span(span.start, end)

    def scalar(self, event: Any) -> Scalar:
        tag = event.tag or ""
        if tag and tag != "!" and tag not in _SCALARS:
            self.refuse(codes.YAML_UNUSED, event, f"the tag `{tag}` is not offered", "drop it")
        if not event.style and self.source.text[event.start_mark.index - 1 : event.start_mark.index] == "?":
            self.refuse(
                codes.YAML_UNUSED,
                event,
                f"`?{event.value}` is read differently by YAML 1.1 and 1.2",
                "quote it",
            )
        plain = not event.style and (not tag or (tag in _SCALARS and tag != _CORE + "str"))
        span = self.span(event)
        inner = span
        if event.style in ('"', "'"):
            inner = self.source.span(span.start + 1, span.end - 1)
        made = Scalar(event.value, plain, span, _fragment(event.value, span, inner), tag.removeprefix(_CORE))
        if plain:
            try:
                scalar_value(made)
            except ValueError as error:
                self.refuse(codes.YAML_UNUSED, event, str(error))
        return made


def _key(key: Scalar) -> Any:
    try:
        value = scalar_value(key)
    except ValueError:
        value = key.text
    return (type(value).__name__, value)


def _fragment(text: str, span: Span, inner: Span) -> Fragment:
    """The text of a scalar with the place of each character, found by walking both side by side.

    Where YAML folds or strips, only blanks differ, and those are stepped over; an escape ends the attempt.
    """
    raw, begin = inner.source.text, inner.start
    if raw[begin : inner.end] == text:
        return Fragment(text, span, ((0, begin),))
    if raw[begin : begin + 1] in ("|", ">"):
        begin = raw.find("\n", begin, inner.end) + 1
    segments: list[tuple[int, int]] = []
    at, fresh = begin, True
    for position, char in enumerate(text):
        while at < inner.end and raw[at] != char and raw[at] in " \t\r\n":
            at, fresh = at + 1, True
        if at < inner.end and raw[at] == char:
            if fresh:
                segments.append((position, at))
                fresh = False
            at += 1
        elif char in " \n":
            fresh = True
        else:
            return Fragment(text, span)
    return Fragment(text, span, tuple(segments)) if segments else Fragment(text, span)
