"""The generated reference pages are what the code says today."""

from __future__ import annotations

from typing import get_args

import pytest

from atamo_rules.cli.main import COMMANDS
from atamo_rules.functions.registry import FUNCTIONS
from atamo_rules.hub.telemetry.thresholds import MEASURES, Measure
from atamo_rules.source import pages
from tests.docs import railroads
from tests.docs.generate import GRAMMAR, PAGES, REFERENCE, commands, config_schema


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text("utf-8") == PAGES[name](), "run `python -m tests.docs.generate`"


def test_the_pictures_of_the_grammar_are_up_to_date() -> None:
    made = railroads.diagrams()
    kept = {path.stem: path.read_text("utf-8") for path in (REFERENCE / railroads.FOLDER).glob("*.svg")}
    assert kept == made, "run `python -m tests.docs.generate`"
    assert {name for _, names in railroads.sections() for name in names} == set(made)


def test_every_number_that_can_be_bounded_is_told() -> None:
    assert set(MEASURES) == set(get_args(Measure))


def test_the_schema_of_settings_is_up_to_date() -> None:
    shipped = (GRAMMAR / "config.schema.json").read_text("utf-8")
    assert shipped == config_schema(), "run `python -m tests.docs.generate`"


def test_every_command_option_function_and_code_is_told() -> None:
    cli = (REFERENCE / "cli.md").read_text("utf-8")
    found = dict(commands())
    assert {name.partition(" ")[0] for name in found} <= set(COMMANDS)
    for name, command in found.items():
        assert f"## atamo {name}\n" in cli
        assert all(
            f"`{option}`" in cli for parameter in command.params for option in parameter.opts if "-" in option
        )
    functions = (REFERENCE / "functions.md").read_text("utf-8")
    assert all(f"`{name}(" in functions for name in FUNCTIONS)
    diagnostics = (REFERENCE / "diagnostics.md").read_text("utf-8")
    assert all(f"[{code.id}]" in diagnostics for code in pages.all_codes())


def test_every_clause_word_of_the_language_is_told() -> None:
    """The outline's own lists of words, which the readers of both containers go by."""
    from atamo_rules.syntax import atamo_file, atamo_rule, clauses
    from atamo_rules.syntax.declarations import MODES, VERBS
    from atamo_rules.syntax.tree import COMPARISONS, STATES

    language = (REFERENCE / "language.md").read_text("utf-8")
    words = (
        *atamo_file._DECLARATIONS, *atamo_rule.CLAUSES, *clauses.METADATA, *MODES, *VERBS, *COMPARISONS, *STATES,
    )  # fmt: skip
    missing = [word for word in words if word not in language]
    assert not missing
