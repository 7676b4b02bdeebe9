"""Names that a shell may complete: those declared in the rule files of the folder one is in, and codes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from atamo_rules.cli.in_force import Kind

MOST = 2_000
"""Files that are looked through for names."""
AT_ONCE, SHOWN = 1.0, 1000
"""Seconds that a hub has to tell names, and how many are asked for."""
_WRITTEN = {"rules": ("rule",), "types": ("event", "request"), "agents": ("agent",)}
"""What declares in files the things that a hub lists."""
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


def of_hub(kind: Kind) -> Complete:
    """Completes names of a kind that the hub lists; those in the files here where none answers at once, or it does not
    tell."""

    def complete(ctx: click.Context, param: click.Parameter, given: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [name for name in _listed(str(ctx.params.get("url") or ""), kind) if name.startswith(given)]
        if found:
            return [CompletionItem(name) for name in found]
        return names_of(*_WRITTEN.get(kind.member, ()))(ctx, param, given)

    return complete


def _listed(url: str, kind: Kind) -> list[str]:
    """The names that a hub lists; none where anything stands in the way: who presses a key waits for nothing."""
    from atamo_rules.client.synchronous import Client

    try:
        with Client(url, os.environ.get("ATAMO_KEY", ""), timeout=AT_ONCE, tries=1) as hub:
            return [str(one[kind.key]) for one in hub.get(kind.path, limit=SHOWN)[kind.member]]
    except Exception:
        return []


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
