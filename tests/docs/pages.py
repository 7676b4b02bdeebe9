"""The fenced blocks of a Markdown page, with what the page says of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")
_SETTING = re.compile(r'(\w+)="([^"]*)"')
_SKIP = re.compile(r"<!--\s*skip:\s*(?P<why>\S.*?)\s*-->\s*$")
_PROJECT = re.compile(r"<!--\s*project: (?P<path>[\w/]+)\s*-->")
_CONTINUES = re.compile(r"<!--\s*continues: (?P<page>[\w.-]+)\s*-->")
_FRESH = re.compile(r"<!--\s*fresh folder\s*-->\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `title` is a path in the page's project; `errors` are the codes it must give.

    `skip` is why the page says that it is not run, or empty; `fresh` says that the page begins a new folder here.
    """

    language: str
    text: str
    line: int
    title: str = ""
    errors: tuple[str, ...] = ()
    skip: str = ""
    fresh: bool = False


class BadPage(Exception):
    """A page that cannot be read as blocks; the message has its place."""


def blocks(path: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order. Raises BadPage for a block that never ends."""
    lines = path.read_text("utf-8").splitlines()
    number = 0
    skip, fresh = "", False
    while number < len(lines):
        line = lines[number]
        found = _FENCE.match(line)
        if found is None:
            if line.strip():
                marked = _SKIP.search(line)
                skip = marked.group("why") if marked else ""
                fresh = fresh or _FRESH.search(line) is not None
            number += 1
            continue
        begin, indent, ticks = number + 1, len(found.group("indent")), found.group("ticks")
        number = begin
        while number < len(lines) and lines[number].strip() != ticks:
            number += 1
        if number == len(lines):
            raise BadPage(f"{path}:{begin}: this block never ends")
        text = "".join(body[indent:] + "\n" for body in lines[begin:number])
        language, _, rest = found.group("info").strip().partition(" ")
        settings = dict(_SETTING.findall(rest))
        errors = tuple(settings.get("errors", "").split())
        yield Block(language, text, begin, settings.get("title", ""), errors, skip, fresh)
        number += 1
        skip, fresh = "", False


def project(path: Path) -> str:
    """The folder, from the root of the repository, of which a page begins with a copy; empty for none."""
    found = _PROJECT.search(path.read_text("utf-8"))
    return found.group("path") if found else ""


def before(path: Path) -> list[Path]:
    """The pages that a page continues, the first of them first."""
    found = _CONTINUES.search(path.read_text("utf-8"))
    if found is None:
        return []
    last = path.parent / found.group("page")
    return [*before(last), last]


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a transcript, the lines it must print, and the exit code it must have."""

    command: str
    expected: str
    code: int
    line: int


def transcript(block: Block) -> Iterator[Step]:
    """The commands of a console block: `$ command`, its output, and `[exit N]` where it is not 0."""
    command, expected, code, at = "", [], 0, block.line
    for offset, line in enumerate(block.text.splitlines(), 1):
        if line.startswith("$ "):
            if command:
                yield Step(command, "\n".join(expected), code, at)
            command, expected, code, at = line[2:], [], 0, block.line + offset
        elif ended := re.fullmatch(r"\[exit (\d+)\]", line):
            code = int(ended.group(1))
        else:
            expected.append(line)
    if not command:
        raise BadPage(f"line {block.line}: a console block begins with `$ command`")
    yield Step(command, "\n".join(expected), code, at)


def matches(expected: str, got: str) -> bool:
    """Whether an output is as expected: `...` on a line of its own is any lines, within a line any characters."""
    pattern = ""
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += ".*".join(re.escape(piece) for piece in line.rstrip().split("...")) + r"[ \t]*\n"
    return re.fullmatch(pattern, got.strip("\n") + "\n") is not None
