"""YAML as nodes that keep their places in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from atamo_rules.source.span import Span
from atamo_rules.source.swift import swift
from atamo_rules.source.values import Json
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value


@swift
@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    span: Span = field(compare=False, repr=False)


@swift
@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, which are scalars, and their values, in the author's order; no key twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span = field(compare=False, repr=False)


Node: TypeAlias = "Scalar | Sequence | Mapping"


def to_json(node: Node) -> Json:
    """The data of a node; keys are the texts they were written as."""
    if isinstance(node, Scalar):
        return scalar_value(node)
    if isinstance(node, Sequence):
        return [to_json(item) for item in node.items]
    return {key.text: to_json(value) for key, value in node.entries}
