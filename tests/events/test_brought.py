"""What providers say of their messages, and wrong sayings: a sentence at the source, when verified and when started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_plugins import atamo, package
from tests.places import write

RULES = "event tick\n  n: whole\n  kind: one of a, b\n\nrule base\n  on tick\n  stop\n"
SOURCE = "sources:\n  one:\n    uses: acme\n"
PLUG = """
class Pager:
    settings_schema = {{"type": "object"}}
    def __init__(self, name, settings, folder): ...
    @staticmethod
    def {method}(settings): {body}
    async def run(self, submit): ...
"""


def said(folder: Path, method: str, body: str, *command: str) -> tuple[int, str]:
    package(folder, "acme-ticks", "atamo.event_providers", "acme", PLUG.format(method=method, body=body))
    write(folder, {"rules/a.atamo": RULES, "rules/sources.yaml": SOURCE})
    done = atamo(*(command or ("verify", "rules")), here=folder)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("method", "body", "why"),
    [
        ("declares", "raise RuntimeError('no')", "plug-in `acme` failed: RuntimeError: no"),
        ("messages", "raise SystemExit(3)", "plug-in `acme` failed: SystemExit: 3"),
        ("messages", "return 'tick'", "`messages` of `acme` gave a str in place of a mapping"),
        ("messages", "return {'tick': 1}", "`messages` of `acme` gave something beside texts by event types"),
        ("messages", "return {'tick': 'event tick\\n  n: wole'}", "its template of `tick` cannot be read: "),
        ("messages", "return {'tick': 'define x is true'}", "its template of `tick` "),
        ("messages", "return {'tock': ''}", "it brings `tock`, and there is no event type `tock`"),
        (
            "messages",
            "return {'tick': 'event tick\\n  n: text\\n  kind: text'}",
            "`n` of `tick` is whole, and it brings text",
        ),
    ],
)
def test_what_is_wrong_is_said_at_the_source(tmp_path: Path, method: str, body: str, why: str) -> None:
    code, told = said(tmp_path, method, body)
    assert code == 1
    assert f"error[E0806]: the source `one` cannot be used: {why}" in told
    assert "rules/sources.yaml:2:3" in told


def test_what_depends_on_the_values_is_left_to_the_door(tmp_path: Path) -> None:
    code, told = said(
        tmp_path, "messages", "return {'tick': 'event t\\n  n: number\\n  kind: text\\n  more: text'}"
    )
    assert code == 0, told


def test_a_hub_does_not_start_with_a_source_whose_messages_nobody_could_take(tmp_path: Path) -> None:
    code, told = said(tmp_path, "messages", "return {'tock': ''}", "run", "rules", "--stdin")
    assert code != 0
    assert "error[E0806]: the source `one` cannot be used: it brings `tock`" in told
