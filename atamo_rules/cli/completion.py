"""`atamo completion`: the script that has a shell complete commands, options, and the names in the rules here."""

from __future__ import annotations

import click

from atamo_rules.cli.console import say

EPILOG = """\b
Examples:
  atamo completion bash >> ~/.bashrc
  atamo completion zsh > ~/.zfunc/_atamo
  atamo completion fish > ~/.config/fish/completions/atamo.fish

Names of rules, event types and agents are read from the files of the folder one is in; `atamo get` asks the hub first.

Exit codes: 0 fine, 2 usage."""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Write the script that completes `atamo` in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root().command
    say(kind(root, {}, "atamo", "_ATAMO_COMPLETE").source() + "\n")
    return 0
