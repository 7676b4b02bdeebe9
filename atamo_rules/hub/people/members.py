"""The people that a hub keeps in its store, beside the people files: made, changed and removed while it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atamo_rules.hub.intake import Intake
from atamo_rules.hub.ports import KeepingVault
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.people import Directory
from atamo_rules.model.work import Put
from atamo_rules.people.joining import Entry, joined

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub

BUCKET = "people"
CALLED = {"users": "user", "services": "user", "groups": "group", "organisations": "organisation"}
"""The singular of each kind, by which tokens and consents name its members."""


class Members:
    """Everybody whom one hub keeps."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.kept: dict[tuple[str, str], Entry] = {}
        self.files = Directory()
        """What the people files say, or whoever gave the rules."""
        self._made: Directory | None = None

    async def load(self) -> None:
        """Take what is kept, and have it be in force."""
        for entry in await self.hub.store.entries(BUCKET):
            kind, _, name = entry.key.partition("/")
            if isinstance(entry.value, dict):
                self.kept[kind, name] = entry.value
        self.hub.retiring.current = self.joined(self.hub.current)

    def joined(self, generation: Generation) -> Generation:
        """A generation whose people are those of its files and those that are kept."""
        people = generation.intake.people
        if people is not self._made:
            self.files = people
        self._made = joined(self.files, self.kept)
        if self._made is people:
            return generation
        intake = Intake(generation.ruleset, self._made, generation.intake.doors)
        return replace(generation, intake=intake)

    def changed(self, kind: str, name: str, entry: Entry | None) -> Directory:
        """The directory as it would be with one entry changed, or taken away by None."""
        return joined(self.files, self._with(kind, name, entry))

    async def change(self, kind: str, name: str, entry: Entry | None, by: str) -> None:
        """Keep one entry, or take it away by None, and have that be in force for whatever comes from here on. Events
        that are under way keep the memberships that they came with."""
        hub = self.hub
        await hub.store.put(Put(BUCKET, f"{kind}/{name}", dict(entry) if entry is not None else None))
        self.take(kind, name, entry)
        what = {"kind": kind, "name": name, **(entry or {})}
        done: Kind = "people.removed" if entry is None else "people.changed"
        await hub.store.write([Note(hub.clock.now(), done, who=by, what=what)])
        if entry is None:
            await self._forget(kind, name, by)

    def take(self, kind: str, name: str, entry: Entry | None) -> None:
        """Have what is kept be in force."""
        self.kept = self._with(kind, name, entry)
        if entry is None and CALLED[kind] == "user":
            self.hub.leaving.removed.add(name)
        self.hub.retiring.swap(self.joined(self.hub.current))

    async def _forget(self, kind: str, name: str, by: str) -> None:
        """Remove what somebody who later has the same name would inherit: keys, tokens, and consents of theirs or to
        them."""
        hub, who = self.hub, f"{CALLED[kind]} {name}"
        # Whom keys alone know to be of an organisation is of it no more.
        of = name if kind == "organisations" else None
        holder = name if CALLED[kind] == "user" else None
        for key in [one for one in hub.keyring.keys.values() if not one.revoked]:
            if holder == key.holder or of == key.organisation:
                await hub.keyring.revoke(key.id, by)
        for consent in list(hub.consents.given.values()):
            if who in (consent.who, consent.to) or of == consent.organisation:
                await hub.consents.withdraw(consent, by)
        if isinstance(hub.vault, KeepingVault):
            for token in hub.vault.tokens():
                if token.binding.who == who or of == token.binding.organisation:
                    await hub.vault.remove(token.id, by)

    def _with(self, kind: str, name: str, entry: Entry | None) -> dict[tuple[str, str], Entry]:
        rest = {key: one for key, one in self.kept.items() if key != (kind, name)}
        return rest if entry is None else {**rest, (kind, name): entry}
