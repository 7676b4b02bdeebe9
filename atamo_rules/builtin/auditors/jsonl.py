"""An auditor that writes one JSON line for every record, to a file or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from atamo_rules.functions.printing import jsonable
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.strict_json import encode


class JsonLinesAuditor:
    """Appends to `path`; each line is flushed before the next step is taken."""

    def __init__(self, path: Path | None) -> None:
        self.file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("a", encoding="utf-8")

    def tell(self, record: AuditRecord) -> None:
        if self.file is None:
            return
        line = {
            "position": record.position,
            "at": jsonable(record.at),
            "kind": record.kind,
            "event": record.event,
            "who": record.who,
            **record.what,
        }
        try:
            self.file.write(encode(line) + "\n")
            self.file.flush()
        except OSError as error:
            sys.stderr.write(f"atamo: the audit cannot be written: {error}\n")

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
