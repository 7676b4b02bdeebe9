"""Who agreed to what, in a hub's store: given and withdrawn while it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atamo_rules.model.audit import Note
from atamo_rules.model.work import Put
from atamo_rules.people.tokens import Consent, read_consent

if TYPE_CHECKING:
    from atamo_rules.hub.clock import Clock
    from atamo_rules.hub.store import Store

BUCKET = "consents"


class Consents:
    """All consents of one hub, by their ids."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.given: dict[str, Consent] = {}
        self.withdrawn = 0
        """How many were withdrawn since the hub was started."""

    async def load(self) -> None:
        """Take what is kept."""
        for entry in await self.store.entries(BUCKET):
            if isinstance(entry.value, dict):
                self.given[entry.key] = read_consent(entry.value)

    async def give(self, consent: Consent, by: str) -> Consent:
        """Keep one; a second time it is the one that is there."""
        known = self.given.get(consent.id)
        if known is not None:
            return known
        made = replace(consent, given=self.clock.now().isoformat())
        await self.store.put(Put(BUCKET, made.id, made.document()))
        self.given[made.id] = made
        await self._note("consent.given", made, by)
        return made

    async def withdraw(self, consent: Consent, by: str) -> None:
        """End one, at once: the next use is refused."""
        self.given.pop(consent.id, None)
        self.withdrawn += 1
        await self.store.put(Put(BUCKET, consent.id, None))
        await self._note("consent.withdrawn", consent, by)

    async def _note(self, kind: str, consent: Consent, by: str) -> None:
        what = {"as": consent.who, "agent": consent.agent, "hosts": list(consent.hosts), "to": consent.to}
        await self.store.write([Note(self.clock.now(), kind, who=by, what=what)])  # type: ignore[arg-type]
