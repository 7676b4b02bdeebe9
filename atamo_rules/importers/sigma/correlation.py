"""A Sigma correlation as written: which rules it is about, what it asks of their events, and in what time."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from dataclasses import dataclass

from atamo_rules.importers.sigma.document import Document, entries_of
from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Sequence
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value

COUNTS = ("event_count", "value_count")
JOINS = ("temporal", "temporal_ordered")
_REDUCED = {
    "value_sum": "a sum",
    "value_avg": "an average",
    "value_percentile": "a percentile",
    "value_median": "a median",
}
_KNOWN = ("type", "rules", "group-by", "timespan", "aliases", "condition", "generate")
_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_LENGTH = re.compile(r"([0-9]{1,9})([smhdwMy])")
MOST = 10_000
"""What a window counts at most."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """`keys` are the fields behind `group-by`; `aliases` says what each of them is called, by the name of a rule.

    `least` is how many there must be: events, values of `field`, or rules.
    """

    document: Document
    type: str
    rules: tuple[str, ...]
    within: tree.Quantity
    keys: tuple[str, ...]
    aliases: Map[str, Map[str, str]]
    least: int
    field: str


def is_correlation(node: Node) -> bool:
    """Whether a document is a correlation, and no detection."""
    entries = entries_of(node)
    return "correlation" in entries and "detection" not in entries


def correlation(node: Node) -> Correlation:
    """The parts of a correlation. Raises Malformed and Unsayable."""
    entries = entries_of(node)
    body = entries["correlation"]
    if not isinstance(body, Mapping):
        raise Malformed(codes.YAML_SHAPE, body.span, "`correlation` is a mapping")
    parts = entries_of(body)
    for name in ("type", "rules", "timespan"):
        if name not in parts:
            raise Malformed(codes.MISSING_CLAUSE, body.span, f"this correlation has no `{name}`")
    type = _type(parts["type"])
    for name, part in parts.items():
        if name not in _KNOWN:
            raise Unsayable(f"its correlation has `{name}`, which nobody has heard of", part.span)
    rules = _words(parts["rules"], "rules")
    if not rules:
        raise Malformed(codes.YAML_SHAPE, parts["rules"].span, "a correlation names at least one rule")
    least, field = _condition(parts.get("condition"), type, len(set(rules)), body.span)
    return Correlation(
        Document(entries, {}, (), node.span),
        type,
        rules,
        _within(parts["timespan"]),
        tuple(dict.fromkeys(_words(parts["group-by"], "group-by"))) if "group-by" in parts else (),
        _aliases(parts["aliases"]) if "aliases" in parts else {},
        least,
        field,
    )


def _type(node: Node) -> str:
    type = _word(node, "type")
    if type in _REDUCED:
        raise Unsayable(f"`{type}` compares {_REDUCED[type]} of values, and windows count", node.span)
    if type not in (*COUNTS, *JOINS):
        known = ", ".join(f"`{one}`" for one in (*COUNTS, *JOINS))
        raise Malformed(codes.YAML_SHAPE, node.span, f"`{type}` is no type of correlation", f"one of {known}")
    return type


def _within(node: Node) -> tree.Quantity:
    text = _word(node, "timespan")
    found = _LENGTH.fullmatch(text)
    if found is None or int(found[1]) == 0:
        message = f"`{text}` is no length of time"
        raise Malformed(codes.YAML_SHAPE, node.span, message, "write `30s`, `10m`, `24h` or `7d`")
    if found[2] not in _UNITS:
        what = {"M": "months", "y": "years"}[found[2]]
        raise Unsayable(f"`{text}` is in {what}, which are not of one length; say it in days", node.span)
    return tree.Quantity(int(found[1]), _UNITS[found[2]], span=node.span)


def _condition(node: Node | None, type: str, rules: int, span: Span) -> tuple[int, str]:
    """How many there must be at least, and of which field; of what is joined, all rules."""
    if node is None:
        if type in JOINS:
            return rules, ""
        raise Malformed(codes.MISSING_CLAUSE, span, "this correlation has no `condition`")
    if isinstance(node, Scalar) and type in JOINS:
        raise Unsayable("its condition joins rules by words; only all of them can be asked for", node.span)
    if not isinstance(node, Mapping):
        raise Malformed(codes.YAML_SHAPE, node.span, "a condition is a mapping: `gte: 5`")
    parts = entries_of(node)
    field = parts.pop("field", None)
    if len(parts) != 1:
        raise Malformed(codes.YAML_SHAPE, node.span, "a condition has one bound: `gte: 5`")
    ((operator, value),) = parts.items()
    least = _least(operator, value)
    if type in JOINS:
        if least != rules:
            reason = f"it asks for {least} of its {rules} rules; only all of them can be asked for"
            raise Unsayable(reason, value.span)
        return least, ""
    if type == "value_count":
        if field is None:
            raise Malformed(codes.MISSING_CLAUSE, node.span, "`value_count` counts the values of a `field`")
        if isinstance(field, Sequence):
            raise Unsayable("it counts the values of several fields", field.span)
        return least, _word(field, "field")
    if field is not None:
        raise Unsayable("`event_count` counts events, and its condition has a `field`", field.span)
    return least, ""


def _least(operator: str, node: Node) -> int:
    value = scalar_value(node) if isinstance(node, Scalar) else None
    if operator not in ("gte", "gt", "eq", "neq", "lt", "lte"):
        raise Malformed(codes.YAML_SHAPE, node.span, f"`{operator}` is no bound", "such as `gte: 5`")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(codes.YAML_SHAPE, node.span, f"`{operator}` needs a whole number")
    if operator in ("lt", "lte"):
        raise Unsayable(
            f"`{operator}` also holds of what does not happen, and no event tells that", node.span
        )
    if operator in ("eq", "neq"):
        raise Unsayable(
            f"`{operator}` is only known when the time is over; `gte` is known at once", node.span
        )
    least = value + (operator == "gt")
    if not 1 <= least <= MOST:
        raise Unsayable(f"windows count from 1 to {MOST}, and this is {least}", node.span)
    return least


def _aliases(node: Node) -> dict[str, dict[str, str]]:
    if not isinstance(node, Mapping):
        raise Malformed(codes.YAML_SHAPE, node.span, "`aliases` is a mapping")
    found: dict[str, dict[str, str]] = {}
    for name, fields in node.entries:
        if not isinstance(fields, Mapping):
            message = "an alias says what it is called in each rule"
            raise Malformed(codes.YAML_SHAPE, fields.span, message, "such as `rule_a: source.ip`")
        found[name.text] = {rule.text: _word(field, rule.text) for rule, field in fields.entries}
    return found


def _words(node: Node, name: str) -> tuple[str, ...]:
    return tuple(_word(one, name) for one in (node.items if isinstance(node, Sequence) else (node,)))


def _word(node: Node, name: str) -> str:
    if not isinstance(node, Scalar) or not node.text.strip():
        raise Malformed(codes.YAML_SHAPE, node.span, f"`{name}` holds words")
    return node.text.strip()


def referred(node: Node) -> tuple[str, ...]:
    """The rules that a document is about and keeps from standing for themselves, whatever else is wrong with it."""
    body = entries_of(node).get("correlation") if is_correlation(node) else None
    parts = entries_of(body) if body is not None else {}
    if _generates(parts.get("generate", entries_of(node).get("generate"))):
        return ()
    rules = parts.get("rules")
    items = rules.items if isinstance(rules, Sequence) else (rules,)
    return tuple(one.text.strip() for one in items if isinstance(one, Scalar))


def _generates(node: Node | None) -> bool:
    return isinstance(node, Scalar) and scalar_value(node) is True
