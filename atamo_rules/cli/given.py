"""Rules that are decided by here and now, and the events given to them: what `bench`, `simulate` and `replay` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from atamo_rules.cli.names import names_of
from atamo_rules.cli.project import people_of
from atamo_rules.cli.shown import show

if TYPE_CHECKING:
    from atamo_rules.model.people import Directory, User
    from atamo_rules.model.rule import Ruleset

Command = TypeVar("Command", bound=Callable[..., Any])
_EVENTS: tuple[Callable[[Any], Any], ...] = (
    click.option("--events", required=True, help="A file of JSON lines; `-` is standard input."),
    click.option(
        "--type", "type_name", shell_complete=names_of("event", "request"),
        help="The event type of every line, when lines are bare data.",
    ),
    click.option("--user", default=None, help="Who the events come from, when they do not say."),
    click.option("--group", "groups", multiple=True, help="A group of that user; may be given again."),
)  # fmt: skip


def events_options(command: Command) -> Command:
    """Adds the options that say which events, of which type, and whose."""
    for option in reversed(_EVENTS):
        command = option(command)
    return command


class Project(NamedTuple):
    """Rules without errors, and the people they know."""

    ruleset: Ruleset
    people: Directory

    def sender(self, user: str | None, groups: Sequence[str]) -> User | None:
        """Whom events come from that do not say so: as the people file has the name, and in those groups too."""
        from atamo_rules.model.people import User

        if not user:
            return None
        known = self.people.user(user)
        return User(user, known.groups | frozenset(groups), known.organisation)


def project(paths: Sequence[Path], params: Mapping[str, Any]) -> Project | None:
    """The rules and people of some paths; None after saying what is wrong with them. Raises click.UsageError where
    there are none."""
    from atamo_rules.hub.project.rulebook import NothingThere, Rulebook

    try:
        made = Rulebook(tuple(paths), params).compile()
    except NothingThere as error:
        raise click.UsageError(str(error)) from None
    people, wrong = people_of(paths)
    if made.ruleset is None or wrong:
        show((*made.errors, *wrong))
        return None
    return Project(made.ruleset, people)
