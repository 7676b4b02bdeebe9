"""Atamo as one of the peers of an engine-neutral matching benchmark: neutral rules printed as rule text, and from there
through the public API alone.

The protocol: `compile(rules)` gives an engine, `match(engine, event)` the ids that match, `add` and `remove` change
it. A rule is `{"id", "on", "when"}`; `when` is a tree such as
`["and", [["==", "customer.id", "or-1"], ["<", "total", 5]]]`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import atamo_rules as atamo

LABEL = "atamo"
HOW = "rule text, compiled and checked; an index of access predicates, bit vectors, one generated function per type"

OPTIONAL = frozenset({"coupon", "note", "alarm", "trace", "geo.city"})
"""Fields that events may lack."""
SIGNS = {"==": "is", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "in": "is one of",
         "prefix": "starts with", "suffix": "ends with", "contains": "contains", "any": "contains any of"}  # fmt: skip


def version() -> str:
    return atamo.__version__


@dataclass
class Engine:
    """A matcher that changes, and the declarations that its rules are checked against."""

    declarations: str
    matcher: atamo.Matcher
    functions: dict[str, Callable[[Any], list[str]]]

    def take(self, matcher: atamo.Matcher) -> None:
        self.matcher = matcher
        for name in self.functions:
            self.functions[name] = matcher.of(name)


def compile(rules: Sequence[Mapping[str, Any]]) -> Engine:
    declarations = declared(rules)
    ruleset = atamo.compile_rules({"events.atamo": declarations, "rules.atamo": "\n".join(map(text, rules))})
    matcher = atamo.matcher(ruleset, warm=True)
    return Engine(declarations, matcher, {name: matcher.of(name) for name in ruleset.events})


def match(engine: Engine, event: dict[str, Any]) -> list[str]:
    return engine.functions[event["type"]](event)


def add(engine: Engine, rule: Mapping[str, Any]) -> None:
    made = atamo.compile_rules({"events.atamo": engine.declarations, "rules.atamo": text(rule)})
    engine.take(engine.matcher.with_rule(made.rules[0]))


def remove(engine: Engine, rule_id: str) -> None:
    engine.take(engine.matcher.without(rule_id))


# --- text -----------------------------------------------------------------------------------------------


def text(rule: Mapping[str, Any]) -> str:
    """A rule as its author would write it."""
    return (
        f"rule {rule['id']}\n  on {rule['on']}\n  when {condition(rule['when'])}\n  do\n    send desk.note\n"
    )


def condition(node: Sequence[Any]) -> str:
    """A condition; what may be missing is guarded."""
    operator = node[0]
    if operator in ("and", "or"):
        return "(" + f" {operator} ".join(map(condition, node[1])) + ")"
    if operator == "not":
        return f"not ({condition(node[1])})"
    path = node[1]
    if operator == "exists":
        return f"{path} is present"
    asked = f"{path} {SIGNS[operator]} {json.dumps(node[2])}"
    return f"({path} is present and {asked})" if path in OPTIONAL else asked


def declared(rules: Sequence[Mapping[str, Any]]) -> str:
    """The event types, with every field that a rule reads."""
    fields: dict[str, dict[str, str]] = {}
    for rule in rules:
        found = fields.setdefault(rule["on"], {})
        for path, type in leaves(rule["when"]):
            if type or path not in found:
                found[path] = type or "text"
    lines = ["agent desk", "  send note", "    line: text?"]
    for event, paths in fields.items():
        lines += ["", f"event {event}"]
        inside: dict[str, list[str]] = {}
        for path, type in paths.items():
            outer, _, inner = path.partition(".")
            line = f"{inner or outer}: {type}{'?' if path in OPTIONAL else ''}"
            if inner:
                inside.setdefault(outer, []).append(f"    {line}")
            else:
                lines.append(f"  {line}")
        for outer, found_lines in inside.items():
            optional = all(line.endswith("?") for line in found_lines)
            lines += [f"  {outer}:{' ?' if optional else ''}", *found_lines]
    return "\n".join(lines) + "\n"


def leaves(node: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Every path with the type it is used as; "" where that cannot be told."""
    operator = node[0]
    if operator in ("and", "or"):
        for part in node[1]:
            yield from leaves(part)
    elif operator == "not":
        yield from leaves(node[1])
    elif operator == "exists":
        yield node[1], ""
    elif operator == "any":
        yield node[1], "list of text"
    else:
        value = node[2][0] if isinstance(node[2], list) else node[2]
        type = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        yield node[1], type
