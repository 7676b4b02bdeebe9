"""Small worlds for tests of the language: texts compiled, events decided, conditions asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from atamo_rules.compiler.pipeline import Cache, Compilation, compile_sources
from atamo_rules.engine.decide import decide
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import Json
from atamo_rules.source.span import Source

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
"""A Monday."""

DESK = "agent desk\n  send note\n    line: text?\n"
ACT = f"  do\n    send desk.note\n\n{DESK}"
"""An action for rules of which only the condition counts."""


def compiled(
    texts: str | Mapping[str, str],
    schemas: Mapping[str, str] | None = None,
    *,
    cache: Cache | None = None,
    params: Mapping[str, Json] | None = None,
) -> Compilation:
    """What the compiler makes of texts; a lone text is `rules.atamo`. `schemas` are the files it may read."""
    files = {"rules.atamo": texts} if isinstance(texts, str) else texts

    def read(by: str, path: str) -> str:
        found = (schemas or {}).get(path)
        if found is None:
            raise FileNotFoundError(2, "No such file", path)
        return found

    sources = [Source(name, text) for name, text in files.items()]
    return compile_sources(sources, read, params=params, cache=cache)


def ruleset(texts: str | Mapping[str, str], schemas: Mapping[str, str] | None = None) -> Ruleset:
    """The ruleset of texts that are right; fails with their mistakes when they are not."""
    made = compiled(texts, schemas)
    assert made.ruleset is not None, "\n".join(f"{d.span}: {d.code.id} {d.message}" for d in made.errors)
    return made.ruleset


def codes(texts: str | Mapping[str, str], schemas: Mapping[str, str] | None = None) -> list[str]:
    """The ids of the errors in texts."""
    return [d.code.id for d in compiled(texts, schemas).errors]


def event(body: Json, type: str = "thing", *, user: User | None = None, id: str = "e1") -> Event:
    """An event at noon."""
    return Event(id, type, body, NOON, user)


def asked(fields: str, condition: str, *, extra: str = "") -> Ruleset:
    """A world of one event type `thing` with these fields, and one rule with this condition."""
    lines = "\n".join(f"  {line}" for line in fields.strip("\n").splitlines())
    return ruleset(f"event thing\n{lines}\n\n{extra}\nrule r\n  on thing\n  when {condition}\n{ACT}")


def open_world(condition: str) -> Ruleset:
    """A world whose one event type has no schema."""
    return ruleset(f"event thing of anything\n\nrule r\n  on thing\n  when {condition}\n{ACT}")


def holds(rules: Ruleset, body: Json, *, user: User | None = None) -> bool:
    """Whether the one rule of a world matches a body."""
    return decide(rules, event(body, user=user)).matched == ("r",)


def said(fields: str, line: str, body: Json, *, extra: str = "", before: str = "") -> Decision:
    """The decision of a world whose rule sends `line` (written as in a rule file) to `desk.note`."""
    lines = "\n".join(f"  {one}" for one in fields.strip("\n").splitlines())
    return decide(
        ruleset(
            f"event thing{' of anything' if not lines.strip() else ''}\n{lines}\n\n{extra}\n"
            "agent desk\n  send note\n    line: text\n\nrule r\n  on thing\n"
            f"{before}  do\n    send desk.note\n      line: {line}\n"
        ),
        event(body),
    )
