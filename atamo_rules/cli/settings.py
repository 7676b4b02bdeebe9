"""`atamo.toml`, or `[tool.atamo]` in `pyproject.toml`: what the options of commands are when nobody gives them.

A table for each command, its keys the long names of its options; `color`, `url` and `param` outside any table are for
every command that has such an option. The command line wins over the environment (`ATAMO_RUN_PORT`), that over the
file, and the file over what is built in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

PREFIX = "ATAMO"
"""What the names of environment variables begin with: `ATAMO_RUN_PORT` is `--port` of `atamo run`."""
SIGN_IN = tuple(f"oidc-{name}" for name in ("issuer", "audience", "keys", "user", "groups", "organisation"))
COMMON = ("color", "url", "param", *SIGN_IN)
"""Keys that stand outside of tables."""
COLORS = ("auto", "always", "never")
NEVER = ("code",)
"""Options that no file may give: who can edit a project must not be able to have its code run."""
OWN = "atamo.toml"
SHARED = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a file says. `place` is its path as people would write it, "" when there is none."""

    place: str = ""
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def line(self, key: str) -> str:
        """Where a key stands, as `file:line`, as near as a text search tells."""
        last = re.escape(key.rpartition(".")[2])
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(rf"""\s*(\[.*\b)?["']?{last}["']?\s*(=|\]|\.)""", line):
                return f"{self.place}:{number}"
        return self.place


def find(start: Path) -> Path | None:
    """The nearest file of settings, from a folder upwards; not beyond the root of a repository."""
    for folder in (start, *start.parents):
        if (folder / OWN).is_file():
            return folder / OWN
        shared = folder / SHARED
        if shared.is_file() and "[tool.atamo" in _text(shared):
            return shared
        if (folder / ".git").exists():
            return None
    return None


def read(path: Path) -> Settings:
    """The settings of a file. Raises click.UsageError."""
    import tomllib

    shown = os.path.relpath(path) if path.is_absolute() else str(path)
    shown = shown if not shown.startswith("../../..") else str(path)
    text = _text(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise click.UsageError(f"`{shown}` cannot be read: {error}.") from None
    if path.name == SHARED:
        tool = values.get("tool")
        values = tool.get("atamo", {}) if isinstance(tool, dict) else {}
        if not isinstance(values, dict):
            raise click.UsageError(f"`{shown}`: `tool.atamo` is no table.")
    return Settings(shown, text, values)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise click.UsageError(f"`{path}` cannot be read: {why}.") from None


def long_names(command: click.Command) -> dict[str, click.Option]:
    """The options that settings may name, by their long names without dashes."""
    named = (p for p in command.params if isinstance(p, click.Option) and not p.is_eager)
    names = {max(option.opts, key=len).lstrip("-"): option for option in named}
    return {name: option for name, option in names.items() if name not in NEVER}


def defaults(settings: Settings, path: Sequence[str], command: click.Command) -> dict[str, Any]:
    """What a command's options are by the file, as click's `default_map` wants it: its own table, and the keys for
    all. Raises click.UsageError for keys that are nobody's and values that do not fit."""
    options = long_names(command)
    own: Any = settings.values
    for step in path:
        own = own.get(step, {}) if isinstance(own, Mapping) else {}
    if not isinstance(own, Mapping):
        raise click.UsageError(f"{settings.line(path[-1])}: `{path[-1]}` is a table, `[{'.'.join(path)}]`.")
    inner = set(command.commands) if isinstance(command, click.Group) else set()
    for key in own:
        if key not in options and key not in inner and path:
            raise click.UsageError(_unknown(settings, key, options, f"`atamo {' '.join(path)}`"))
    shared = {key: value for key, value in settings.values.items() if key in options and key in COMMON}
    given = {**shared, **{key: value for key, value in own.items() if key in options}}
    return {options[key].name or key: _fitting(settings, key, options[key], given[key]) for key in given}


def check(settings: Settings, commands: Sequence[str]) -> None:
    """Raises click.UsageError for a table that is no command's, a key that stands alone, and a colour that is none."""
    for key, value in settings.values.items():
        known = commands if _table(value) else COMMON
        if key not in known:
            raise click.UsageError(_unknown(settings, key, known, "Atamo"))
    color = settings.values.get("color")
    if color not in (None, *COLORS):
        raise click.UsageError(f"{settings.line('color')}: `color` is one of {', '.join(COLORS)}.")


def _unknown(settings: Settings, key: str, known: Sequence[str] | Mapping[str, Any], whose: str) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else " `atamo config show` lists them."
    return f"{settings.line(key)}: {whose} has no setting `{key}`.{hint}"


def _fitting(settings: Settings, key: str, option: click.Option, value: Any) -> Any:
    """A value as its option takes it. Raises click.UsageError."""
    many = list(value) if isinstance(value, list | tuple) else [value]
    if any("\0" in str(one) for one in many):
        raise click.UsageError(
            f"{settings.line(key)}: `{key}` holds the character U+0000, which no value may have."
        )
    if option.multiple != isinstance(value, list) or any(_table(one) for one in many):
        wanted = "a list" if option.multiple else "one value"
        raise click.UsageError(f"{settings.line(key)}: `{key}` is {wanted}.")
    if (option.is_flag or option.type is click.BOOL) != isinstance(value, bool) and not option.multiple:
        wanted = "true or false" if option.is_flag else "no truth value"
        raise click.UsageError(f"{settings.line(key)}: `{key}` is {wanted}.")
    try:
        for one in many:
            option.type.convert(one if isinstance(one, bool) else str(one), option, None)
    except click.BadParameter as error:
        raise click.UsageError(f"{settings.line(key)}: `{key}`: {error.message}") from None
    return value if isinstance(value, bool) else [str(one) for one in many] if option.multiple else str(value)


def _table(value: object) -> bool:
    return isinstance(value, Mapping)


def every(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, by its words."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every(command, (*path, name))
