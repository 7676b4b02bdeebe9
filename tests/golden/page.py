"""A page of docs/codes: its title, its wrong example with what Atamo says of it, and its right example.

Fenced blocks under `## Wrong` and `## Right` are files, named by `title="path"` (by default rules/example.atamo or
.yaml); `bytes` after the title allows `\\xNN`. A `console` block is the command to run (by default the compiler and
the tests in the files); the `text` block under `## Wrong` is what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.golden.case import BYTE

_FENCE = re.compile(
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?(?P<bytes> bytes)?\n(?P<body>.*?)^```$', re.S | re.M
)
_TEXT = re.compile(r"(^```text\n)(.*?)(^```$)", re.S | re.M)
_NAMES = {"atamo": "rules/example.atamo", "yaml": "rules/example.yaml", "json": "rules/schemas/example.json"}


@dataclass(frozen=True, slots=True)
class Example:
    """Files by path, and the command that shows what they are an example of, or empty."""

    files: dict[str, bytes]
    command: str

    def lay_out(self, folder: Path) -> None:
        for name, raw in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read. `said` is the text block under the wrong example."""

    path: Path
    title: str
    wrong: Example
    said: str
    right: Example

    @classmethod
    def read(cls, path: Path) -> Page:
        text = path.read_text("utf-8")
        head, _, rest = text.partition("\n## Wrong\n")
        wrong, _, right = rest.partition("\n## Right\n")
        assert wrong, f"{path.name} has no `## Wrong`"
        assert right, f"{path.name} has no `## Right`"
        said = _TEXT.search(wrong)
        assert said, f"{path.name} does not say what Atamo says"
        return cls(path, head.split("\n", 1)[0], _example(wrong), said[2], _example(right))

    def bless(self, got: str) -> None:
        """Take what came out for what the page says Atamo says."""
        text = self.path.read_text("utf-8")
        self.path.write_text(_TEXT.sub(lambda found: found[1] + got + found[3], text, count=1), "utf-8")


def _example(section: str) -> Example:
    files: dict[str, bytes] = {}
    command = ""
    for found in _FENCE.finditer(section):
        kind, raw = found["kind"], found["body"].encode()
        if kind == "console":
            command = found["body"].strip().removeprefix("$ ")
        elif kind != "text":
            if found["bytes"]:
                raw = BYTE.sub(lambda byte: bytes([int(byte.group(1), 16)]), raw)
            files[found["title"] or _NAMES[kind]] = raw
    return Example(files, command)
