"""What another hub, which shares the store, has set or removed is had here too."""

from __future__ import annotations

import asyncio
from pathlib import Path

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.vaults.keys import KeySource
from atamo_rules.builtin.vaults.sealed import BUCKET, SealedVault
from atamo_rules.hub.people.hearing import SECRETS
from atamo_rules.model.work import Entry
from atamo_rules.people.tokens import Binding
from atamo_rules.testing.clock import ManualClock
from tests.vault.places import key_file

CRM = Binding("acme", "user ann", "crm", ("crm.example",))


def test_a_token_of_another_hub_opens_here_until_it_is_removed_there(tmp_path: Path) -> None:
    async def story() -> None:
        store, clock, key = MemoryStore(), ManualClock(), KeySource(str(key_file(tmp_path)))
        await store.open(lambda first, notes: None)
        one, two = SealedVault(key), SealedVault(key)
        for vault in (one, two):
            await vault.begin(store, clock)

        async def got() -> str | None:
            secret = await two.credential("user ann", "crm", "crm.example", organisation="acme")
            return secret.reveal() if secret is not None else None

        for text in ("first", "second"):
            token = await one.keep(CRM, "bearer", text)
            for entry in await store.entries(BUCKET):
                two.hear(entry)
            assert await got() == text
        await one.remove(token.id)
        two.hear(Entry(token.id, None, 9))
        assert await got() is None
        assert BUCKET == SECRETS

    asyncio.run(story())
