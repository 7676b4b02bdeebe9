"""What a condition that could not be compiled may have guarded, so that one mistake is not told twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from atamo_rules.compiler.context import GUARDED, Facts, Key
from atamo_rules.syntax import tree


def guards_of(broken: tree.Expr) -> Facts:
    """The paths to take for guarded after a broken condition.

    One that asks whether something is there, or calls a definition, may have meant to guard anything: a misspelt
    field is the usual mistake. Any other guards nothing; only the paths it names were already spoken of.
    """
    found: set[Key] = set()
    for node in _nodes(broken):
        if isinstance(node, tree.State | tree.Call):
            return GUARDED
        if isinstance(node, tree.Path):
            keys = tuple(step.key for step in node.steps)
            found.add(("event", keys))
            found.add((str(keys[0]), keys[1:]))
    return frozenset(found)


def _nodes(node: object) -> Iterator[object]:
    yield node
    if isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)
    elif isinstance(node, tree.Node):
        for field in fields(node):
            if field.name != "span":
                yield from _nodes(getattr(node, field.name))
