"""An auditor that writes one JSON line for every record, to a file or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.model.audit import AuditRecord

TAIL = 1 << 20
"""Bytes at the end of a file in which its last line is looked for."""


class JsonLinesAuditor:
    """Appends to `path`; each line is flushed before the next step is taken. `position` is that of the last line: the
    file goes on where it ended, and a file that was taken away is written again from what the store still has."""

    def __init__(self, path: Path | None) -> None:
        self.file: BinaryIO | None = None
        self.position = 0
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.position = _mend(path)
            self.file = path.open("ab", buffering=0)

    def tell(self, record: AuditRecord) -> None:
        if self.file is None:
            return
        raw = record_bytes(record) + b"\n"
        begun = self.file.tell()
        if self.file.write(raw) != len(raw):
            self.file.truncate(begun)  # no room for the rest: half a line is no record
            raise OSError(28, "no space left for a line of the audit")
        self.position = record.position

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


def _mend(path: Path) -> int:
    """Take away half a line that a killed process left at the end of a file; gives the position of the last line."""
    if not path.exists():
        return 0
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        begin = max(0, size - TAIL)
        file.seek(begin)
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole != len(tail) and (whole or not begin):
            file.truncate(begin + whole)
        try:
            return int(json.loads(tail[:whole].rstrip().rsplit(b"\n", 1)[-1])["position"])
        except (ValueError, KeyError, TypeError):
            return 0
