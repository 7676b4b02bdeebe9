"""Sigma rules imported and asked, as a user would: read, written as text, compiled, decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import indent
from typing import Any

from atamo_rules.engine.decide import decide
from atamo_rules.importers.imported import Imported, Reading, Refused
from atamo_rules.importers.sigma import read
from atamo_rules.model.rule import Ruleset
from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.canonical import canonical
from tests.worlds import event, ruleset

TYPE = "log.line"


def rule(
    detection: str, *, condition: str = "selection", id: str = "r", logsource: str = "category: test"
) -> str:
    """A Sigma rule with these selections."""
    return (
        f"title: A rule\nid: {id}\nlogsource:\n{indent(logsource, '  ')}\n"
        f"detection:\n{indent(detection.strip(chr(10)), '  ')}\n  condition: {condition}\nlevel: low\n"
    )


def reading(text: str, *, event_type: str | None = TYPE, by_fields: bool = False) -> Reading:
    """What the importer makes of a file."""
    return read(Source("rules/rule.yml", text), event_type=event_type, by_fields=by_fields)


def refusal(text: str) -> str:
    """Why the one rule of a file is refused."""
    (item,) = reading(text).items
    assert isinstance(item, Refused), item
    return item.reason


def written(declarations: Iterable[decl.Declaration], container: str = "atamo") -> str:
    """The text of declarations."""
    return canonical(decl.File(Source("imported", ""), tuple(declarations)), container)


def files(readings: Iterable[Reading]) -> dict[str, str]:
    """The rule files that readings make: one of what is shared, and one for each rule."""
    around: dict[tuple[type[decl.Declaration], str], decl.Declaration] = {}
    made: dict[str, str] = {}
    for one in readings:
        for shared in one.around:
            assert not isinstance(shared, decl.Use)
            around[(type(shared), shared.name.text)] = shared
        for item in one.items:
            if isinstance(item, Imported):
                made[f"rules/{len(made)}.atamo"] = written([item.rule])
    return {"around.atamo": written(around.values()), **made}


def imported(text: str, *, event_type: str | None = TYPE, by_fields: bool = False) -> Ruleset:
    """The ruleset that a Sigma file becomes; fails when anything in it is refused or malformed."""
    made = reading(text, event_type=event_type, by_fields=by_fields)
    assert not made.diagnostics, [f"{d.span}: {d.message}" for d in made.diagnostics]
    assert all(isinstance(item, Imported) for item in made.items), made.items
    return ruleset(files([made]))


def matched(rules: Ruleset, body: Mapping[str, Any], type: str = TYPE) -> tuple[str, ...]:
    """The ids of the rules that match a body."""
    return decide(rules, event(dict(body), type)).matched


def detects(detection: str, body: Mapping[str, Any], *, condition: str = "selection") -> bool:
    """Whether a rule with these selections detects an event."""
    return matched(imported(rule(detection, condition=condition)), body) == ("r",)
