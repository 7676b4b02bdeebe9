"""An auditor that writes one JSON line for every record, to a file or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from atamo_rules.builtin.auditors.hollowing import hollow_out
from atamo_rules.hub.audit.erased import KIND
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.model.audit import AuditRecord

TAIL = 1 << 20
"""Bytes at the end of a file in which its last line is looked for."""


class JsonLinesAuditor:
    """Appends to `path`; each line is flushed before the next step is taken. `position` is that of the last line: the
    file goes on where it ended, and a file that was taken away is written again from what the store still has. When it
    is told that a message was erased, it makes its own lines hollow that the hub made so."""

    erases = True

    def __init__(self, path: Path | None) -> None:
        self.file: BinaryIO | None = None
        self.position, self.path = 0, path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.position = _mend(path)
            self.file = path.open("ab", buffering=0)

    def tell(self, record: AuditRecord) -> None:
        if self.file is None:
            return
        if record.kind == KIND:
            self._hollow_out(record)
        raw = record_bytes(record) + b"\n"
        begun = self.file.tell()
        if self.file.write(raw) != len(raw):
            self.file.truncate(begun)  # no room for the rest: half a line is no record
            raise OSError(28, "no space left for a line of the audit")
        self.position = record.position

    def _hollow_out(self, erasure: AuditRecord) -> None:
        assert self.path is not None
        assert self.file is not None
        if self.path.exists() and hollow_out(self.path, erasure):
            self.file.close()
            self.file = self.path.open("ab", buffering=0)

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
