"""`atamo fmt`: one way to write rules, in either container; comments are kept, and meaning is proved to be."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.ink import Ink
from atamo_rules.cli.project import places
from atamo_rules.cli.replace_file import replace_file
from atamo_rules.cli.shown import show
from atamo_rules.source.diagnostic import Diagnostic, Severity
from atamo_rules.source.span import Source

EPILOG = """\b
Examples:
  atamo fmt                             everything below here
  atamo fmt --check rules/              for CI: names what would change
  atamo fmt --diff rules/orders.atamo
  atamo fmt --to yaml rules/            every .atamo file becomes a .yaml file
  atamo fmt - < rule.atamo              standard input to standard output

Exit codes: 0 fine, 1 something would change (--check, --diff) or cannot be read, 2 usage or files."""
SUFFIX = {"atamo": ".atamo", "yaml": ".yaml"}


@dataclass(frozen=True, slots=True)
class Formatted:
    """What became of one file: its text before and after, where it goes, and why it was left alone, if it was."""

    path: Path
    goes_to: Path
    before: str
    after: str
    findings: tuple[Diagnostic, ...] = ()
    trouble: str = ""

    @property
    def changes(self) -> bool:
        return self.before != self.after or self.path != self.goes_to


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; fail when something would change.")
@click.option("--diff", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--to", "to", type=click.Choice(["atamo", "yaml"]), help="Turn every file into this container.")
@click.option(
    "--stdin-name", default="stdin.atamo", show_default=True, help="The name of what is read from `-`."
)
def fmt(paths: tuple[str, ...], check: bool, diff: bool, to: str | None, stdin_name: str) -> int:
    """Format rule files: one canonical text, the same meaning, every comment kept.

    PATHS are files or folders (default: here); `-` reads standard input and writes standard output.
    A YAML file that stays YAML keeps its layout; its clauses are formatted.
    """
    if "-" in paths:
        return _pass_through(paths, to, stdin_name)
    changed: list[Formatted] = []
    bad = same = 0
    for one in _files(places(paths), to):
        if one.findings or one.trouble:
            _tell(one)
            bad += 1
        elif not one.changes:
            same += 1
        elif diff or check or (trouble := _written(one)) == "":
            changed.append(one)
            say(_diff(one) if diff else f"{_named(one, would=check)}\n")
        else:
            say(f"error: `{one.path}` cannot be written: {trouble}\n", err=True)
            bad += 1
    say(_summary(len(changed), same, bad, would=check or diff), err=bool(bad) or diff)
    return 1 if bad or (changed and (check or diff)) else 0


def _files(paths: tuple[Path, ...], to: str | None) -> Iterator[Formatted]:
    """Every rule file as it would be written. Raises click.UsageError when there is none."""
    from atamo_rules.hub.project.files import load, rule_files
    from atamo_rules.syntax.read import container_of

    for path in paths:
        if not path.exists():
            raise click.UsageError(f"`{path}` does not exist.")
    files = [path for path in rule_files(paths) if container_of(path.name) in SUFFIX]
    if not files:
        where = ", ".join(f"`{path}`" for path in paths)
        raise click.UsageError(f"No rule files under {where}. `atamo init DIR` makes a first project.")
    for path in files:
        source, found = load(path)
        yield Formatted(path, path, "", "", found) if found else formatted(source, path, to)


def formatted(source: Source, path: Path, to: str | None = None) -> Formatted:
    """What a file would become; one with mistakes, or that the container cannot hold, is left alone."""
    from atamo_rules.syntax.canonical import canonical, container_of, same
    from atamo_rules.syntax.comments import comments_of
    from atamo_rules.syntax.read import read

    file, found = read(source)
    errors = tuple(one for one in found if one.severity is Severity.ERROR)
    here = container_of(source.name)
    wanted = to or here
    goes_to = path if wanted == here else path.with_suffix(SUFFIX[wanted])
    if errors:
        return Formatted(path, path, source.text, source.text, errors)
    text = canonical(file, wanted)
    again = Source(str(path) if wanted == here else f"{path}{SUFFIX[wanted]}", text)
    back, wrong = read(again)
    trouble = ""
    if first := next((one for one in wrong if one.severity is Severity.ERROR), None):
        trouble = f"written so it could not be read: {first.message}"
    elif not same(file, back):
        trouble = "written so it would mean something else"
    elif lost := Counter(one.text for one in comments_of(source)) - Counter(
        one.text for one in comments_of(again)
    ):
        trouble = f"the comment `{next(iter(lost))}` would be lost"
    elif goes_to != path and goes_to.exists():
        trouble = f"`{goes_to}` is there already"
    return Formatted(path, goes_to, source.text, text, (), trouble)


def _written(one: Formatted) -> str:
    """Write a file, and take away the one it was made of; gives why that cannot be, or nothing."""
    try:
        replace_file(one.goes_to, one.after)
        if one.goes_to != one.path:
            one.path.unlink()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _pass_through(paths: tuple[str, ...], to: str | None, name: str) -> int:
    from atamo_rules.hub.project.files import decoded

    if paths != ("-",):
        raise click.UsageError("`-` stands alone.")
    source, found = decoded(name, sys.stdin.buffer.read())
    one = Formatted(Path(name), Path(name), "", "", found) if found else formatted(source, Path(name), to)
    if one.findings or one.trouble:
        _tell(one)
        return 1
    say(one.after)
    return 0


def _tell(one: Formatted) -> None:

    if one.findings:
        show(one.findings)
    else:
        say(f"error: `{one.path}` is left alone: {one.trouble}\n", err=True)


def _named(one: Formatted, *, would: bool) -> str:
    if one.goes_to != one.path:
        return f"{one.path} {'would become' if would else 'is now'} {one.goes_to}"
    return f"{'would format' if would else 'formatted'} {one.path}"


def _diff(one: Formatted) -> str:
    before, after = one.before.splitlines(keepends=True), one.after.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, str(one.path), str(one.goes_to))
    ink = Ink(color_of(sys.stdout))
    return "".join(_marked(number, line, ink) for number, line in enumerate(lines))


def _marked(number: int, line: str, ink: Ink) -> str:
    """A line of a diff in the colours that diffs have everywhere; the first two name the files."""
    text = line.removesuffix("\n")
    style = ink.strong if number < 2 else {"+": ink.good, "-": ink.bad, "@": ink.where}.get(line[0], str)
    return f"{style(text)}\n" if text != line else f"{style(text)}\n\\ no line end\n"


def _summary(changed: int, same: int, bad: int, *, would: bool) -> str:
    def files(count: int) -> str:
        return f"{count} file{'' if count == 1 else 's'}"

    parts = [f"{files(changed)} {'would change' if would else 'changed'}"] if changed else []
    parts += (
        [f"{files(same)} as {'it' if same == 1 else 'they'} should be"]
        if same or not (changed or bad)
        else []
    )
    parts += [f"{files(bad)} left alone"] if bad else []
    return ", ".join(parts) + "\n"
