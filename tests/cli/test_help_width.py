"""Every help fits a terminal of eighty columns, and no list of commands breaks a sentence off."""

from __future__ import annotations

import click
import pytest

from atamo_rules.cli import settings
from atamo_rules.cli.main import cli

COMMANDS = [((), cli), *settings.every(cli)]


@pytest.mark.parametrize(
    ("path", "command"), COMMANDS, ids=[" ".join(("atamo", *path)) for path, _ in COMMANDS]
)
def test_a_help_fits_a_terminal(path: tuple[str, ...], command: click.Command) -> None:
    ctx = click.Context(
        command, info_name=" ".join(("atamo", *path)), terminal_width=80, max_content_width=80
    )
    usage, *lines = command.get_help(ctx).splitlines()
    assert len(usage) <= 80
    assert [line for line in lines if len(line) > 80 or line.endswith("...")] == []
