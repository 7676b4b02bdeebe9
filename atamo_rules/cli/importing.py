"""`atamo import`: rules and operations of other systems as ours; what cannot be said exactly is refused by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.shown import show

if TYPE_CHECKING:
    from atamo_rules.cli.foreign_files import Foreign
    from atamo_rules.cli.import_rules import Gathered


@dataclass(frozen=True, slots=True)
class System:
    """A system whose rules can be read: the suffixes of its files, the dialects among which they are told apart,
    whether its rules name log sources, and what it has in place of rules."""

    suffixes: tuple[str, ...]
    dialects: tuple[str, ...] = ()
    log_sources: bool = False
    has: str = "rule"


JSON = (".json", ".jsonl", ".ndjson")
SYSTEMS = {
    "eventbridge": System(JSON, ("eventbridge", "quamina")),
    "jsonlogic": System(JSON),
    "openapi": System((".json", ".yaml", ".yml"), has="operation"),
    "sigma": System((".yml", ".yaml", ".jsonl", ".ndjson"), log_sources=True),
}
"""Each is a package of `atamo_rules.importers` with a function `read`."""
LISTED = 100
"""Files that the summary has a line for each of; of more it says how many there are."""

EPILOG = """\b
SYSTEM is one of:
  eventbridge   event patterns of Amazon EventBridge, event-ruler and
                quamina, as JSON: a file is one pattern, or what `aws events
                describe-rule`, `list-rules` or a CloudFormation template has,
                and its name names the rule; a `.jsonl` file has a line
                {"name": …, "pattern": …} for each
  jsonlogic     rules of JsonLogic, as json-logic-js decides them: a `.json`
                file is one rule, named like the file, or a list of
                {"name": …, "rule": …}; a `.jsonl` file has a line of that
                kind for each
  openapi       an OpenAPI 3.0 or 3.1 document, as JSON or YAML: its
                operations become types of actions, done by an agent `http`
                that is called like the file
  sigma         Sigma detection rules, as YAML; a `.jsonl` file has a line
                {"name": …, "rule": …} for each

\b
Examples:
  atamo import eventbridge patterns/ -o rules
  atamo import eventbridge rules.jsonl -o rules --event-type aws --to yaml
  atamo import jsonlogic checkout.jsonl -o rules
  atamo import openapi petstore.yaml -o petstore
  atamo import sigma sigma/rules -o rules
  atamo verify rules

Exit codes: 0 read, 1 something is malformed (the rest is imported), or with --strict was refused, 2 usage or files."""


BY_HAND = {
    "alertmanager": "Alertmanager", "prometheus": "Alertmanager", "opa": "OPA", "rego": "OPA",
    "stackstorm": "StackStorm", "st2": "StackStorm",
    "ansible": "Ansible rulebooks", "eda": "Ansible rulebooks", "rulebook": "Ansible rulebooks",
}  # fmt: skip
"""Systems whose rules are written anew, and whose page shows how."""


class Known(click.Choice[str]):
    """One of the systems whose rules are read; of others, where it is shown how their rules are written here."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        page = BY_HAND.get(str(value).lower())
        if page is not None:
            place = f"docs/how-to/coming-from-{page.lower().replace(' ', '-')}.md"
            self.fail(f"rules of {page} are not read: {place} shows how they are written here.", param, ctx)
        return super().convert(value, param, ctx)


@click.command("import", epilog=EPILOG)
@click.argument("system", metavar="SYSTEM", type=Known(list(SYSTEMS)))
@click.argument("sources", nargs=-1, required=True)
@click.option("-o", "--output", "output", required=True, metavar="DIR", help="The folder to make.")
@click.option("--to", type=click.Choice(["atamo", "yaml"]), default="atamo", show_default=True,
              help="The form of the rules.")  # fmt: skip
@click.option("--event-type", metavar="NAME", help="The event type that the rules are about.")
@click.option("--dialect", type=click.Choice([d for one in SYSTEMS.values() for d in one.dialects]), default=None,
              help="Whose patterns they are; without it, quamina's where they have one of its operators.")  # fmt: skip
