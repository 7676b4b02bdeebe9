"""All documents of a Sigma file, and how correlations find the rules that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.importers.sigma.correlation import Correlation, correlation, is_correlation, referred
from atamo_rules.importers.sigma.document import Document, document, entries_of, name_of
from atamo_rules.importers.sigma.sources import Text, texts
from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax.yaml_nodes import Node
from atamo_rules.syntax.yaml_reading import read_documents
from atamo_rules.syntax.yaml_scalars import Scalar

Said: TypeAlias = "Document | Correlation | Malformed | Unsayable"


@dataclass(frozen=True, slots=True)
class Found:
    """One document: what it is called, what correlations may call it, and what it says, or why that is nothing.

    `refers` are the rules that a correlation keeps from standing for themselves.
    """

    name: str
    called: tuple[str, ...]
    said: Said
    refers: tuple[str, ...]
    span: Span


def found(source: Source) -> Iterator[Found | Diagnostic]:
    """Every document of a file, and what is no YAML, in their order."""
    for text in texts(source):
        if isinstance(text, Diagnostic):
            yield text
            continue
        nodes, mistakes = read_documents(text.source)
        yield from (_found(node, _name(node, text, number)) for number, node in enumerate(nodes, 1))
        yield from mistakes


def members(correlation: Correlation, documents: tuple[Found, ...]) -> tuple[Document, ...]:
    """The rules that a correlation is about. Raises Unsayable where one of them is not to be had."""
    return tuple(_member(name, correlation.document.span, documents) for name in correlation.rules)


def _member(name: str, span: Span, documents: tuple[Found, ...]) -> Document:
    meant = [one for one in documents if name in one.called]
    if len(meant) != 1:
        what = "not a rule of this file" if not meant else f"the name of {len(meant)} rules of this file"
        raise Unsayable(f"it is about `{name}`, which is {what}", span)
    match meant[0].said:
        case Document() as said:
            return said
        case Correlation():
            raise Unsayable(f"it is about `{name}`, which is itself a correlation", span)
        case Unsayable(reason=reason):
            raise Unsayable(f"it is about `{name}`, which is refused: {reason}", span)
    raise Unsayable(f"it is about `{name}`, in which there is a mistake", span)


def _found(node: Node, name: str) -> Found:
    entries = entries_of(node)
    called = tuple(
        one.text.strip()
        for key in ("name", "id")
        if isinstance(one := entries.get(key), Scalar) and one.text.strip()
    )
    said: Said
    try:
        said = correlation(node) if is_correlation(node) else document(node)
    except (Malformed, Unsayable) as trouble:
        said = trouble
    return Found(name, called, said, referred(node), node.span)


def _name(node: Node, text: Text, number: int) -> str:
    """What a rule is called: the name on its line of JSON, or its id, or its title, or the name of the file."""
    more = f"#{number}" if number > 1 else ""
    if text.name:
        return text.name + more
    file = text.source.name.replace("\\", "/").rpartition("/")[2]
    return name_of(node, (file.rpartition(".")[0] or file) + more)
