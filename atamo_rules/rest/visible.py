"""A page of what somebody may see of a log that all share, at the cursor of the last thing they saw of it.

A cursor that went on over what was left out would say how much that was. So it stays where it is, and how far was
looked for whom is remembered here: who asks again and again looks at each record once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from atamo_rules.hub.audit.search import AT_ONCE, MOST_READ, Found
from atamo_rules.model.audit import AuditRecord

Seen = TypeVar("Seen")
MOST = 10_000
"""Cursors of which it is remembered how far was looked from them."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Seen]):
    """What was seen, the position to go on from, whether there is nothing beyond it now, and how far was looked."""

    items: tuple[Seen, ...]
    cursor: int
    end: bool
    looked: int


class Looked:
    """How far was looked from a cursor, by whoever may see the same and asks for the same."""

    def __init__(self) -> None:
        self.upto: OrderedDict[Hashable, int] = OrderedDict()

    async def page(
        self,
        whose: Hashable,
        read: Callable[[int, int], Awaitable[Found]],
        see: Callable[[AuditRecord], Awaitable[Seen | None]],
        after: int,
        limit: int,
    ) -> Page[Seen]:
        """The first `limit` things after a cursor that `see` gives of what `read` finds. Where there is very much that
        it does not give, the page ends amid that, and its cursor with it: nobody waits for all of it at once."""
        items: list[Seen] = []
        cursor, begun = after, self.upto.get((whose, after), after)
        looked = begun
        while looked - begun < MOST_READ:
            found = await read(looked, AT_ONCE)
            for record in found.records:
                looked = record.position
                if (one := await see(record)) is not None:
                    items.append(one)
                    cursor = looked
                    if len(items) == limit:
                        return Page(tuple(items), cursor, False, looked)
            looked = found.cursor
            if found.end:
                self._keep((whose, cursor), looked)
                return Page(tuple(items), cursor, True, looked)
        return Page(tuple(items), looked, False, looked)

    def _keep(self, key: Hashable, looked: int) -> None:
        self.upto[key] = looked
        self.upto.move_to_end(key)
        if len(self.upto) > MOST:
            self.upto.popitem(last=False)
