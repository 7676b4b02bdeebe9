"""Plug-ins named on the command line; providers of plug-ins asked by `simulate` and `verify`, each contained."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from atamo_rules.cli import settings
from atamo_rules.cli.apart import GRACE, Apart, Blocked
from atamo_rules.cli.console import say

if TYPE_CHECKING:
    from atamo_rules.hub.evaluators.following import Providers
    from atamo_rules.hub.ports import Evaluator
    from atamo_rules.model.contribution import ActionMessage
    from atamo_rules.model.event import Event


class Contained:
    """An evaluator that says in a ValueError whatever it does wrong, and that is given up after its time, also where it
    blocks. It runs in this process, as it does in a hub's, and in a thread of its own."""

    def __init__(self, evaluator: Evaluator, apart: Apart) -> None:
        self.evaluator, self.apart = evaluator, apart
        self.name, self.version, self.digest = evaluator.name, evaluator.version, evaluator.digest
        self.timeout = evaluator.timeout

    async def evaluate(self, event: Event) -> Sequence[ActionMessage]:
        """What it answers, about a copy of the event. Raises ValueError."""
        from atamo_rules.hub.evaluators.panel import LONGEST, MOST

        if self.apart.blocked:
            raise ValueError("it is not asked: it still blocks on an event before")
        seconds = min(self.timeout, LONGEST)
        seen = replace(event, body=deepcopy(event.body), salt="")
        try:
            answer = self.apart.run(self._asked(seen, seconds), seconds)
        except Blocked:
            why = f"it blocks: it did not answer within {seconds:g} seconds, and cannot be stopped"
            raise ValueError(why) from None
        if isinstance(answer, str | bytes) or not isinstance(answer, Sequence):
            raise ValueError(f"it gave a {type(answer).__name__} in place of a list of action messages")
        if len(answer) > MOST:
            raise ValueError(f"it gave {len(answer)} action messages, and {MOST} are the most")
        return answer

    async def _asked(self, event: Event, seconds: float) -> Any:
        """What it answers in its time. Raises ValueError."""
        try:
            async with asyncio.timeout(seconds) as clock:
                return await self.evaluator.evaluate(event)
        except (Exception, SystemExit) as error:  # somebody's plug-in
            if isinstance(error, TimeoutError) and clock.expired():
                raise ValueError(f"it did not answer within {seconds:g} seconds") from None
            name = type(error).__name__
            raise ValueError(f"{name}: {error}" if str(error) else name) from None

    async def close(self) -> None:
        """Give back what it holds. What that raises is nobody's concern any more."""
        with suppress(Blocked):
            self.apart.run(self._closed(), GRACE)
        self.apart.end()

    async def _closed(self) -> None:
        with suppress(Exception, SystemExit):  # somebody's plug-in
            async with asyncio.timeout(GRACE):
                await self.evaluator.close()


def opened(named: Sequence[str], folder: Path) -> tuple[Contained, ...]:
    """The providers of plug-ins named as `NAME:PLACE`, each in the first state it tells. Of one that tells none it is
    said why. Raises click.UsageError for one that cannot be made."""
    if not named:
        return ()
    states, silent = told(named, folder)
    for name, why in silent:
        say(f"the provider {name} is not asked: {why}\n", err=True)
    return states


def told(named: Sequence[str], folder: Path) -> tuple[tuple[Contained, ...], tuple[tuple[str, str], ...]]:
    """The same, and each that tells no state with the reason."""
    from atamo_rules.hub.evaluators.following import PATIENCE, Providers

    try:
        made = [plug_in("atamo.configuration_providers", one, folder) for one in named]
        Providers(made)  # which knows two of one name
    except ValueError as error:
        raise click.UsageError(f"--provider: {error}.") from None
    states: list[Contained] = []
    silent: list[tuple[str, str]] = []
    for one in made:
        found, apart = Providers([one]), Apart(f"provider {one.name}")
        try:
            apart.run(_first(found), PATIENCE)
        except Blocked:
            silent.append((one.name, "it blocks before it tells a state"))
        else:
            states += [Contained(state, apart) for state in found.now]
        for kind, _, what in found.untold:
            if kind != "provider.activated":
                why = what.get("why") or "; ".join(what.get("reasons", ()))
                silent.append((what["provider"], why))
        if not found.now:
            apart.end()
    return tuple(states), tuple(silent)


def tell_unasked(named: Sequence[str]) -> None:
    """Name the providers of plug-ins that `atamo run` would ask and this command does not."""
    if silent := unasked(named):
        say(f"providers of plug-ins are not asked but by `--provider`: {', '.join(silent)}\n", err=True)


async def _first(found: Providers) -> None:
    await found.begin()
    await found.stop()


def unasked(named: Sequence[str]) -> tuple[str, ...]:
    """The providers of plug-ins that `atamo run` would ask beside the rules, by the settings and the environment, and
    that were not named here."""
    known = {_name(one) for one in named}
    return tuple(name for name in map(_name, of_run("provider")) if name not in known)


def of_run(option: str) -> tuple[str, ...]:
    """What `atamo run` would be given for an option by the environment or the settings."""
    told = click.get_current_context().find_root().params
    here = None if told.get("no_config") else settings.find(Path.cwd())
    place = Path(told["config"]) if told.get("config") else here
    table = settings.read(place).values.get("run", {}) if place is not None else {}
    given = os.environ.get(f"ATAMO_RUN_{option.upper()}", "").split() or table.get(option, ())
    return (given,) if isinstance(given, str) else tuple(map(str, given))


def _name(said: str) -> str:
    return said.partition(":")[0]


def plug_in(group: str, said: str, folder: Path) -> Any:
    """A plug-in named as `NAME:PLACE` on the command line. Raises click.UsageError."""
    from atamo_rules.errors import PluginBroken, PluginTwice, UnknownName
    from atamo_rules.hub.plugins import GROUPS, made, offered

    name, _, place = said.partition(":")
    try:
        return made(group, name, place, str(folder))
    except UnknownName as error:
        known = ", ".join(f"`{one}`" for one in offered(group))
        said = str(error)[:1].upper() + str(error)[1:]
        raise click.UsageError(f"{said}{'' if said.endswith('?') else '.'} There are {known}.") from None
    except (PluginBroken, PluginTwice) as error:
        raise click.UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    except (ValueError, OSError) as error:
        raise click.UsageError(f"The {GROUPS[group]} `{said}` cannot be used: {error}.") from None
