"""A selection of a Sigma rule as a condition: maps join their fields by `and`, lists their items by `or`."""

from __future__ import annotations

from atamo_rules.importers.sigma.fields import Fields
from atamo_rules.importers.sigma.modifiers import Key, key
from atamo_rules.importers.sigma.scalars import Read, read
from atamo_rules.importers.sigma.trouble import Malformed
from atamo_rules.importers.sigma.values import comparison, joined
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Sequence
from atamo_rules.syntax.yaml_scalars import Scalar

DEEPEST = 20


def selection(node: Node, fields: Fields, depth: int = 0) -> tree.Expr:
    """The condition that a selection makes. Raises Malformed and Unsayable."""
    if depth > DEEPEST:
        raise Malformed(codes.TOO_DEEP, node.span, f"lists are nested more than {DEEPEST} deep")
    match node:
        case Mapping():
            if not node.entries:
                raise Malformed(codes.YAML_SHAPE, node.span, "a selection asks at least one field")
            parts = [_entry(name, value, fields) for name, value in node.entries]
            return joined(parts, every=True, span=node.span)
        case Sequence():
            if not node.items:
                raise Malformed(codes.YAML_SHAPE, node.span, "a selection holds at least one item")
            words = [item for item in node.items if isinstance(item, Scalar)]
            if len(words) == len(node.items):
                return _keywords(words, node.span, fields)
            parts = [selection(item, fields, depth + 1) for item in node.items]
            return joined(parts, every=False, span=node.span)
    return _keywords([node], node.span, fields)


def _entry(name: Scalar, node: Node, fields: Fields) -> tree.Expr:
    return comparison(key(name), _values(node), fields)


def _values(node: Node) -> list[Read]:
    if isinstance(node, Scalar):
        return [read(node)]
    if isinstance(node, Mapping):
        raise Malformed(codes.YAML_SHAPE, node.span, "a field has a value, or a list of values")
    found: list[Read] = []
    for item in node.items:
        if not isinstance(item, Scalar):
            raise Malformed(codes.YAML_SHAPE, item.span, "the values of a field are texts, numbers and so on")
        found.append(read(item))
    return found


def _keywords(words: list[Scalar], span: Span, fields: Fields) -> tree.Expr:
    return comparison(Key("", span), [read(word) for word in words], fields)
