"""What Sigma rules share around them: the event type of a log source, the agent of alerts, placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.importers.sigma.document import Document
from atamo_rules.importers.sigma.logsource import LogSource, told_by_fields
from atamo_rules.importers.sigma.metadata import text_value
from atamo_rules.importers.sigma.values import joined
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.words import DOTTED

Shared: TypeAlias = "decl.EventDecl | decl.Define | decl.Param | decl.AgentDecl"
"""What rules may need around them."""
AGENT, ACTION = "sigma", "alert"


@dataclass(frozen=True, slots=True)
class Home:
    """Where rules live: the one event type they are all on, None for one of each log source.

    `by_fields` says that the fields of an event then tell its log source.
    """

    event_type: str | None
    by_fields: bool


def alert(document: Document, name: str) -> decl.Do:
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


def where(
    source: LogSource, home: Home, root: str = "event"
) -> tuple[tuple[tree.Expr, ...], tuple[Shared, ...]]:
    """What of its log source a rule asks for, and the event type and definitions it needs. `root` is what the event is
    called where that is asked."""
    span = source.span
    name = home.event_type or source.name
    about = "What logs say, one event a record" if home.event_type else source.about
    event = decl.EventDecl(
        tree.Name(name, span=span), tree.Literal(about, span=span), anything=True, as_text=True, span=span
    )
    if home.event_type is None or not home.by_fields:
        return (), (event,)
    if not DOTTED.fullmatch(name) or name in type_tree.TYPE_WORDS:
        return told_by_fields(source, root), (event,)  # the type has no name that a definition could say
    parameter = decl.Parameter(tree.Name("e", span=span), event=tree.Name(name, span=span), span=span)
    defined = "from_" + "".join(char if char.isalnum() and char.isascii() else "_" for char in source.name)
    body = joined(told_by_fields(source, "e"), every=True, span=span)
    define = decl.Define(tree.Name(defined, span=span), (parameter,), body, span=span)
    whole = tree.Path((tree.Step(root, span=span),), span=span)
    return (tree.Call(tree.Name(defined, span=span), (whole,), span=span),), (event, define)


def agent(span: Span) -> decl.AgentDecl:
    """The agent that alerts are sent to: the log, until it is given another plug-in."""
    text = type_tree.Plain("text", span=span)
    fields = tuple(
        type_tree.Field(tree.Name(name, span=span), text, span=span) for name in ("title", "level")
    )
    alert = decl.ActionDecl("send", tree.Name(ACTION, span=span), parameters=fields, span=span)
    about = tree.Literal("Where alerts of Sigma rules go", span=span)
    return decl.AgentDecl(
        tree.Name(AGENT, span=span),
        about,
        decl.Uses(tree.Name("log", span=span), span=span),
        (alert,),
        span=span,
    )


def placeholders(rule: decl.Rule) -> tuple[decl.Param, ...]:
    """A parameter for each placeholder that a rule compares with; without values, none of them compares."""
    span = rule.span
    conditions = (*(let.value for let in rule.lets), rule.condition)
    names = dict.fromkeys(name for one in conditions if one is not None for name in _parameters(one))
    kind = type_tree.ListOf(type_tree.Plain("text", span=span), span=span)
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
