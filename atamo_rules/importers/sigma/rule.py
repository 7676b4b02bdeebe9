"""A document of Sigma as a rule of ours: its selections as named conditions, and what is done when it detects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.importers.sigma.condition import Joined, Negation, Node, Selection, Several, condition
from atamo_rules.importers.sigma.detection import selection
from atamo_rules.importers.sigma.document import Document
from atamo_rules.importers.sigma.fields import RESERVED, Fields
from atamo_rules.importers.sigma.logsource import LogSource, log_source, told_by_fields
from atamo_rules.importers.sigma.metadata import metadata, text_value
from atamo_rules.importers.sigma.values import joined, negation
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.wording import words
from atamo_rules.syntax.words import DOTTED, NAME

Shared: TypeAlias = "decl.EventDecl | decl.Define | decl.Param | decl.AgentDecl"
"""What rules may need around them."""
AGENT, ACTION = "sigma", "alert"
SHORT = 160
"""Characters of a condition whose selections need no names."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where rules live: the one event type they are all on, None for one of each log source.

    `by_fields` says that the fields of an event then tell its log source.
    """

    event_type: str | None
    by_fields: bool


def rule(document: Document, name: str, home: Home) -> tuple[decl.Rule, tuple[Shared, ...]]:
    """The rule, and the declarations it needs around it. Raises Malformed and Unsayable."""
    span, source = document.span, log_source(document)
    nodes = [condition(one.fragment, tuple(document.selections)) for one in document.conditions]
    used = list(dict.fromkeys(name for node in nodes for name in _selections(node)))
    named = _names(used)
    # A field that is called like a selection is told apart, should the selections get names.
    fields = Fields(frozenset(named.values()) if len(used) > 1 else frozenset())
    conditions = {one: selection(document.selections[one], fields) for one in used}
    whole = _condition(nodes, conditions, span)
    lets: tuple[decl.Let, ...] = ()
    if len(used) > 1 and len(words(whole)) > SHORT:
        lets = tuple(decl.Let(tree.Name(named[one], span=span), conditions[one], span=span) for one in used)
        paths = {one: tree.Path((tree.Step(named[one], span=span),), span=span) for one in used}
        whole = _condition(nodes, paths, span)
    told, around = _home(source, home)
    made = decl.Rule(
        tree.Name(name, span=span),
        decl.On(tree.Name(home.event_type or source.name, span=span), span=span),
        tree.Literal(document.text("title"), span=span) if document.text("title") else None,
        metadata=metadata(document),
        lets=lets,
        condition=joined((*told, whole), every=True, span=span),
        actions=(_alert(document, name),),
        span=span,
    )
    return made, (*around, *_placeholders(made), _agent(span))


def _condition(nodes: Iterable[Node], by_name: Mapping[str, tree.Expr], span: Span) -> tree.Expr:
    """The rule's condition. Of several, any will do."""
    return joined([_made(node, by_name) for node in nodes], every=False, span=span)


def _made(node: Node, by_name: Mapping[str, tree.Expr]) -> tree.Expr:
    match node:
        case Selection():
            return by_name[node.name]
        case Several():
            return joined([by_name[name] for name in node.names], every=node.every, span=node.span)
        case Negation():
            return negation(_made(node.part, by_name), node.span)
        case Joined():
            return joined([_made(part, by_name) for part in node.parts], every=node.every, span=node.span)


def _selections(node: Node) -> Iterator[str]:
    match node:
        case Selection():
            yield node.name
        case Several():
            yield from node.names
        case Negation():
            yield from _selections(node.part)
        case Joined():
            for part in node.parts:
                yield from _selections(part)


def _names(selections: Iterable[str]) -> dict[str, str]:
    """What each selection is called in a rule: its own name where that is a name of ours."""
    made: dict[str, str] = {}
    for one in selections:
        name = "".join(char if char.isascii() and char.isalnum() else "_" for char in one)
        if not NAME.match(name) or name in RESERVED:
            name = f"selection_{name}"
        while name in made.values():
            name += "_"
        made[one] = name
    return made


