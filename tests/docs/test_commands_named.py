"""Commands that pages name are commands, with options that are theirs: in blocks, and in the middle of a sentence."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from atamo_rules.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "decisions" not in page.parts
]
_INLINE = re.compile(r"(?<!`)`(atamo [^`\n]+)`(?!`)")
_LINE = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(atamo .*)$", re.MULTILINE)
_SHELL = re.compile(r"\s(?:[|&;]|\d?[<>]).*$|\s#.*$|&$")


def commands(page: Path) -> Iterator[str]:
    text = page.read_text("utf-8").replace("\\\n", " ").replace("\\|", "|")
    for found in (*_INLINE.findall(text), *_LINE.findall(text)):
        yield _SHELL.sub("", found.strip())


def wrong(line: str) -> str:
    """What is wrong with the options of a command, or nothing: arguments may be left out where it is only named."""
    try:
        words = shlex.split(line)[1:]
    except ValueError:
        return ""
    command: click.Command | None = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        command = command.get_command(click.Context(command), name)
        if command is None:
            return f"there is no command `{name}`" if name.islower() and name.isalpha() else ""
    if command is None or command is cli:
        return ""
    try:
        command.make_context(command.name or "", list(words)).close()
    except click.NoSuchOption as error:
        return error.format_message()
    except (click.ClickException, click.exceptions.Exit):
        return ""
    if command.name == "create" and ("--role" in words) != ("--over" in words):
        return "--role goes with --over"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_named_are_there(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [(line, said) for line in commands(page) if (said := wrong(line))] == []


def test_what_is_not_there_is_found() -> None:
    assert wrong("atamo verify --nonsense")
    assert wrong("atamo telephone")
    assert wrong("atamo dead lisst")
    assert wrong("atamo key create shop --role sender")
    assert not wrong("atamo key create shop --role sender --over own")
