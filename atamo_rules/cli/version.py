"""`atamo version`: what is installed, for bug reports and for programs."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

import click

from atamo_rules import __version__
from atamo_rules.cli.console import say

EPILOG = """\b
Examples:
  atamo version
  atamo version --format json

Nothing is sent anywhere, and nobody is asked whether there is a newer one.

Exit codes: 0 fine."""


@click.command(epilog=EPILOG)
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def version(format: str) -> int:
    """Tell the version, and which extras are installed beside it."""
    from atamo_rules.model.strict_json import encode

    extras = dict(_extras())
    if format == "json":
        told = {
            "atamo": __version__,
            "python": platform.python_version(),
            "implementation": sys.implementation.name,
            "platform": platform.platform(),
            "extras": extras,
        }
        say(encode(told) + "\n")
        return 0
    say(
        f"atamo {__version__}, {platform.python_implementation()} {platform.python_version()}, {sys.platform}\n"
    )
    for name, there in extras.items():
        say(f"  {name:12} {'installed' if there else 'not installed'}\n")
    return 0


def _extras() -> Iterator[tuple[str, bool]]:
    """The extras of this distribution, and whether all that each needs is there."""
    import re
    from importlib.metadata import PackageNotFoundError, distribution, requires

    needed: dict[str, list[str]] = {}
    for line in requires("atamo-rules") or ():
        extra = re.search(r"""extra\s*==\s*["']([^"']+)""", line)
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if extra is not None and name is not None:
            needed.setdefault(extra[1], []).append(name[0])
    for extra_name, names in sorted(needed.items()):
        try:
            for one in names:
                distribution(one)
        except PackageNotFoundError:
            yield extra_name, False
        else:
            yield extra_name, True
