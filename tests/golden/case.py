"""A golden case: one file that tells why it exists, holds a small project, and what the author sees of it.

    The reason, in a paragraph.

    === rules/orders.atamo
    …
    === command
    atamo verify rules/ --show-missing
    === expect
    …

A file named `path (bytes)` may hold `\\xNN` for bytes that an editor would hide or refuse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEAD = re.compile(r"^=== (.+)$", re.MULTILINE)
BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_BYTES = " (bytes)"


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it stands on disk. `files` are raw, by path; `command` is the line to run, or empty."""

    path: Path
    why: str
    files: dict[str, bytes]
    command: str
    expect: str

    @classmethod
    def read(cls, path: Path) -> Case:
        why, *rest = _HEAD.split(path.read_text("utf-8"))
        parts = {name: body.removeprefix("\n") for name, body in zip(rest[::2], rest[1::2], strict=True)}
        command, expect = parts.pop("command", "").strip(), parts.pop("expect", "")
        files = {}
        for name, body in parts.items():
            raw = body.encode()
            if name.endswith(_BYTES):
                raw = BYTE.sub(lambda found: bytes([int(found.group(1), 16)]), raw)
            files[name.removesuffix(_BYTES)] = raw
        return cls(path, why.strip(), files, command, expect)

    def bless(self, got: str) -> None:
        """Take what came out for what is expected."""
        text = self.path.read_text("utf-8")
        head = text.partition("=== expect\n")[0]
        self.path.write_text(f"{head}=== expect\n{got}", "utf-8")

    def lay_out(self, folder: Path) -> None:
        """Write the case's files into a folder."""
        for name, raw in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
