"""A process that takes documents on standard input and says what became of each; whatever kills it is a finding.

Each document is a line of JSON, `[kind, base64]`; each answer a line, `[outcome, seconds]`. Memory is bounded at
`MEMORY` more than the process has when everything is imported, so a document that needs more ends it.
"""

from __future__ import annotations

import base64
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

MEMORY = 256 << 20
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = """\
event thing
  a: text
  n: number
  t: time?
  many: list of text
  deep:
    x: whole
"""
AGENT = "agent desk\n  uses log\n  send note\n    text: text\n"


def rules(raw: bytes, name: str) -> str:
    """Compile a rule file, run its tests, format it; a file without mistakes must keep its meaning."""
    from atamo_rules.compiler.pipeline import compile_sources
    from atamo_rules.engine.coverage import coverage
    from atamo_rules.hub.project.files import decoded
    from atamo_rules.hub.project.rulebook import run_tests
    from atamo_rules.source.formats import render
    from atamo_rules.source.span import Source
    from atamo_rules.syntax.canonical import canonical, same
    from atamo_rules.syntax.read import read

    source, found = decoded(name, raw)
    if found:
        return render(found, "full") and found[0].code.id
    made = compile_sources([source], _no_file)
    render(made.diagnostics, "full")
    render(made.diagnostics, "json")
    if made.ruleset is not None:
        outcomes, _ = run_tests(made.ruleset)
        coverage(made.ruleset, outcomes)
    file, said = read(source)
    if not any(one.severity.name == "ERROR" for one in said):
        text = canonical(file, "atamo")
        back, wrong = read(Source("back.atamo", text))
        if not wrong and same(file, back):
            assert canonical(back, "atamo") == text, "canonical text is its own"
    return made.errors[0].code.id if made.errors else "fine"


def schema(raw: bytes) -> str:
    """Make an event type of a JSON Schema file."""
    from atamo_rules.compiler.pipeline import compile_sources
    from atamo_rules.source.span import Source

    text = raw.decode("utf-8", "replace")
    made = compile_sources([Source("v.atamo", 'event v from "s.json"\n')], lambda *_: text)
    return made.errors[0].code.id if made.errors else "fine"


def event(raw: bytes) -> str:
    """Take some bytes as an event."""
    from atamo_rules.compiler.pipeline import compile_sources
    from atamo_rules.hub.intake import Intake
    from atamo_rules.source.span import Source

    made = compile_sources([Source("v.atamo", EVENT)], _no_file)
    assert made.ruleset is not None
    taken = Intake(made.ruleset).accept(raw, type_name="thing", now=NOW, fallback_id="x")
    return taken.code if taken.event is None else "fine"


def template(raw: bytes) -> str:
    """Compile some text as a template, and render it."""
    from atamo_rules.syntax.words import text_literal

    text = text_literal(raw.decode("utf-8", "replace"))
    return rules((EVENT + AGENT + _rule("", f"      text: {text}")).encode(), "r.atamo")


def pattern(raw: bytes) -> str:
    """Compile some text as a condition."""
    text = " ".join(raw.decode("utf-8", "replace").split())
    return rules((EVENT + AGENT + _rule(f"  when {text}\n", '      text: "x"')).encode(), "r.atamo")


def _rule(when: str, argument: str) -> str:
    given = '    given thing { a: "x", n: 1, many: ["y"], deep.x: 3 }\n'
    return (
        f"rule r\n  on thing\n{when}  do\n    send desk.note\n{argument}\n"
        f'  test "one"\n{given}    expect desk.note\n'
    )


def imported(raw: bytes) -> str:
    """Import some bytes as event patterns; what was imported compiles, or is refused."""
    from atamo_rules.cli.foreign_files import Foreign
    from atamo_rules.cli.import_rules import gathered, texts
    from atamo_rules.importers.eventbridge import read

    path = Path("patterns.jsonl" if raw.startswith(b'{"name"') else "patterns.json")
    path.write_bytes(raw)
    found = gathered([Foreign(path, "patterns")], read)
    texts(found, "atamo", "atamo import eventbridge")
    return found.diagnostics[0].code.id if found.diagnostics else "refused" if found.refused else "fine"


def people(raw: bytes) -> str:
    """Read some bytes as `people.yaml`."""
    from atamo_rules.hub.project.people import read_people

    folder = Path("people")
    folder.mkdir(exist_ok=True)
    (folder / "people.yaml").write_bytes(raw)
    _, found = read_people(folder)
    return found[0].code.id if found else "fine"


def _no_file(_rules: str, path: str) -> str:
    raise FileNotFoundError(path)


KINDS: dict[str, Callable[[bytes], str]] = {
    "atamo": lambda raw: rules(raw, "r.atamo"),
    "yaml": lambda raw: rules(raw, "r.yaml"),
    "schema": schema,
    "event": event,
    "template": template,
    "condition": pattern,
    "people": people,
    "patterns": imported,
}


def main() -> None:
    """Warm up, bound the memory, then answer."""
    for kind, warm in (("atamo", EVENT), ("yaml", "lists: {a: [1]}"), ("schema", "{}"), ("event", "{}")):
        KINDS[kind](warm.encode())
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    bound = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    for line in sys.stdin:
        kind, data = json.loads(line)
        begun = time.perf_counter()
        outcome = KINDS[kind](base64.b64decode(data))
        print(json.dumps([outcome, time.perf_counter() - begun]), flush=True)


if __name__ == "__main__":
    main()
