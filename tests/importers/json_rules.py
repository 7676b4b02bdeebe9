"""JsonLogic rules as a user imports them: read, written as a rule file, compiled, and asked of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from atamo_rules.engine.decide import decide
from atamo_rules.importers.imported import Imported, Refused
from atamo_rules.importers.jsonlogic import read
from atamo_rules.importers.jsonlogic.read import EVENT
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode
from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.canonical import canonical
from tests.worlds import event, ruleset


@dataclass(frozen=True)
class World:
    """Rules by name: those that were imported, compiled together, and why the others were not."""

    rules: Ruleset | None
    names: frozenset[str]
    refused: Mapping[str, str] = field(default_factory=dict)

    def matched(self, body: Any) -> frozenset[str]:
        """The names of the rules that match an event."""
        return frozenset(decide(self.rules, event(body, EVENT)).matched) if self.rules else frozenset()


def imported(rules: Mapping[str, Any], container: str = "atamo") -> World:
    """Rules through the importer, the writer and the compiler."""
    lines = (encode({"name": name, "rule": rule}) for name, rule in rules.items())
    reading = read(Source("rules.jsonl", "\n".join(lines)))
    assert reading.diagnostics == ()
    made = [one.rule for one in reading.items if isinstance(one, Imported)]
    refused = {one.name: one.reason for one in reading.items if isinstance(one, Refused)}
    if not made:
        return World(None, frozenset(), refused)
    text = canonical(decl.File(Source("imported", ""), (*reading.around, *made)), container)
    return World(ruleset({f"rules.{container}": text}), frozenset(rule.name.text for rule in made), refused)


def numbered(rules: Iterable[Any]) -> dict[str, Any]:
    """Rules with names."""
    return {f"r{number}": rule for number, rule in enumerate(rules)}
