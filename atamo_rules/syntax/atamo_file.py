"""A `.atamo` file to its tree: declarations at column 0, each read on its own, so one mistake hides no other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax import atamo_agents, atamo_events, atamo_rule, atamo_table, atamo_tests
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.clauses import Heard, Reader, words_of
from atamo_rules.syntax.heads import head
from atamo_rules.syntax.misplaced import OF_RULES
from atamo_rules.syntax.outline import Line, outline

Read = Callable[[Line, Reader], "decl.Declaration | None"]


def read_atamo(source: Source, heard: list[Heard] | None = None) -> tuple[decl.File, tuple[Diagnostic, ...]]:
    """The tree of a file, without what could not be read, and every mistake in it; `heard` gets every clause of it."""
    lines, report = outline(source)
    reader = Reader(report, heard)
    found: list[decl.Declaration] = []
    unread: list[tuple[str, str]] = []
    margin = [line for line in lines if not line.indent]
    for line, after in zip_longest(margin, margin[1:]):
        if line.word == "rule" and not line.children and after is not None and after.word in OF_RULES:
            unread += [
                ("rule", word) for word in words_of(line.whole)
            ]  # what it holds is said to be left outside
            continue
        if line.word not in _DECLARATIONS:
            meant = reader.meant(line, list(_DECLARATIONS), "a rule file")
            if meant is None:
                continue
            line = meant
        before = len(report)
        made = _DECLARATIONS[line.word](line, reader)
        found += [made] if made is not None else []
        if any(said.severity is codes.ERROR for said in report[before:]):
            kind = "event" if line.word == "request" else line.word
            unread += [(kind, word) for word in words_of(line.whole)]
    return decl.File(source, tuple(found), tuple(unread)), tuple(reader.report)


def _pack(line: Line, reader: Reader) -> decl.Pack | None:
    parsed = head(line, "pack", ("version",), reader)
    if parsed is None:
        return None
    name, options, _ = parsed
    metadata = tuple(item for item in (reader.metadata(child) for child in line.children) if item)
    return decl.Pack(name, options.get("version"), metadata, span=line.whole)


def _use(line: Line, reader: Reader) -> decl.Use | None:
    parsed = head(line, "use", ("version",), reader)
    reader.no_children(line)
    if parsed is None:
        return None
    name, options, _ = parsed
    return decl.Use(name, options.get("version"), span=line.span)


def _param(line: Line, reader: Reader) -> decl.Param | None:
    made = reader.parse("param", line.after("param"))
    reader.no_children(line)
    return reader.placed(made, line) if made is not None else None


def _list(line: Line, reader: Reader) -> decl.ListDecl | None:
    reader.no_children(line)
    rest = line.after("list")
    name, equals, items = rest.text.partition("=")
    parsed = reader.parse("name", rest.cut(0, len(name.rstrip()))) if equals else None
    if parsed is None:
        if not equals:
            reader.say(
                codes.SYNTAX.at(line.span, "a list needs its values", help='write `list name = "a", "b"`')
            )
        return None
    start = len(rest.text) - len(items.lstrip())
    values = reader.parse("list_items", rest.cut(start, len(rest.text)))
    return decl.ListDecl(parsed, values, span=line.span) if values is not None else None


def _define(line: Line, reader: Reader) -> decl.Define | None:
    reader.no_children(line)
    made = reader.parse("define", line.after("define"))
    return reader.placed(made, line) if made is not None else None


_DECLARATIONS: dict[str, Read] = {
    "pack": _pack,
    "use": _use,
    "param": _param,
    "list": _list,
    "define": _define,
    "event": atamo_events.event,
    "request": atamo_events.event,
    "action": atamo_agents.action_type,
    "agent": atamo_agents.agent,
    "rule": atamo_rule.rule,
    "table": atamo_table.table,
    "test": atamo_tests.test,
}
