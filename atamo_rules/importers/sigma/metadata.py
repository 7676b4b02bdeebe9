"""What a Sigma rule says about itself, as the metadata of ours: nothing of it is lost, and nothing of it decides."""

from __future__ import annotations

from collections.abc import Iterator

from atamo_rules.importers.sigma.document import Document
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.yaml_nodes import Mapping, Node
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value

_WORDS = {"level": "severity", "author": "author", "license": "licence", "tags": "tags", "date": "since"}
"""What Sigma calls the metadata that we have words for."""
_ELSEWHERE = ("title", "id", "name", "detection", "correlation", "generate", *_WORDS)
"""Entries that stand elsewhere in the rule, or are its name."""


def metadata(document: Document) -> tuple[tree.Argument, ...]:
    """Metadata in the order in which people read it: how bad, by whom, what about, and the rest as it stands."""
    known = (
        _argument(word, document.entries[name])
        for name, word in _WORDS.items()
        if name in document.entries and not _is_empty(document.entries[name])
    )
    return (*known, *_others(document))


def _others(document: Document) -> Iterator[tree.Argument]:
    for name, node in document.entries.items():
        if name not in _ELSEWHERE and not _is_empty(node):
            yield _argument(name, node)


def _is_empty(node: Node) -> bool:
    if isinstance(node, Scalar):
        return not node.text.strip() or (node.plain and scalar_value(node) is None)
    return not (node.entries if isinstance(node, Mapping) else node.items)


def _argument(name: str, node: Node) -> tree.Argument:
    return tree.Argument((tree.Step(name, span=node.span),), _value(node), span=node.span)


def _value(node: Node) -> tree.Value:
    """The value of a node; whatever stands in a scalar is text, as people read it."""
    if isinstance(node, Scalar):
        return text_value(node.text.strip(), node.span)
    if isinstance(node, Mapping):
        entries = tuple(_argument(key.text, value) for key, value in node.entries if not _is_empty(value))
        return tree.ObjectValue(entries, span=node.span)
    return tree.ListValue(tuple(_value(item) for item in node.items if not _is_empty(item)), span=node.span)


def text_value(text: str, span: Span) -> tree.Value:
    """A text where a value stands; with `{{` in it, it would be read as a template, and is one."""
    if has_template(text):
        return tree.Template(text, Fragment(text, span), span=span)
    return tree.Literal(text, span=span)


def has_template(text: str) -> bool:
    """Whether Jinja would find something in a text."""
    return any(mark in text for mark in ("{{", "{%", "{#"))
