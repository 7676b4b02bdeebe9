"""`atamo config`: the settings in force, where each comes from, and the schema of the file they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click

from atamo_rules.cli import settings
from atamo_rules.cli.console import say
from atamo_rules.cli.sentences import Sentences

EPILOG = """\b
Examples:
  atamo config show                       what is set, and by what
  atamo config show --sources --all run   all of `atamo run`, and its sources
  atamo config schema > atamo.schema.json

Exit codes: 0 fine, 2 the file of settings cannot be used."""
_DEFAULT = re.compile(r"\s*\[default: (.*)\]$")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force. `source` is `default`, `environment NAME` or the `file:line` that says it."""

    command: str
    name: str
    value: Any
    source: str


@click.group(cls=Sentences, epilog=EPILOG)
def config() -> None:
    """Show the settings in force, and where each comes from.

    They stand in the nearest `atamo.toml` from here upwards, or below `[tool.atamo]` in `pyproject.toml`: a table for
    each command, its keys the long names of the command's options. The command line wins over the environment, that
    over the file.
    """


@config.command(epilog=EPILOG)
@click.argument("commands", nargs=-1)
@click.option("--sources", is_flag=True, help="Say of each where it comes from.")
@click.option("--all", "everything", is_flag=True, help="Also those that nobody set.")
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def show(commands: tuple[str, ...], sources: bool, everything: bool, format: str) -> int:
    """Show the settings of COMMANDS, or of all of them; the whole file is checked."""
    root = click.get_current_context().find_root()
    group, file = root.command, root.obj.settings
    assert isinstance(group, click.Group)
    for name in commands:
        if name not in group.list_commands(root):
            raise click.UsageError(f"There is no command `{name}`.")
    found = [
        setting
        for path, command in settings.every(group)
        for setting in in_force(file, path, command)
        if (not commands or path[0] in commands) and (everything or setting.source != "default")
    ]
    if format == "json":
        from atamo_rules.model.strict_json import encode

        say(encode({"file": file.place or None, "settings": [asdict(one) for one in found]}) + "\n")
        return 0
    say(f"file: {file.place or 'none'}\n")
    for one in found:
        said = f"{one.command}.{one.name} = {_shown(one.value)}"
        say(f"{said}    # {one.source}\n" if sources else f"{said}\n")
    return 0


@config.command(epilog=EPILOG)
def schema() -> int:
    """Write the JSON Schema of `atamo.toml`, which editors complete and check it by."""
    from importlib.resources import files

    say((files("atamo_rules.grammar") / "config.schema.json").read_text("utf-8"))
    return 0


def in_force(file: settings.Settings, path: tuple[str, ...], command: click.Command) -> Iterator[Setting]:
    """Every setting of one command. Raises click.UsageError when the file does not fit."""
    given = settings.defaults(file, path, command) if file.place else {}
    names = settings.long_names(command)
    words = "_".join((settings.PREFIX, *path)).upper().replace("-", "_")
    ctx = click.Context(command, info_name=path[-1], auto_envvar_prefix=words)
    for key, option in names.items():
        if option.is_eager or option.name == "help":
            continue
        value = option.value_from_envvar(ctx)
        if value is not None:
            yield Setting(" ".join(path), key, value, f"environment {_variable(option, words)}")
        elif option.name in given:
            yield Setting(" ".join(path), key, given[option.name], file.line(key))
        else:
            yield Setting(" ".join(path), key, _built_in(option), "default")


def _variable(option: click.Option, words: str) -> str:
    import os

    own = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    return next((name for name in own if name in os.environ), f"{words}_{(option.name or '').upper()}")


def _built_in(option: click.Option) -> Any:
    """The value when nobody gives one; where the code makes it, as the help tells it."""
    told = _DEFAULT.search(option.help or "")
    if told is not None:
        return told[1]
    ctx = click.Context(click.Command(""))
    value = option.get_default(ctx)
    return value if isinstance(value, str | int | float | bool) else None


def _shown(value: Any) -> str:
    from atamo_rules.model.strict_json import encode

    return "(none)" if value is None or value == () else encode(value)


def schema_of(group: click.Group) -> dict[str, Any]:
    """The JSON Schema (draft 7, which editors of TOML know) of the file of settings."""
    tables: dict[str, Any] = {
        "color": {"enum": list(settings.COLORS), "description": "When to colour."},
        "url": {"type": "string", "description": "The hub that commands ask."},
        "param": {"type": "array", "items": {"type": "string"}, "description": "NAME=VALUE of a `param`."},
    }
    for path, command in settings.every(group):
        table = {"type": "object", "additionalProperties": False, "properties": {}}
        table["description"] = (command.help or "").split("\n\n")[0].replace("\n", " ")
        for key, option in settings.long_names(command).items():
            table["properties"][key] = _value_schema(option)  # type: ignore[index]
        above = tables
        for step in path[:-1]:
            above = above[step]["properties"]
        above[path[-1]] = table
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "atamo.toml: what the options of commands are when nobody gives them",
        "type": "object",
        "additionalProperties": False,
        "properties": tables,
    }


def _value_schema(option: click.Option) -> dict[str, Any]:
    one: dict[str, Any]
    if option.is_flag or option.type is click.BOOL:
        one = {"type": "boolean"}
    elif isinstance(option.type, click.Choice):
        one = {"enum": list(option.type.choices)}
    elif isinstance(option.type, click.IntRange | click.types.IntParamType):
        one = {"type": "integer"}
    elif isinstance(option.type, click.FloatRange | click.types.FloatParamType):
        one = {"type": "number"}
    else:
        one = {"type": "string"}
    made: dict[str, Any] = {"type": "array", "items": one} if option.multiple else one
    return {**made, "description": " ".join((option.help or "").split())}
