"""What an imported rule does until its new owner says better: it tells an agent that only logs."""

from __future__ import annotations

from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree

AGENT = "inbox"
ACTION = "match"


def inbox(span: Span) -> decl.AgentDecl:
    """`agent inbox`, which logs the rule that matched and the event it matched."""

    def name(text: str) -> tree.Name:
        return tree.Name(text, span=span)

    fields = tuple(
        type_tree.Field(name(key), type_tree.Plain(word, span=span), span=span)
        for key, word in (("rule", "text"), ("event", "anything"))
    )
    match = decl.ActionDecl(
        "send", name(ACTION), tree.Literal("A rule and the event it matched", span=span), fields, span=span
    )
    about = tree.Literal(
        "Where imported rules send what they match, until they have agents of their own", span=span
    )
    return decl.AgentDecl(name(AGENT), about, decl.Uses(name("log"), span=span), (match,), span=span)


def told(rule: str, span: Span) -> decl.Do:
    """`send inbox.match` with the name of the rule and the whole event."""

    def argument(key: str, value: tree.Value) -> tree.Argument:
        return tree.Argument((tree.Step(key, span=span),), value, span=span)

    event = tree.Path((tree.Step("event", span=span),), span=span)
    arguments = (argument("rule", tree.Literal(rule, span=span)), argument("event", event))
    return decl.Do("send", tree.Name(f"{AGENT}.{ACTION}", span=span), arguments, span=span)
