"""Types of actions, and agents, of a `.atamo` file."""

from __future__ import annotations

import re

from atamo_rules.source import codes
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.atamo_events import without
from atamo_rules.syntax.clauses import Reader
from atamo_rules.syntax.heads import head
from atamo_rules.syntax.outline import Line
from atamo_rules.syntax.words import CODE, retries

_ANYTHING = re.compile(r"\s+of\s+anything(\s+as\s+text)?\s*$")
_DOES = re.compile(r"(?P<action>\S+)(?:\s+with\s+(?P<own>\S+))?\s*\Z")
_VERBS = ("send", "track", "ask", "publish")


def agent(line: Line, reader: Reader) -> decl.AgentDecl | None:
    """`agent NAME "about"` with `uses PLUGIN` and action types below."""
    parsed = head(line, "agent", (), reader)
    if parsed is None:
        return None
    name, _, about = parsed
    uses: decl.Uses | None = None
    actions: list[decl.ActionDecl] = []
    does: list[decl.Does] = []
    for child in line.children:
        if child.word == "uses":
            plugin = _plugin(child, reader)
            if uses is not None:
                reader.repeated(child, "uses", uses.span)
            elif plugin is not None:
                settings = reader.arguments(child.children)
                uses = decl.Uses(plugin, settings, span=child.whole)
        elif child.word == "does":
            done = _does(child, reader)
            does += [done] if done is not None else []
        elif child.word in _VERBS:
            made = _action(child, reader)
            if made is not None:
                actions.append(made)
        else:
            meant = reader.meant(child, ("uses", "does", *_VERBS), "an agent", _VERBS)
            made = _action(meant, reader) if meant is not None else None
            actions += [made] if made is not None else []
    return decl.AgentDecl(name, about, uses, tuple(actions), tuple(does), span=line.whole)


def _plugin(line: Line, reader: Reader) -> tree.Name | None:
    """What follows `uses`: the name of a plug-in, or where code is, `package.module:Name` or `./file.py:Name`."""
    rest = line.after("uses")
    if CODE.fullmatch(rest.text.rstrip()):
        return tree.Name(rest.text.rstrip(), span=rest.span(0, len(rest.text.rstrip())))
    parsed = head(line, "uses", (), reader)
    return parsed[0] if parsed is not None else None


def _does(line: Line, reader: Reader) -> decl.Does | None:
    """`does ACTION`, perhaps `with OWN`, and the message below."""
    rest = line.after("does")
    found = _DOES.match(rest.text)
    if found is None:
        reader.say(codes.SYNTAX.at(line.span, "`does` needs the name of an action", help=DOES))
        return None
    action = reader.parse("name", rest.cut(*found.span("action")))
    own = reader.parse("name", rest.cut(*found.span("own"))) if found["own"] else None
    if action is None or (found["own"] and own is None):
        return None
    message = reader.arguments(line.children) if line.children else None
    return decl.Does(action, own, message, span=line.whole)


DOES = "write `does ticket.open`, or `does ticket.open with create_issue`"


def action_type(line: Line, reader: Reader) -> decl.ActionTypeDecl | None:
    """`action NAME "about"` with its clauses and parameters below."""
    tail = _ANYTHING.search(line.text)
    parsed = head(line if tail is None else without(tail, line), "action", (), reader)
    if parsed is None:
        return None
    name, _, about = parsed
    answer: tuple[type_tree.Field, ...] | None = None
    safe: decl.Safe | None = None
    retry: int | None = None
    example: tuple[tree.Argument, ...] | None = None
    fields: list[type_tree.Field] = []
    for child in line.children:
        clause = ":" not in child.text
        if clause and child.text.strip() == "answer":
            answer = reader.fields(child.children)
        elif clause and child.text.strip() == "example":
            example = reader.arguments(child.children)
        elif clause and child.word == "safe":
            safe = _safe(child, reader) or safe
        elif clause and child.word == "retry":
            reader.no_children(child)
            retry = _retry(child.after("retry"), reader)
        else:
            field = reader.field(child)
            fields += [field] if field is not None else []
    return decl.ActionTypeDecl(
        name, about, tuple(fields), tail is not None, answer, safe, retry, example, span=line.whole
    )


def _retry(rest: Fragment, reader: Reader) -> int | None:
    count = retries(rest.text)
    if count is None:
        span = rest.span(0, len(rest.text))
        reader.say(codes.BAD_LITERAL.at(span, "how often is said like `retry 5 times`, up to 1000"))
    return count


def _action(line: Line, reader: Reader) -> decl.ActionDecl | None:
    verb = line.word
    tail = _ANYTHING.search(line.text)
    parsed = head(line if tail is None else without(tail, line), verb, (), reader)
    if parsed is None:
        return None
    if tail is not None and tail.group(1):
        reader.say(
            codes.SYNTAX.at(line.span, "only an event is `of anything as text`", help="write `of anything`")
        )
    name, _, about = parsed
    answer: tuple[type_tree.Field, ...] | None = None
    safe: decl.Safe | None = None
    fields: list[type_tree.Field] = []
    for child in line.children:
        if child.text.strip() == "answer":
            answer = reader.fields(child.children)
        elif child.word == "safe" and ":" not in child.text:
            if safe is not None:
                reader.repeated(child, "safe", safe.span)
            safe = _safe(child, reader) or safe
        else:
            field = reader.field(child)
            if field is not None:
                fields.append(field)
    return decl.ActionDecl(verb, name, about, tuple(fields), tail is not None, answer, safe, span=line.whole)


def _safe(line: Line, reader: Reader) -> decl.Safe | None:
    reader.no_children(line)
    rest = line.after("safe")
    if not rest.text:
        return decl.Safe(span=line.span)
    made: decl.Safe | None = reader.parse("safe", rest)
    return reader.placed(made, line) if made is not None else None
