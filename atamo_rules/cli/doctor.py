"""`atamo doctor`: what a hub stands on, before it is needed."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.numbers import Number
from atamo_rules.cli.plugged import of_run
from atamo_rules.cli.project import code_option, param_option, read_params
from atamo_rules.cli.shared import shared_store
from atamo_rules.cli.signing_in import check, oidc_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atamo_rules.hub.checks import Check
    from atamo_rules.model.rule import Ruleset
    from atamo_rules.rest.keysets import Issuer

EPILOG = """\b
Examples:
  atamo doctor rules/
  atamo doctor rules/ --agents             also ask every agent how it is
  atamo doctor rules/ --format json

Exit codes: 0 nothing is wrong, 1 something is, an agent that is not well among it, 2 usage or files."""
VAULT = "`vault` below `[run]` in `atamo.toml`, or `atamo run --vault`, says where it is kept"
_SIGNS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


@click.command(epilog=EPILOG)
@click.argument("folder", default=".")
@click.option("--agents", is_flag=True, help="Ask every agent of the rules that can say how it is.")
@click.option("--timeout", type=Number(0, min_open=True), default=10.0, show_default=True, metavar="SECONDS",
              help="How long an agent may take to say.")  # fmt: skip
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="How it is told.")  # fmt: skip
@oidc_options
@param_option
@code_option
def doctor(
    folder: str,
    agents: bool,
    timeout: float,
    format: str,
    issuer: Issuer | None,
    params: tuple[str, ...],
    code: tuple[str, ...],
) -> int:
    """Check what a hub of FOLDER stands on: versions, plug-ins, rules, who can read its files, store, clock; and the
    issuer that people sign in by, where one is named.

    Nothing is changed, and no agent is asked to do anything.
    """
    from atamo_rules.hub import checks
    from atamo_rules.hub.agents import health
    from atamo_rules.hub.agents.binding import bind
    from atamo_rules.hub.agents.lacking import NO_VAULT, without_vault
    from atamo_rules.hub.project.people import read_people
    from atamo_rules.hub.project.rulebook import NothingThere, Rulebook, run_tests
    from atamo_rules.hub.project.walls import walls
    from atamo_rules.model.strict_json import encode

    place = Path(folder)
    if not place.is_dir():
        raise click.UsageError(
            f"`{folder}` {'is a file' if place.exists() else 'does not exist'}; give a project's folder."
        )
    try:
        made = Rulebook((place,), read_params(params)).compile()
    except NothingThere as error:
        raise click.UsageError(str(error)) from None
    diagnostics = [*made.diagnostics, *read_people(place)[1]]
    bound: dict[str, Any] = {}
    if made.ruleset is not None:
        bound, wrong = bind(made.ruleset, folder, code=code)
        diagnostics += [*wrong, *run_tests(made.ruleset)[1]]
    unkept = without_vault(bound, made.ruleset) if made.ruleset is not None and not of_run("vault") else ()
    found = [
        *checks.versions(),
        *checks.plugins(),
        checks.rules(diagnostics, len(made.ruleset.rules) if made.ruleset is not None else None),
        *checks.files(place),
        *_store(place, made.ruleset),
        checks.clock(place),
        *walls(place),
        *(checks.Check("agent", one, "warning", NO_VAULT, VAULT) for one in unkept),
        *([asyncio.run(check(issuer))] if issuer is not None else ()),
        *(asyncio.run(health.agents(bound, timeout)) if agents else ()),
    ]
    wrongs = sum(one.state == "wrong" for one in found)
    if format == "json":
        say(encode({"ok": not wrongs, "checks": [asdict(one) for one in found]}) + "\n")
        return 1 if wrongs else 0
    for one in found:
        say(f"{_SIGNS[one.state]}  {one.what} {one.name}: {one.said}\n")
        if one.help:
            say(f"         {one.help}\n")
    warnings = sum(one.state == "warning" for one in found)
    say(f"{len(found)} checks, {wrongs} wrong, {warnings} warning{'' if warnings == 1 else 's'}\n")
    return 1 if wrongs else 0


def _store(place: Path, ruleset: Ruleset | None) -> Iterator[Check]:
    """What is to be said of the store: of the file of the project, or of what its hub shares with others."""
    from atamo_rules.builtin.stores.nats import examining
    from atamo_rules.builtin.stores.sqlite.examining import large_values
    from atamo_rules.hub import checks

    shared = shared_store(str(place))
    if not shared:
        yield from checks.store(place)
        yield from large_values(place / ".atamo" / "hub.db")
        return
    yield checks.room(place)
    told = next(iter(of_run("store")), "")
    if told:
        yield from examining.servers(told.partition(":")[2])
    else:
        yield examining.unnamed(shared.rpartition("/")[2])
    yield from examining.rules_apart(ruleset)