def _alert(document: Document, name: str) -> decl.Do:
    """What is done when the rule detects: its title and level are sent."""
    span = document.span
    said = {"title": document.text("title") or name, "level": document.text("level") or "unknown"}
    arguments = tuple(
        tree.Argument((tree.Step(key, span=span),), _sent(text, span), span=span)
        for key, text in said.items()
    )
    return decl.Do("send", tree.Name(f"{AGENT}.{ACTION}", span=span), arguments, span=span)


def _sent(text: str, span: Span) -> tree.Value:
    """A text that is sent as it is: what Jinja would read as its own is written as a text of Jinja's."""
    return text_value(_JINJA.sub(lambda found: f"{{{{ '{found[0]}' }}}}", text), span)


_JINJA = re.compile(r"\{(?=[{%#])")


# --- what rules share -----------------------------------------------------------------------------------


def _home(source: LogSource, home: Home) -> tuple[tuple[tree.Expr, ...], tuple[Shared, ...]]:
    """What of its log source a rule asks for, and the event type and definitions it needs."""
    span = source.span
    name = home.event_type or source.name
    about = "What logs say, one event a record" if home.event_type else source.about
    event = decl.EventDecl(
        tree.Name(name, span=span), tree.Literal(about, span=span), anything=True, as_text=True, span=span
    )
    if home.event_type is None or not home.by_fields:
        return (), (event,)
    if not DOTTED.fullmatch(name) or name in tree.TYPE_WORDS:
        return told_by_fields(source), (event,)  # the type has no name that a definition could say
    parameter = decl.Parameter(tree.Name("e", span=span), event=tree.Name(name, span=span), span=span)
    defined = "from_" + "".join(char if char.isalnum() and char.isascii() else "_" for char in source.name)
    body = joined(told_by_fields(source, "e"), every=True, span=span)
    define = decl.Define(tree.Name(defined, span=span), (parameter,), body, span=span)
    whole = tree.Path((tree.Step("event", span=span),), span=span)
    return (tree.Call(tree.Name(defined, span=span), (whole,), span=span),), (event, define)


def _agent(span: Span) -> decl.AgentDecl:
    """The agent that alerts are sent to: the log, until it is given another plug-in."""
    text = tree.Plain("text", span=span)
    fields = tuple(tree.Field(tree.Name(name, span=span), text, span=span) for name in ("title", "level"))
    alert = decl.ActionDecl("send", tree.Name(ACTION, span=span), parameters=fields, span=span)
    about = tree.Literal("Where alerts of Sigma rules go", span=span)
    return decl.AgentDecl(
        tree.Name(AGENT, span=span),
        about,
        decl.Uses(tree.Name("log", span=span), span=span),
        (alert,),
        span=span,
    )


def _placeholders(rule: decl.Rule) -> tuple[decl.Param, ...]:
    """A parameter for each placeholder that a rule compares with; without values, none of them compares."""
    span = rule.span
    conditions = (*(let.value for let in rule.lets), rule.condition)
    names = dict.fromkeys(name for one in conditions if one is not None for name in _parameters(one))
    kind = tree.ListOf(tree.Plain("text", span=span), span=span)
    return tuple(
        decl.Param(
            tree.Name(name, span=span),
            kind,
            tree.ListValue((), span=span),
            tree.Literal(f"The values that `%{name}%` stands for in Sigma rules", span=span),
            span=span,
        )
        for name in names
    )


def _parameters(expr: tree.Expr) -> Iterator[str]:
    match expr:
        case tree.AllOf() | tree.AnyOf():
            for part in expr.parts:
                yield from _parameters(part)
        case tree.Not():
            yield from _parameters(expr.part)
        case tree.Compare(right=tree.Path(steps=(tree.Step("param"), tree.Step(str() as name)))):
            yield name
