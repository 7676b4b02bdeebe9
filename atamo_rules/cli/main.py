"""The `atamo` command: its name, its global options, and where each subcommand lives. Nothing heavy is imported."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from atamo_rules import __version__
from atamo_rules.cli import settings

COMMANDS = {
    "init": ("atamo_rules.cli.init:init", "Start a small project that verifies, tests and runs."),
    "verify": ("atamo_rules.cli.verify:verify", "Check rules and run the tests in them."),
    "simulate": (
        "atamo_rules.cli.simulate:simulate",
        "Say what rules would do with events; nothing is sent.",
    ),
    "bench": (
        "atamo_rules.cli.bench:bench",
        "Measure how fast rules decide events, and which take the time.",
    ),
    "fmt": ("atamo_rules.cli.fmt:fmt", "Format rule files, or turn one container into the other."),
    "run": ("atamo_rules.cli.run:run", "Take events, decide, call agents; reload rules as they are edited."),
    "send": ("atamo_rules.cli.send:send", "Send one event to a running hub."),
    "request": ("atamo_rules.cli.request:request", "Ask a running hub, and show the answers."),
    "get": (
        "atamo_rules.cli.get:get",
        "List or show rules, event types, types of actions and agents.",
    ),
    "trace": ("atamo_rules.cli.trace:trace", "Tell the story of one event."),
    "why": ("atamo_rules.cli.why:why", "Say why a rule does or does not fire on an event."),
    "dead": ("atamo_rules.cli.dead:dead", "List, show, redrive or discard actions that were given up."),
    "key": ("atamo_rules.cli.key:key", "Make, list or revoke keys of a running hub."),
    "secret": (
        "atamo_rules.cli.secret:secret",
        "Hand a running hub what users have for agents, and say whose rules may use it.",
    ),
    "pause": (
        "atamo_rules.cli.holding:pause",
        "Begin no more actions of an agent, a rule or an organisation.",
    ),
    "resume": ("atamo_rules.cli.holding:resume", "Go on with what was paused."),
    "cancel": ("atamo_rules.cli.cancel:cancel", "End what is still open of one event, for good."),
    "erase": ("atamo_rules.cli.erase:erase", "Erase what a message said, or all that somebody sent."),
    "audit": ("atamo_rules.cli.audit:audit", "Search the audit; prove that it is what was written."),
    "replay": (
        "atamo_rules.cli.replay:replay",
        "Decide recorded events again under other rules; nothing is sent.",
    ),
    "plan": ("atamo_rules.cli.plan:plan", "Say what a change of rules would change."),
    "apply": (
        "atamo_rules.cli.apply:apply",
        "Submit rules to a running hub, and put them in force.",
    ),
    "proposal": (
        "atamo_rules.cli.proposal:proposal",
        "Submit rules to a running hub; approve, reject, roll back.",
    ),
    "top": ("atamo_rules.cli.top:top", "Show how a running hub stands, again and again."),
    "backup": ("atamo_rules.cli.backup:backup", "Copy what a hub keeps, while it runs."),
    "import": (
        "atamo_rules.cli.importing:import_rules",
        "Make rules of the rules of another system, such as EventBridge.",
    ),
    "plugins": (
        "atamo_rules.cli.plugins:plugins",
        "List plug-ins: from which package, and whether they load.",
    ),
    "doctor": (
        "atamo_rules.cli.doctor:doctor",
        "Check what a hub stands on, and whether its agents are well.",
    ),
    "new": ("atamo_rules.cli.new:new", "Start a package for a plug-in of your own."),
    "types": ("atamo_rules.cli.types:types", "Make event types from a JSON Schema that bundles many."),
    "explain": ("atamo_rules.cli.explain:explain", "Say what a code such as E0203 means."),
    "config": ("atamo_rules.cli.config:config", "Show the settings in force, and where each comes from."),
    "completion": ("atamo_rules.cli.completion:completion", "Complete commands in bash, zsh or fish."),
    "healthcheck": ("atamo_rules.cli.healthcheck:healthcheck", "Say whether a hub is well; for containers."),
    "service": ("atamo_rules.cli.service:service", "Make the files that run a project as a service."),
    "version": ("atamo_rules.cli.version:version", "Tell the version, and what is installed beside it."),
}
PANELS = {
    "Write rules": "init verify fmt types import explain new",
    "Try them": "simulate bench replay plan",
    "Run a hub": "run service doctor plugins healthcheck backup",
    "Talk to a hub": "send request get trace why",
    "Operate it": "apply proposal top dead pause resume cancel erase audit key secret",
    "About this command": "config completion version",
}
"""Where the help shows each command."""
UNREAD = 141
"""What a shell tells of a program that SIGPIPE ended: whoever read its output stopped, as `head` does."""
EXIT_CODES = "Exit codes: 0 fine, 1 findings or failed tests, 2 usage or files, 3 a fault of Atamo itself."


class Lazy(click.Group):
    """A group whose subcommands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, names in PANELS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), COMMANDS[name][1]) for name in names.split()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{close[0]}`?" if close else " `atamo --help` lists them."
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


def default_map(file: settings.Settings, path: tuple[str, ...], command: click.Command) -> dict[str, Any]:
    """What a file of settings says for a command and those below it. Raises click.UsageError."""
    if not file.place:
        return {}
    found = settings.defaults(file, path, command)
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            found[name] = default_map(file, (*path, name), inner)
    return found


class Globals:
    """The options before the command."""

    __slots__ = ("color", "settings")

    def __init__(self, color: str | None, file: settings.Settings) -> None:
        self.color, self.settings = color, file


@click.group(
    cls=Lazy,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": settings.PREFIX},
)
@click.version_option(
    __version__, prog_name="atamo", message="%(prog)s %(version)s", allow_from_autoenv=False
)
@click.option(
    "--color",
    type=click.Choice(settings.COLORS),
    default=None,
    show_envvar=True,
    help="When to colour. Also NO_COLOR, FORCE_COLOR.",
)
@click.option("--config", metavar="FILE", help="The file of settings, in place of the nearest `atamo.toml`.")
@click.option("--no-config", is_flag=True, help="Read no file of settings.")
@click.option("-C", "--directory", metavar="DIR", help="Work in that folder.")
@click.pass_context
def cli(
    ctx: click.Context, color: str | None, config: str | None, no_config: bool, directory: str | None
) -> None:
    """Atamo: rules in text files decide which agents act on which events."""
    if directory is not None:
        if not Path(directory).is_dir():
            raise click.UsageError(
                f"`{directory}` {'is no folder' if Path(directory).exists() else 'does not exist'}."
            )
        os.chdir(directory)
    place = Path(config) if config else None if no_config else settings.find(Path.cwd())
    if config and not Path(config).is_file():
        raise click.UsageError(f"`{config}` {'is no file' if Path(config).exists() else 'does not exist'}.")
    file = settings.read(place) if place is not None and not no_config else settings.Settings()
    settings.check(file, list(COMMANDS))
    ctx.obj = Globals(color or file.values.get("color"), file)
    name = ctx.invoked_subcommand or ""
    command = cli.get_command(ctx, name)
    if command is not None:
        ctx.default_map = {name: default_map(file, (name,), command)}


def told(error: click.ClickException) -> int:
    """Say what stood in the way, and give the exit code: 1 where a hub said no, else 2."""
    from atamo_rules.cli.failing import as_document, wants_json, write
    from atamo_rules.cli.hubs import Refused

    error.show()
    ctx = getattr(error, "ctx", None)
    if not isinstance(error, Refused):
        as_document(error.format_message(), getattr(error, "code", "usage"), 2, ctx)
    elif wants_json(ctx):
        write(dict(error.problem))
    return 1 if isinstance(error, Refused) else 2


def main() -> None:
    """Run the command and leave with its exit code; faults of ours are said in a few lines."""
    # What a command imports and reads stays, so it is seldom looked through; `run` says for itself how often.
    gc.set_threshold(10_000)
    try:
        code = cli.main(prog_name="atamo", standalone_mode=False)
        status = code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        status = done.exit_code
    except click.ClickException as error:
        status = told(error)
    except (KeyboardInterrupt, click.Abort):
        status = 130
    except SystemExit:  # click leaves so where nobody reads what it writes, and nowhere else
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = UNREAD
    except OSError as error:
        from atamo_rules.cli.failing import as_document

        where = f"`{error.filename}`: " if error.filename else ""
        said = f"{where}{(error.strerror or str(error)).lower()}."
        click.echo(f"Error: {said}", err=True)
        status = 2
        with suppress(OSError):  # it may be standard output that cannot be written
            as_document(said, "system", status)
    except Exception as error:
        if os.environ.get("ATAMO_TRACEBACK"):
            raise
        from atamo_rules.cli.failing import as_document
        from atamo_rules.cli.hubs import stranger
        from atamo_rules.errors import StoreUnavailable

        if (none := stranger()) is not None:
            sys.exit(told(none))
        if isinstance(
            error, StoreUnavailable
        ):  # found out while it runs: a damaged page, a disk that is gone
            said, status = f"The store cannot be used: {error}.", 2
            click.echo(f"Error: {said}", err=True)
        else:
            said, status = f"{type(error).__name__}: {error}", 3
            click.echo(f"atamo: this is a fault of Atamo itself: {said}", err=True)
            click.echo("Set ATAMO_TRACEBACK=1 to see where, and please report it.", err=True)
        as_document(said, "store" if status == 2 else "fault", status)
    sys.exit(status)
