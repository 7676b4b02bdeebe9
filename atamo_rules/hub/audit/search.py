"""Which records are meant, and reading those of a store, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from atamo_rules.model.audit import AuditRecord

AT_ONCE = 1000
"""Records read at once."""
MOST_READ = 100_000
"""Records looked through for one page; who wants more goes on from its cursor."""

Read = Callable[[int, int], Awaitable[Sequence[AuditRecord]]]
"""A store's records after a position, so many at most, in order."""


@dataclass(frozen=True, slots=True)
class Query:
    """Records that fit everything that is said. A `kind` that ends with `.` means all kinds that begin so; `text` is
    looked for in what a record says."""

    event: str = ""
    kind: str = ""
    who: str = ""
    rule: str = ""
    agent: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, record: AuditRecord) -> bool:
        """Whether a record is meant."""
        what = record.what
        return (
            (not self.event or record.event == self.event)
            and (not self.kind or self._kind(record.kind))
            and (not self.who or record.who == self.who)
            and (not self.rule or what.get("rule") == self.rule)
            and (not self.agent or self._agent(record))
            and (self.since is None or record.at >= self.since)
            and (self.until is None or record.at < self.until)
            and (not self.text or self._text(record))
        )

    def _kind(self, kind: str) -> bool:
        return kind.startswith(self.kind) if self.kind.endswith(".") else kind == self.kind

    def _agent(self, record: AuditRecord) -> bool:
        target = record.what.get("target")
        named = target.partition(".")[0] if isinstance(target, str) else record.what.get("agent")
        return named == self.agent

    def _text(self, record: AuditRecord) -> bool:
        """Anywhere in its texts, upper or lower case."""
        wanted = self.text.casefold()
        stack: list[object] = [record.event, record.who, record.kind, record.cause, dict(record.what)]
        while stack:
            one = stack.pop()
            if isinstance(one, str) and wanted in one.casefold():
                return True
            if isinstance(one, dict):
                stack.extend(one.values())
            elif isinstance(one, list | tuple):
                stack.extend(one)
        return False


@dataclass(frozen=True, slots=True)
class Found:
    """A page: its records, the position to go on from, and whether there is nothing beyond it now."""

    records: tuple[AuditRecord, ...]
    cursor: int
    end: bool


async def search(read: Read, query: Query, after: int, limit: int) -> Found:
    """The first records after a position that are meant, at most `limit`."""
    found: list[AuditRecord] = []
    looked = 0
    while looked < MOST_READ:
        page = await read(after, AT_ONCE)
        for record in page:
            after = record.position
            if query.fits(record):
                found.append(record)
                if len(found) == limit:
                    return Found(tuple(found), after, False)
        looked += len(page)
        if len(page) < AT_ONCE:
            return Found(tuple(found), after, True)
    return Found(tuple(found), after, False)
