"""One YAML document of Sigma, taken apart: what it is called, what it says about itself, and what it detects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Sequence
from atamo_rules.syntax.yaml_scalars import Scalar

_OTHERS = {
    "filter": "it is a filter for other rules, not a rule",
    "action": "it is part of a collection of Sigma 1 (`action`), which is not read",
}
_NEEDED = ("logsource", "detection")


@dataclass(frozen=True, slots=True)
class Document:
    """A rule as written: all its entries by name, its selections in order, and its conditions."""

    entries: dict[str, Node]
    selections: dict[str, Node]
    conditions: tuple[Scalar, ...]
    span: Span

    def text(self, name: str) -> str:
        """The text of an entry; empty when it is not there, or no text."""
        node = self.entries.get(name)
        return node.text.strip() if isinstance(node, Scalar) and node.text not in ("null", "~") else ""


def name_of(node: Node, fallback: str) -> str:
    """What a document is called: its id, or else its title, or else the fallback."""
    entries = entries_of(node)
    for name in ("id", "title"):
        found = entries.get(name)
        if isinstance(found, Scalar) and found.text.strip():
            return found.text.strip()
    return fallback


def entries_of(node: Node) -> dict[str, Node]:
    """The entries of a mapping by name; of anything else there are none."""
    return dict(_named(node)) if isinstance(node, Mapping) else {}


def document(node: Node) -> Document:
    """The parts of a document. Raises Malformed where it is no Sigma rule, Unsayable where it is another kind."""
    if not isinstance(node, Mapping):
        raise Malformed(
            codes.YAML_SHAPE, node.span, "a Sigma rule is a mapping: `title`, `logsource`, `detection` …"
        )
    entries = dict(_named(node))
    for name, reason in _OTHERS.items():
        if name in entries and (name == "action" or "detection" not in entries):
            raise Unsayable(reason, entries[name].span)
    for name in _NEEDED:
        if name not in entries:
            raise Malformed(codes.MISSING_CLAUSE, node.entries[0][0].span if node.entries else node.span,
                            f"this Sigma rule has no `{name}`")  # fmt: skip
        if not isinstance(entries[name], Mapping):
            raise Malformed(codes.YAML_SHAPE, entries[name].span, f"`{name}` is a mapping")
    detection = entries["detection"]
    assert isinstance(detection, Mapping)
    selections = dict(_named(detection))
    if "timeframe" in selections:
        raise Unsayable("it asks for events within a time frame", selections["timeframe"].span)
    return Document(entries, *_conditions(selections, detection), node.span)


def _conditions(
    selections: dict[str, Node], detection: Mapping
) -> tuple[dict[str, Node], tuple[Scalar, ...]]:
    written = selections.pop("condition", None)
    if written is None:
        raise Malformed(
            codes.MISSING_CLAUSE, detection.span, "this Sigma rule has no `condition` in its `detection`"
        )
    items = written.items if isinstance(written, Sequence) else (written,)
    conditions: list[Scalar] = []
    for item in items:
        if not isinstance(item, Scalar) or not item.text.strip():
            raise Malformed(codes.YAML_SHAPE, item.span, "a condition is a text: `selection and not filter`")
        conditions.append(item)
    if not conditions:
        raise Malformed(codes.YAML_SHAPE, written.span, "a condition is a text: `selection and not filter`")
    return selections, tuple(conditions)


def _named(node: Mapping) -> Iterator[tuple[str, Node]]:
    return ((key.text, value) for key, value in node.entries)
