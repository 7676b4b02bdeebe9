"""One template filled with one event, by Atamo and by plain Jinja."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atamo_rules.compiler.pipeline import Compilation
from atamo_rules.engine.decide import decide
from atamo_rules.model.decision import Fired
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json
from tests.worlds import compiled, event


def rules(fields: str, template: str) -> str:
    """A rule file whose one rule sends a template."""
    lines = "\n".join(f"  {line}" for line in fields.strip("\n").splitlines())
    head = f"event thing\n{lines}" if lines.strip() else "event thing of anything"
    written = json.dumps(template, ensure_ascii=False)
    return (
        f"{head}\n\nagent desk\n  send note\n    line: text\n\n"
        f"rule r\n  on thing\n  do\n    send desk.note\n      line: {written}\n"
    )


def made(fields: str, template: str) -> Compilation:
    return compiled(rules(fields, template))


def fired(fields: str, template: str, body: Json) -> Fired:
    """What the rule did; fails when the template does not compile."""
    found = made(fields, template)
    assert found.ruleset is not None, [f"{d.code.id} {d.message}: {template}" for d in found.errors]
    return decide(found.ruleset, event(body)).fired[0]


def filled(fields: str, template: str, body: Json) -> str:
    """The text, when there is one."""
    found = fired(fields, template, body)
    assert found.actions, f"{found.problems}: {template!r} on {body}"
    line = found.actions[0].body
    assert isinstance(line, dict)
    assert isinstance(line["line"], str)
    return line["line"]


def by_jinja(template: str, body: dict[str, Any]) -> str:
    """The text that Jinja makes, once its values print as JSON does."""
    environment = ImmutableSandboxedEnvironment(
        finalize=_printed, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["default"] = lambda value, spare="": spare if _missing(value) else value
    return environment.from_string(template).render(body)


def _missing(value: Any) -> bool:
    return isinstance(value, StrictUndefined)


def _printed(value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        return encode(value)
    return format(value, "f") if isinstance(value, Decimal) else value