@click.option("--any-log-source", is_flag=True,
              help="With --event-type, ask every event, whatever log source its fields tell.")  # fmt: skip
@click.option(
    "--url",
    metavar="ADDRESS",
    help="Where the service of an OpenAPI document is, if not at its first server.",
)
@click.option("--strict", is_flag=True, help="Fail when a rule is refused.")
@click.option("--force", is_flag=True, help="Write into a folder that holds other files; those stay.")
def import_rules(
    system: str,
    sources: tuple[str, ...],
    output: str,
    to: str,
    event_type: str | None,
    dialect: str | None,
    any_log_source: bool,
    url: str | None,
    strict: bool,
    force: bool,
) -> int:
    """Make a folder of rules that answer as those of another SYSTEM do.

    SOURCES are files or folders. Rules keep their names; a rule that cannot be said exactly is refused, with the
    reason. DIR is written whole or not at all, ready for `atamo verify`.
    """
    from atamo_rules.cli.foreign_files import foreign_files
    from atamo_rules.cli.import_rules import gathered, texts
    from atamo_rules.cli.imported_folder import destination, write
    from atamo_rules.source.diagnostic import Severity
    from atamo_rules.source.unpaused import unpaused

    if event_type is not None and not event_type.strip():
        raise click.UsageError("`--event-type` needs a name.")
    if dialect is not None and dialect not in SYSTEMS[system].dialects:
        raise click.UsageError(f"`{dialect}` is no dialect of {system}.")
    if any_log_source and not (SYSTEMS[system].log_sources and event_type):
        raise click.UsageError("`--any-log-source` is for systems with log sources, and with `--event-type`.")
    has = SYSTEMS[system].has
    if has != "rule" and (event_type is not None or len(sources) > 1):
        raise click.UsageError(f"{system} takes one file, and no `--event-type`.")
    if url is not None and has == "rule":
        raise click.UsageError(f"`--url` is for openapi, not for {system}.")
    place = destination(output, force)
    read = import_module(f"atamo_rules.importers.{system}").read
    options: dict[str, object] = {"dialect": dialect} if dialect else {}
    if any_log_source:
        options["by_fields"] = False
    if url:
        options["url"] = url
    files = foreign_files(sources, SYSTEMS[system].suffixes)
    with _progress() as now, unpaused():
        found = gathered(_told(files, now), partial(read, event_type=event_type, **options))
        now(f"checking {_many(found.count, has)}")
        made, found = texts(found, to, f"atamo import {system}")
    if found.diagnostics:
        show(found.diagnostics)
    if found.count:
        write(made, place)
    say(_summary(found, str(place), len(files), has))
    bad = any(one.severity is Severity.ERROR for one in found.diagnostics)
    return 1 if bad or not found.count or (strict and found.refused) else 0


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Says on the terminal what is being done; nowhere else, and nothing of it stays."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield status.update


def _told(files: Sequence[Foreign], now: Callable[[str], None]) -> Iterator[Foreign]:
    from rich.markup import escape

    from atamo_rules.source.render import visible

    for number, file in enumerate(files, 1):
        now(f"reading {number} of {len(files)}: {escape(visible(str(file.path)))}")
        yield file


def _summary(found: Gathered, place: str, files: int, has: str) -> str:
    """What was imported from where, and what was refused and why."""
    rows = [(str(file.path), _many(len(rules), has)) for file, rules in found.rules]
    lines = []
    if len(rows) <= LISTED:
        lines += _table(rows)
    lines += _table([(one.name, f"refused: {one.reason} ({one.span})") for one in found.refused])
    total = f"{_many(found.count, has)} of {_many(files, 'file')} imported"
    where = f" into {place}" if found.count else ", nothing was written"
    refused = f"; {_many(len(found.refused), has)} refused" if found.refused else ""
    return "".join(f"{line}\n" for line in [*lines, f"{total}{where}{refused}"])


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    from atamo_rules.source.render import visible

    wide = min(max((len(visible(left)) for left, _ in rows), default=0), 60)
    return [f"{visible(left).ljust(wide)}  {visible(right)}" for left, right in rows]


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
