"""Rules of a `.atamo` file, and their actions."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import replace
from typing import Any

from atamo_rules.source import codes
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.atamo_tests import test
from atamo_rules.syntax.clauses import Reader
from atamo_rules.syntax.heads import head
from atamo_rules.syntax.misplaced import METADATA
from atamo_rules.syntax.outline import Line

CLAUSES = ("order", "status", "on", "every", "for", "except", "let", "when", "at most", "do", "stop", "test")
_KNOWN = frozenset((*CLAUSES, "meta", *METADATA))
_ACTIONS = ("send", "track", "ask", "reply", "publish", "emit")
_LET = re.compile(r"([A-Za-z_]\w*)\s*=")
_ALIAS = re.compile(r"\bas\s+(?!user\b|group\b|organisation\b)([A-Za-z_]\w*)\s*\Z")


def rule(line: Line, reader: Reader) -> decl.Rule | None:
    """`rule NAME "about"` and its clauses."""
    parsed = head(line, "rule", (), reader)
    if parsed is None:
        return None
    name, _, about = parsed
    made: dict[str, Any] = {"trigger": None}
    seen: dict[str, Span] = {}
    before = len(reader.report)
    broken = False
    for child in line.children:
        word = "at most" if child.text.startswith("at most") else child.word
        if word not in _KNOWN:
            meant = reader.meant(child, [*CLAUSES, "meta", *METADATA], "a rule", CLAUSES)
            if meant is None or (meant.word in seen and meant.word not in ("let", "test")):
                continue
            child, word = meant, meant.word
        if word in seen and word not in ("let", "test"):
            reader.repeated(child, word, seen[word])
            continue
        seen.setdefault(word, child.span)
        changed = _clause(made, word, child, reader)
        if changed is None:
            broken = broken or word in ("on", "every")
        else:
            made |= changed
    if "on" not in seen and "every" not in seen:
        broken = True
    if len(reader.report) == before:
        _say_missing(name, seen, reader)
    elif "when" not in seen:
        made["unread"] = ("when",)  # one of the lines that could not be read may have been it
    return None if broken else decl.Rule(name, about=about, **made, span=line.whole)


def _say_missing(name: tree.Name, seen: Container[str], reader: Reader) -> None:
    """Say which clauses a rule cannot do without, where all of its lines could be read."""
    if "on" not in seen and "every" not in seen:
        reader.say(
            codes.MISSING_CLAUSE.at(
                name.span,
                f"the rule `{name.text}` has no `on`",
                help="say which event it is about: `on event.type`",
            )
        )
    if "do" not in seen and "stop" not in seen:
        reader.say(
            codes.MISSING_CLAUSE.at(
                name.span, f"the rule `{name.text}` does nothing", help="add `do` and its actions"
            )
        )


def _clause(made: dict[str, Any], word: str, line: Line, reader: Reader) -> dict[str, Any] | None:
    """What one more clause changes in a rule, by its fields, or None when that clause could not be read."""
    rest = line.after(word)
    if word == "when" and not rest.text and line.children:
        help = "write it behind `when`; deeper lines that begin with `and` or `or` go on with it"
        reader.say(codes.SYNTAX.at(line.span, "the condition stands on lines of its own", help=help))
        return {"unread": ("when",)}
    if word not in ("do", "test", "meta") and word in CLAUSES:
        reader.no_children(line)
    match word:
        case "on":
            trigger = reader.parse("trigger", rest)
            return {"trigger": trigger} if trigger is not None else None
        case "every":
            schedule = reader.parse("schedule", rest)
            return {"trigger": schedule} if schedule is not None else None
        case "order":
            return _order(rest, reader)
        case "status":
            return {"status": reader.parse("name", rest)}
        case "for":
            return {"include": reader.parse("principals", rest) or ()}
        case "except":
            return {"exclude": reader.parse("principals", rest) or ()}
        case "let":
            let = reader.parse("let", rest) or unread_let(rest)
            return {"lets": (*made.get("lets", ()), reader.placed(let, line))} if let is not None else None
        case "when":
            condition = reader.parse("condition", rest)
            return {"condition": condition, "unread": () if condition is not None else ("when",)}
        case "at most":
            return {"at_most": reader.parse("at_most", rest)}
        case "do":
            return _do(line, rest, reader)
        case "stop":
            if rest.text:
                reader.say(codes.SYNTAX.at(rest.span(0, len(rest.text)), "`stop` stands alone"))
            return {"stop": True}
        case "test":
            found = test(line, reader)
            return {"tests": (*made.get("tests", ()), found)} if found is not None else None
        case "meta":
            return {"metadata": (*made.get("metadata", ()), *reader.arguments(line.children))}
        case _:
            item = reader.described(line, word)
            return {"metadata": (*made.get("metadata", ()), item)} if item is not None else None


def _order(rest: Fragment, reader: Reader) -> dict[str, Any] | None:
    order = reader.parse("expression", rest)
    if order is not None and not isinstance(order, tree.Literal):
        reader.say(codes.BAD_LITERAL.at(order.span, "an order is a whole number"))
        return None
    return {"order": order}


def _do(line: Line, rest: Fragment, reader: Reader) -> dict[str, Any]:
    if rest.text:
        whole = rest.span(0, len(rest.text))
        help = "write each on a line of its own, indented, and its arguments below it"
        reader.say(codes.SYNTAX.at(whole, "actions stand on lines below `do`", help=help))
        return {}  # what stands below is likely the action's own
    if not line.children:
        help = "write what is done below it, indented: `send agent.action`"
        reader.say(codes.MISSING_CLAUSE.at(line.span, "nothing stands below `do`", help=help))
    return {"actions": actions(line.children, reader)}


def actions(lines: list[Line], reader: Reader) -> tuple[decl.Do, ...]:
    """The actions below `do` or `on timeout`."""
    found: list[decl.Do] = []
    for line in lines:
        if line.word not in _ACTIONS:
            reader.unknown(line, _ACTIONS, "`do`")
            lost = unread_do(line.fragment)
            found += [lost] if lost is not None else []
            continue
        do = reader.parse("do_head", line.fragment) or unread_do(line.fragment)
        if do is None:
            continue
        arguments: list[tree.Argument] = []
        timeout: tuple[decl.Do, ...] = ()
        unread = False
        for child in line.children:
            if " ".join(child.text.split()) == "on timeout":
                timeout = actions(child.children, reader)
                continue
            argument = reader.argument(child)
            arguments += [argument] if argument is not None else []
            unread = unread or argument is None
        found.append(
            replace(
                do,
                arguments=tuple(arguments),
                on_timeout=timeout,
                unread=unread,
                span=line.whole,
            )
        )
    return tuple(found)


def unread_let(fragment: Fragment) -> decl.Let | None:
    """A `let` that could not be read, for its name: what uses it is not blamed."""
    found = _LET.search(fragment.text)
    if found is None:
        return None
    span = fragment.span(*found.span(1))
    return decl.Let(tree.Name(found[1], span=span), tree.Literal(None, span=span), span=span)


def unread_do(fragment: Fragment) -> decl.Do | None:
    """An action that could not be read, for the name of its answer."""
    found = _ALIAS.search(fragment.text)
    if found is None:
        return None
    span = fragment.span(*found.span(1))
    return decl.Do("", alias=tree.Name(found[1], span=span), span=span)
