"""`atamo new`: a package for a plug-in, with tests that run the suite of its kind and pass."""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.init import refuse, write


class Kind(NamedTuple):
    """A kind of plug-in: its group of entry points, the end of its class's name, and how it is used."""

    group: str
    ending: str
    about: str
    use: str


KINDS = {
    "agent": Kind(
        "atamo.agents", "Agent", "An agent of Atamo.", "In rules: `uses PLUGIN`, with its settings below."
    ),
    "provider": Kind(
        "atamo.configuration_providers",
        "Provider",
        "A configuration provider of Atamo.",
        "`atamo run rules/ --provider PLUGIN:PLACE`",
    ),
    "event-provider": Kind(
        "atamo.event_providers",
        "EventProvider",
        "An event provider of Atamo.",
        "`atamo run rules/ --events PLUGIN:PLACE`",
    ),
    "store": Kind("atamo.stores", "Store", "A store of Atamo.", "`atamo run rules/ --store PLUGIN:PLACE`"),
    "auditor": Kind(
        "atamo.auditors", "Auditor", "An auditor of Atamo.", "`atamo run rules/ --auditor PLUGIN:PLACE`"
    ),
    "vault": Kind("atamo.vaults", "Vault", "A vault of Atamo.", "`atamo run rules/ --vault PLUGIN:PLACE`"),
}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

EPILOG = """\b
Examples:
  atamo new agent pager
  atamo new store redis-store --into plugins/redis

Exit codes: 0 made, 2 usage, or the folder cannot be written or is not empty (then nothing was written)."""


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("name")
@click.option("--into", metavar="DIR", help="The folder, which must be new or empty.  [default: atamo-NAME]")
def new(kind: str, name: str, into: str | None) -> int:
    """Make a package for a plug-in: its code, its entry point, and tests that pass as they are.

    NAME is what rules or options call it: small letters, digits, and - between words.
    """
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"`{name}` is no name for a plug-in: small letters, digits, and - between words."
        )
    if (why := _taken(kind, name)) is not None:
        raise click.UsageError(f"{why}. Choose another name; nothing was written.")
    folder = into or f"atamo-{name}"
    try:
        refuse(Path(folder), folder)
        written = write(Path(folder), package(kind, name))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise click.UsageError(f"`{folder}` cannot be written: {why}. Nothing was written.") from None
    shown = shlex.quote(folder if not folder.startswith("-") else f"./{folder}")
    say(
        f"{folder}: {written} files\n\n"
        "Install it where Atamo is, run its tests, see it listed:\n\n"
        f'  python -m pip install -e {shown}"[dev]"\n'
        f"  python -m pytest {shown}\n"
        "  atamo plugins\n"
    )
    return 0


def _taken(kind: str, name: str) -> str | None:
    """Why a package of this name could not be used beside what is installed."""
    from atamo_rules.hub.plugins import GROUPS, offered

    if name == "rules":
        return "A plug-in named `rules` would be the package `atamo-rules`, which is Atamo's own"
    group = KINDS[kind].group
    for point in offered(group).get(name, ()):
        # A package of that very name is the one that is being made, installed from an earlier try.
        if point.dist is not None and point.dist.name != f"atamo-{name}":
            return f"The {GROUPS[group]} `{name}` is installed from `{point.dist.name}`, and of two none can be used"
    return None


def package(kind: str, name: str) -> dict[str, str]:
    """The files of a plug-in's package: paths below its folder, and their texts."""
    about = KINDS[kind]
    module = f"atamo_{name.replace('-', '_')}"
    stem = "".join(word.capitalize() for word in name.split("-"))
    words = {
        "DISTRIBUTION": f"atamo-{name}",
        "PACKAGE": module,
        "GROUP": about.group,
        "ABOUT": about.about,
        "USE": about.use,
        "ENTRY": "CLASS" if kind == "agent" else "make",
        "CLASS": stem if stem.endswith(about.ending) else f"{stem}{about.ending}",
        "PLUGIN": name,
    }
    root = files("atamo_rules.cli").joinpath("templates", "new")
    common, own = root.joinpath("common"), root.joinpath(kind)
    sources = {
        "pyproject.toml": common.joinpath("pyproject.toml.txt"),
        "README.md": common.joinpath("README.md.txt"),
        ".gitignore": common.joinpath("gitignore.txt"),
        f"{module}/py.typed": common.joinpath("py.typed.txt"),
        f"{module}/__init__.py": own.joinpath("code.py.txt"),
        f"tests/test_{module}.py": own.joinpath("test.py.txt"),
    }
    return {path: _filled(source.read_text("utf-8"), words) for path, source in sources.items()}


def _filled(text: str, words: dict[str, str]) -> str:
    for word, instead in words.items():
        # Words of one text may hold others: `USE` names the `PLUGIN`, `ENTRY` the `CLASS`.
        text = re.sub(rf"(?<![A-Z]){word}(?![A-Z])", instead.replace("\\", "\\\\"), text)
    return text
