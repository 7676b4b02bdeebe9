"""`atamo plan`: what a change of rules would change, before it is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import RunningHub
from atamo_rules.cli.project import param_option, places, read_params
from atamo_rules.cli.shown import show

if TYPE_CHECKING:
    from atamo_rules.model.rule import Ruleset

EPILOG = """\b
Examples:
  atamo plan --against main                     the rules of the branch `main`
  atamo plan rules/ --against HEAD~1
  atamo plan --against http://127.0.0.1:8080    the rules that a hub has

PATHS are whole in themselves, event types and agents too. What a file would change that adds to the rules of a hub says
`atamo proposal submit`, which puts nothing in force.

Of recorded events, `atamo replay` says which would be decided differently.

Exit codes: 0 told, 1 the rules have errors or the hub refused, 2 usage, files, or no hub answers. With
--detailed-exitcode: 0 nothing changes, 2 something does."""

ALONE = """These files are compared as they are.
What they would add to a hub's rules says `atamo proposal submit`, which puts nothing in force."""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1)
@click.option(
    "--against", required=True, metavar="URL|REF", help="A hub's address, or a commit, branch or tag."
)
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="End with 2 when anything changes.")
@param_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def plan(paths: tuple[str, ...], against: str, detailed: bool, params: tuple[str, ...], format: str) -> int:
    """Say which rules in PATHS are new, gone or changed, and in what, by their meaning.

    What only looks otherwise, such as a reformatted file, is no change. Of a
    changed condition an event is told on which it acts now and did not before,
    and one on which it acts no more.
    """
    from atamo_rules.cli.acts import moved_lines
    from atamo_rules.cli.ink import Ink, plain
    from atamo_rules.hub.project.rulebook import NothingThere, Rulebook
    from atamo_rules.hub.proposals.review import changes
    from atamo_rules.model.strict_json import encode
    from atamo_rules.source import codes

    found = places(paths)
    of_hub = against.startswith(("http://", "https://"))
    try:
        made = Rulebook(found, read_params(params)).compile()
    except NothingThere as error:
        raise click.UsageError(str(error)) from None
    if made.ruleset is None:
        show(made.errors)
        if of_hub and any(one.code in (codes.UNKNOWN_NAME, codes.UNKNOWN_ACTION) for one in made.errors):
            say(f"\n{ALONE}\n", err=True)
        return 1
    if of_hub:
        with RunningHub(against) as hub:
            told = _of_hub(made.ruleset, hub.get("/v1/rules"))
    else:
        told = changes(_of_commit(against, found, read_params(params)), made.ruleset)
    if format == "json":
        say(encode({"digest": made.ruleset.digest, **told}) + "\n")
    else:
        ink = Ink(color_of(sys.stdout))
        for mark, names in ((ink.good("+"), told["added"]), (ink.bad("-"), told["removed"])):
            for name in names:
                say(f"{mark} {plain(name)}\n")
        for name, parts in told["changed"].items():
            say(f"{ink.nearly('~')} {plain(name)}{': ' if parts else ''}{', '.join(parts)}\n")
            for line in moved_lines(told["acts"].get(name), ink):
                say(f"    {line}\n")
        count = [len(told[name]) for name in ("added", "changed", "removed")]
        say(
            f"{count[0]} new, {count[1]} changed, {count[2]} gone\n"
            if any(count)
            else "no rule changes its meaning\n"
        )
    return 2 if detailed and any(told.values()) else 0


def _of_hub(ruleset: Ruleset, listed: Any) -> dict[str, Any]:
    """What would change of the rules a hub lists: it tells their digests, and not what they say."""
    before = {one["id"]: one.get("digest") for one in listed["rules"]}
    after = {rule.id: rule.digest for rule in ruleset.rules}
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": {id: [] for id in sorted(after.keys() & before.keys()) if after[id] != before[id]},
        "acts": {},
    }


def _of_commit(ref: str, paths: tuple[Path, ...], params: dict[str, Any]) -> Ruleset:
    """The rules that stood at these paths in a commit. Raises click.UsageError."""
    import io
    import tarfile
    import tempfile

    from atamo_rules.hub.project.rulebook import NothingThere, Rulebook

    if ref.startswith("-"):
        raise click.UsageError(f"`{ref}` is no commit.")
    here = next((path for path in paths if path.is_dir()), paths[0].parent)
    top = _git(here, "rev-parse", "--show-toplevel")
    if top is None:
        raise click.UsageError(f"`{here}` is in no git repository, so there is no commit to compare with.")
    root = Path(top.decode().strip())
    names = [str(path.resolve().relative_to(root)) for path in paths]
    packed = _git(root, "archive", "--format=tar", ref, "--", *names)
    if packed is None:
        known = _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is not None
        why = (
            f"{', '.join(names)} did not exist at `{ref}`"
            if known
            else f"`{ref}` is no commit of this repository"
        )
        raise click.UsageError(f"{why}.")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(folder, filter="data")
        try:
            made = Rulebook(tuple(Path(folder) / name for name in names), params).compile()
        except NothingThere:
            raise click.UsageError(f"There are no rule files in {', '.join(names)} at `{ref}`.") from None
    if made.ruleset is None:
        first = made.errors[0]
        raise click.UsageError(f"The rules at `{ref}` have errors: {first.code.id} {first.message}.")
    return made.ruleset


def _git(folder: Path, *args: str) -> bytes | None:
    """What git says, or None when it says no. Raises click.UsageError where there is no git."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *args], capture_output=True)
    except FileNotFoundError:
        raise click.UsageError("There is no git here to ask for another commit's rules.") from None
    return done.stdout if done.returncode == 0 else None
