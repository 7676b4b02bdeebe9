"""A group whose help says in a whole sentence what each of its commands does, however narrow the terminal is."""

from __future__ import annotations

import click

_WHOLE = 1_000
"""Characters that a sentence may have; click breaks it off where the line ends."""


class Sentences(click.Group):
    """A `click.Group` that breaks lines, and no sentences."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        named = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, one.get_short_help_str(_WHOLE)) for name, one in named if one is not None]
            )
