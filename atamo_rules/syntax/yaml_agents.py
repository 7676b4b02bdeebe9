"""Agents, types of actions and what can be asked of them, in a YAML file."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.words import retries
from atamo_rules.syntax.yaml_clauses import Clauses
from atamo_rules.syntax.yaml_events import field, fields_of
from atamo_rules.syntax.yaml_nodes import Mapping, Node
from atamo_rules.syntax.yaml_scalars import Scalar

_SAFE = re.compile(r"true\Z|(fresh|stale|shared)\b")
"""How the value of `safe` begins where it is the clause, and not a parameter of that name: no type is written so."""
_VERBS = ("send", "track", "ask", "publish")
_ACTION = ("about", "of", "safe", "retry", "parameters", "answer", "example")


def agent(key: Scalar, node: Node, clauses: Clauses) -> decl.AgentDecl | None:
    """One entry of `agents`."""
    mapping = clauses.mapping(node, f"the agent `{key.text}`")
    about = None
    uses = None
    actions: list[decl.ActionDecl] = []
    does: list[decl.Does] = []
    for word, value in mapping.entries if mapping is not None else ():
        verb, _, action = word.text.partition(" ")
        if word.text == "about":
            about = clauses.about(value)
        elif word.text == "uses":
            uses = _uses(value, clauses)
        elif verb == "does" and action:
            does.append(_does(word, action, value, clauses))
        elif action and (close := get_close_matches(verb, _VERBS, n=1)):
            if verb not in _VERBS:
                span = word.fragment.span(0, len(verb))
                clauses.say(
                    codes.UNKNOWN_CLAUSE.at(
                        span,
                        f"`{verb}` is not a clause of an agent",
                        label=f"did you mean `{close[0]}`?",
                        fixes=[Fix(f"write `{close[0]}`", (Edit(span, close[0]),))]
                        if word.fragment.exact
                        else (),
                    )
                )
            verb = close[0]
            actions.append(_action(word, verb, action.strip(), value, clauses))
        elif word.text in (*_VERBS, "does"):
            _unnamed(word, value, clauses)
        else:
            clauses.keys(Mapping(((word, value),), word.span), ("about", "uses", "does", *_VERBS), "an agent")
    return decl.AgentDecl(
        clauses.name(key), about, uses, tuple(actions), tuple(does), span=key.span.to(node.span)
    )


def _unnamed(word: Scalar, node: Node, clauses: Clauses) -> None:
    """What an agent can be asked is named in its key: actions below a bare `send` would be lost."""
    below = node.entries[0][0].text if isinstance(node, Mapping) and node.entries else "NAME"
    clauses.say(
        codes.YAML_SHAPE.at(
            word.span,
            f"`{word.text}` names no action",
            help=f"write `{word.text} {below}:`, a key for each action",
        )
    )


def _does(word: Scalar, said: str, node: Node, clauses: Clauses) -> decl.Does:
    """`does ticket.open with create_issue: {…}`."""
    action, _, own = (part.strip() for part in said.partition(" with "))
    message = clauses.arguments(node, f"`{word.text}`") or None
    name = tree.Name(own, span=word.span) if own else None
    return decl.Does(tree.Name(action, span=word.span), name, message, span=word.span.to(node.span))


def action_type(key: Scalar, node: Node, clauses: Clauses) -> decl.ActionTypeDecl | None:
    """One entry of `actions`."""
    mapping = clauses.mapping(node, f"`{key.text}`")
    if mapping is None:
        return None
    given = clauses.keys(mapping, _ACTION, "an action")
    anything = "of" in given
    if anything and not (isinstance(given["of"], Scalar) and given["of"].text == "anything"):
        clauses.say(codes.YAML_SHAPE.at(given["of"].span, "after `of` stands `anything`"))
    retry = None
    if "retry" in given:
        retry = retries(given["retry"].text) if isinstance(given["retry"], Scalar) else None
        if retry is None:
            why = "how often is said like `retry: 5 times`, up to 1000"
            clauses.say(codes.BAD_LITERAL.at(given["retry"].span, why))
    return decl.ActionTypeDecl(
        clauses.name(key),
        clauses.about(given.get("about")),
        fields_of(given["parameters"], clauses) if "parameters" in given else (),
        anything,
        fields_of(given["answer"], clauses) if "answer" in given else None,
        _safe(given["safe"], given["safe"].span, clauses) if "safe" in given else None,
        retry,
        clauses.arguments(given["example"], "`example`") if "example" in given else None,
        span=key.span.to(node.span),
    )


def _safe(node: Node, span: Span, clauses: Clauses) -> decl.Safe | None:
    if isinstance(node, Scalar) and node.text == "true":
        return decl.Safe(span=span)
    said = clauses.parse("safe", node, "this")
    return replace(said, span=span) if said is not None else None


def _uses(node: Node, clauses: Clauses) -> decl.Uses | None:
    if isinstance(node, Scalar):
        return decl.Uses(clauses.name(node), span=node.span)
    if isinstance(node, Mapping) and len(node.entries) == 1:
        plugin, settings = node.entries[0]
        return decl.Uses(clauses.name(plugin), clauses.arguments(settings, "the settings"), span=node.span)
    clauses.say(
        codes.YAML_SHAPE.at(node.span, "`uses` names one plug-in", help="write `uses: {http: {url: …}}`")
    )
    return None


def _action(word: Scalar, verb: str, name: str, node: Node, clauses: Clauses) -> decl.ActionDecl:
    start = word.span.start + len(word.text) - len(name)
    label = tree.Name(name, span=replace(word.span, start=min(start, word.span.end)))
    about = answer = safe = None
    fields: list[type_tree.Field] = []
    anything = False
    mapping = clauses.mapping(node, f"`{word.text}`")
    for key, value in mapping.entries if mapping is not None else ():
        if key.text == "answer":
            answer = fields_of(value, clauses)
        elif key.text == "of" and isinstance(value, Scalar) and value.text == "anything":
            anything = True
        elif key.text == "about" and isinstance(value, Scalar) and not key.plain:
            about = clauses.about(value)
        elif key.text == "safe" and isinstance(value, Scalar) and _SAFE.match(value.text):
            safe = _safe(value, key.span.to(value.span), clauses)
        else:
            made = field(key, value, clauses)
            if made is not None:
                fields.append(made)
    return decl.ActionDecl(
        verb, label, about, tuple(fields), anything, answer, safe, span=word.span.to(node.span)
    )
