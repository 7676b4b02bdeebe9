"""Names that a shell may complete: those declared in the rule files of the folder one is in, and codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

MOST = 2_000
"""Files that are looked through for names."""
_DECLARED = re.compile(
    r"""^(?:\s*-\s*\{?\s*)?(rule|event|request|agent)(?::\s*|\s+)["']?([A-Za-z_][\w.-]*)""", re.M
)
_MAPPED = re.compile(r"^(events|requests|agents):[ \t]*\n((?:[ \t]+.*\n|\s*\n)*)", re.M)
_ENTRY = re.compile(r"""^  ["']?([A-Za-z_][\w.-]*)["']?:""", re.M)

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def names_of(*kinds: str) -> Complete:
    """Completes names that the rule files of this folder declare: of rules, events, requests or agents."""

    def complete(ctx: click.Context, param: click.Parameter, given: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = {name for kind, name in declared(Path()) if kind in kinds and name.startswith(given)}
        return [CompletionItem(name) for name in sorted(found)]

    return complete


def held(ctx: click.Context, param: click.Parameter, given: str) -> list[CompletionItem]:
    """Completes the name of an agent or a rule, whichever was said before it."""
    return names_of(str(ctx.params.get("kind", "")))(ctx, param, given)


def codes(ctx: click.Context, param: click.Parameter, given: str) -> list[CompletionItem]:
    """Completes the codes of diagnostics and of problems, with what they mean."""
    from click.shell_completion import CompletionItem

    from atamo_rules.rest.catalogue import CATALOGUE
    from atamo_rules.source import pages

    known = {code.id: code.title for code in pages.all_codes()}
    known |= {code: kind.about for code, kind in CATALOGUE.items()}
    return [
        CompletionItem(code, help=about)
        for code, about in known.items()
        if code.upper().startswith(given.upper())
    ]


def declared(folder: Path) -> Iterator[tuple[str, str]]:
    """The declarations in the rule files below a folder, by their looks: nothing is parsed, and mistakes do not
    matter, since a name too many does no harm here."""
    looked = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".atamo", ".yaml", ".yml") or any(p.startswith(".") for p in path.parts):
            continue
        looked += 1
        if looked > MOST:
            return
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for kind, name in _DECLARED.findall(text):
            yield kind, name
        for kind, lines in _MAPPED.findall(text):
            for name in _ENTRY.findall(lines):
                yield kind.removesuffix("s"), name
