"""A document of Sigma as a rule of ours: its selections as named conditions, and what is done when it detects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from atamo_rules.importers.sigma.condition import Joined, Negation, Node, Selection, Several, condition
from atamo_rules.importers.sigma.detection import selection
from atamo_rules.importers.sigma.document import Document
from atamo_rules.importers.sigma.fields import RESERVED, Fields
from atamo_rules.importers.sigma.logsource import log_source
from atamo_rules.importers.sigma.metadata import metadata
from atamo_rules.importers.sigma.shared import Home, Shared, agent, alert, placeholders, where
from atamo_rules.importers.sigma.values import joined, negation
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.wording import words
from atamo_rules.syntax.words import NAME

SHORT = 160
"""Characters of a condition whose selections need no names."""


def rule(document: Document, name: str, home: Home) -> tuple[decl.Rule, tuple[Shared, ...]]:
    """The rule, and the declarations it needs around it. Raises Malformed and Unsayable."""
    span, source = document.span, log_source(document)
    nodes, used = _read(document)
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
    told, around = where(source, home)
    made = decl.Rule(
        tree.Name(name, span=span),
        decl.On(tree.Name(home.event_type or source.name, span=span), span=span),
        tree.Literal(document.text("title"), span=span) if document.text("title") else None,
        metadata=metadata(document),
        lets=lets,
        condition=joined((*told, whole), every=True, span=span),
        actions=(alert(document, name),),
        span=span,
    )
    return made, (*around, *placeholders(made), agent(span))


def detected(document: Document, fields: Fields) -> tree.Expr:
    """What a rule detects as one condition without names of its own. Raises Malformed and Unsayable."""
    nodes, used = _read(document)
    conditions = {one: selection(document.selections[one], fields) for one in used}
    return _condition(nodes, conditions, document.span)


def _read(document: Document) -> tuple[list[Node], list[str]]:
    """The conditions of a rule, and the selections that they use."""
    nodes = [condition(one.fragment, tuple(document.selections)) for one in document.conditions]
    return nodes, list(dict.fromkeys(name for node in nodes for name in _selections(node)))


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
