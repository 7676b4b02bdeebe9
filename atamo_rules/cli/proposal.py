"""`atamo proposal`: rules submitted to a hub while it runs, and what becomes of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import RunningHub, asked, quoted, url_option
from atamo_rules.cli.sentences import Sentences

if TYPE_CHECKING:
    from atamo_rules.cli.ink import Ink

Command: TypeAlias = Callable[..., Any]

WHOLE = """\b
Examples:
  atamo proposal submit alerts.atamo --level "user ann"
  atamo proposal show 4f1c09be77a1d2c3
  atamo proposal approve 4f1c09be77a1d2c3

Exit codes: 0 done, 1 the hub refused or a rule was found wrong, 2 usage, files, or no hub answers."""
CODES = (
    "\n\nExit codes: 0 done, 1 the hub refused or a rule was found wrong, 2 usage, files, or no hub answers."
)


def _epilog(*examples: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  atamo proposal {one}" for one in examples) + CODES


_SUBMISSION: tuple[Callable[[Command], Command], ...] = (
    click.argument("files", nargs=-1),
    click.option(
        "--level", required=True, help="Whose rules: `user NAME`, `group NAME`, `organisation NAME` or `hub`."
    ),
    click.option(
        "--remove", multiple=True, metavar="NAME", help="A submitted file to take away. May be repeated."
    ),
    click.option("--about", default="", help="What it is for, in words."),
    click.option("--format", "format", type=click.Choice(["text", "json"]), default="text"),
    url_option,
)


def submission(command: Command) -> Command:
    """Gives a command what it takes to submit rule files: FILES, and whose, what for, and to which hub."""
    for option in reversed(_SUBMISSION):
        command = option(command)
    return command


@click.group(cls=Sentences, epilog=WHOLE)
def proposal() -> None:
    """Submit rules to a running hub, and decide what others submitted.

    A proposal is some rule files of one level: of a user, a group, an organisation, or of the hub itself. It is checked
    as `atamo verify` would and tried on recent events; nothing is in force before somebody who may approves it.
    """


@proposal.command(
    epilog=_epilog('submit alerts.atamo --level "user ann"', "submit --level hub --remove old.atamo")
)
@submission
def submit(
    files: tuple[str, ...], level: str, remove: tuple[str, ...], about: str, url: str, format: str
) -> int:
    """Submit FILES. Their names tell which submitted files they take the place of."""
    order = {"level": level, "files": texts_of(files, remove), "about": about}
    return _asked(url, format, lambda hub: hub.post("/v1/proposals", order))


def texts_of(files: tuple[str, ...], remove: tuple[str, ...]) -> dict[str, str | None]:
    """What is submitted: texts by the names of their files, nothing for those that go. Raises click.UsageError."""
    if not files and not remove:
        raise click.UsageError("There is nothing to submit: name FILES, or --remove NAME.")
    texts: dict[str, str | None] = dict.fromkeys(remove)
    for file in files:
        path = Path(file)
        if not path.is_file():
            raise click.UsageError(f"`{file}` {'is no file' if path.exists() else 'does not exist'}.")
        if path.name in texts:
            raise click.UsageError(
                f"There are two of `{path.name}`: submitted files are known by their names."
            )
        try:
            texts[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            raise click.UsageError(f"`{file}` is not UTF-8.") from None
    return texts


@proposal.command("list", epilog=_epilog("list", "list --state open"))
@click.option("--state", default="", help="Only those in this state, such as `open` or `applied`.")
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
@url_option
def list_(state: str, url: str, format: str) -> int:
    """List proposals, the newest first."""
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    with RunningHub(url) as hub:
        found = hub.get("/v1/proposals", {"state": state})
    if format == "json":
        say(encode(found) + "\n")
        return 0
    for one in found["proposals"]:
        about = f"  {plain(one['about'])}" if one["about"] else ""
        say(
            f"{one['id']}  {one['state']:<11}  {plain(one['level'])}  by {plain(one['author'] or 'nobody')}{about}\n"
        )
    if not found["proposals"]:
        say("there are none\n")
    return 0


@proposal.command(epilog=_epilog("show 4f1c09be77a1d2c3"))
@click.argument("id")
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
@url_option
def show(id: str, url: str, format: str) -> int:
    """Show one: what changes, what was found, and how recent events would have gone."""
    return _asked(url, format, lambda hub: hub.get(f"/v1/proposals/{quoted(id)}"))


def _decision(name: str, about: str, *, based: bool = False) -> None:
    """Adds a command that decides a proposal."""

    def decide(id: str, why: str, url: str, format: str, base: str = "") -> int:
        order = {"why": why, **({"base": base} if base else {})}
        return _asked(url, format, lambda hub: hub.post(f"/v1/proposals/{quoted(id)}/{name}", order))

    decide.__doc__ = about
    command: Any = url_option(decide)
    command = click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")(command)
    command = click.option("--why", default="", help="The reason, for the audit.")(command)
    if based:
        command = click.option(
            "--base", default="", metavar="DIGEST",
            help="The rules it was seen against.  [default: those it was submitted against]",
        )(command)  # fmt: skip
    command = click.argument("id")(command)
    proposal.command(name, epilog=_epilog(f"{name} 4f1c09be77a1d2c3"))(command)


_decision("approve", "Put a proposal in force, unless other rules hold than it was seen against.", based=True)
_decision("reject", "Close a proposal for good.")
_decision("withdraw", "Take back a proposal of your own.")
_decision("rollback", "Put the texts that stood before an applied proposal in force again.")


def _asked(url: str, format: str, ask: Callable[[RunningHub], Any]) -> int:
    """Ask, and show the proposal that is answered."""
    from atamo_rules.cli.ink import Ink
    from atamo_rules.model.strict_json import encode

    found = asked(url, ask)
    if format == "json":
        say(encode(found) + "\n")
    else:
        for line in shown(found, Ink(color_of(sys.stdout))):
            say(f"{line}\n")
    return 1 if found["state"] == "refused" else 0


def shown(one: dict[str, Any], ink: Ink) -> Iterator[str]:
    """A proposal as lines."""
    from atamo_rules.cli.acts import moved_lines
    from atamo_rules.cli.findings import lines_of
    from atamo_rules.cli.ink import plain

    color = {"applied": ink.good, "refused": ink.bad, "rejected": ink.bad}.get(one["state"], ink.strong)
    yield f"proposal {one['id']}  {color(one['state'])}  {plain(one['level'])}"
    by = f", decided by {plain(one['decided'])}" if one["decided"] else ""
    yield f"by {plain(one['author'] or 'nobody in particular')}, {one['at']}{by}" + (
        f": {plain(one['why'])}" if one["why"] else ""
    )
    if one["about"]:
        yield plain(one["about"])
    for name, text in one["files"].items():
        yield f"  {plain(name)}{'' if text is not None else ink.faint('  goes')}"
    report = one["report"]
    for reason in report.get("refused", ()):
        yield ink.bad(plain(reason))
    if report.get("findings"):
        yield lines_of(report["findings"], one["files"], ink.on).rstrip("\n")
    rules = report.get("rules")
    if rules:
        for mark, names in ((ink.good("+"), rules["added"]), (ink.bad("-"), rules["removed"])):
            for name in names:
                yield f"  {mark} {plain(name)}"
        for name, parts in rules["changed"].items():
            yield f"  {ink.nearly('~')} {plain(name)}: {', '.join(parts)}"
            for line in moved_lines(rules.get("acts", {}).get(name), ink):
                yield f"      {line}"
    impact = report.get("impact")
    if impact:
        yield f"of {impact['events']} recent events {impact['differ']} would be decided differently"
        for rule, count in impact["rules"]["more"].items():
            yield f"  {ink.good('+')} {plain(rule)} on {count}"
        for rule, count in impact["rules"]["less"].items():
            yield f"  {ink.bad('-')} {plain(rule)} on {count}"
    for name, tried in report.get("code", {}).items():
        fails = f", failed on {tried['fails']}" if tried["fails"] else ""
        yield f"  {ink.good('+')} code {plain(name)}: acts on {tried['acts']} of {tried['asked']} recent events{fails}"
        for problem in tried["problems"]:
            yield ink.bad(f"    {plain(problem['event'])}: {plain(problem['why'])}")
    if one["state"] == "open":
        yield ink.faint(f"atamo proposal approve {one['id']}  puts it in force")
