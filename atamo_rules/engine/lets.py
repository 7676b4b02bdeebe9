"""A rule's `let` names put in their places, so that its condition is about the event alone and can be looked up.

Values are pure, so nobody can see how often one is worked out. A path is put in the place of its name anywhere, a
computed value only where it is an operand: there the engine asks the same of it as of the name. Elsewhere the name
stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, cast

from atamo_rules.engine.readers import reader
from atamo_rules.model.meaning import Arith, Condition, Get, Meant, Term, Test
from atamo_rules.model.rule import Rule


def inlined(rule: Rule) -> Condition:
    """The rule's condition without its `let` names, as far as they can be left out; its own where it has none."""
    known: dict[str, Term] = {}
    for name, term in rule.lets:
        known[name] = _operand(term, known)
    return cast("Condition", _replaced(rule.condition, known)) if known else rule.condition


def reread(condition: Condition, known: Mapping[str, Term]) -> Condition:
    """A condition with other roots in the place of some names."""
    return cast("Condition", _replaced(condition, known))


def _replaced(node: Any, known: Mapping[str, Term]) -> Any:
    if isinstance(node, tuple):
        made = tuple(_replaced(one, known) for one in node)
        return made if any(new is not old for new, old in zip(made, node, strict=True)) else node
    match node:
        case Get():
            return _path(node, known)
        case Arith():
            return _with(node, left=_operand(node.left, known), right=_operand(node.right, known))
        case Test():
            # A part of a text and an element of a list are told apart by what is declared of a path.
            left = (_replaced if node.operator == "contains" else _operand)(node.left, known)
            right = (_replaced if node.operator == "in" or node.many else _operand)(node.right, known)
            return _with(node, left=left, right=right)
        case Meant():
            inner = [one.name for one in fields(node) if one.name != "span"]
            return _with(node, **{name: _replaced(getattr(node, name), known) for name in inner})
    return node


def _with(node: Any, **parts: Any) -> Any:
    """The node with other parts; itself where they are the same."""
    changed = {name: part for name, part in parts.items() if part is not getattr(node, name)}
    return replace(node, **changed) if changed else node


def _operand(node: Term, known: Mapping[str, Term]) -> Term:
    """What is compared, or reckoned with: anything that a name stands for but the many values of a path."""
    if isinstance(node, Get) and not node.steps:
        found = known.get(node.root)
        if found is not None and not (isinstance(found, Get) and found.many):
            return found
    return cast("Term", _replaced(node, known))


def _path(node: Get, known: Mapping[str, Term]) -> Term:
    """What a path that begins with a name leads to, where the name stands for a path to a value as it is."""
    found = known.get(node.root)
    if not isinstance(found, Get) or found.many or reader(found.type) is not None:
        return node
    return Get(found.root, (*found.steps, *node.steps), node.type, span=node.span)
