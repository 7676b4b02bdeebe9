"""The vaults pass the suite of their kind; what the sealed one keeps outlives it, and opens as nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.vaults.environment import EnvironmentVault
from atamo_rules.builtin.vaults.keys import KeySource, new_key
from atamo_rules.builtin.vaults.sealed import BUCKET, SealedVault
from atamo_rules.errors import NotAllowed
from atamo_rules.hub.ports import KeepingVault
from atamo_rules.model.strict_json import encode
from atamo_rules.model.work import Put
from atamo_rules.people.tokens import Binding
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.contracts import VaultContract

CRM = Binding("acme", "user ann", "crm", ("crm.example",))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "vault.key"
    path.touch(0o600)
    path.write_text(f"{new_key()}\n")
    return path


class Opened:
    """A vault that takes what it holds when it is first asked."""

    def __init__(self, vault: SealedVault, holds: Mapping[tuple[str, str, str], str]) -> None:
        self.inner, self.holds = vault, holds

    async def credential(self, user: str, agent: str, host: str, *, organisation: str = "") -> object:
        if self.holds:
            await self.inner.begin(MemoryStore(), ManualClock())
            await self.inner.store.open(lambda first, notes: None)
            for (who, of, where), text in self.holds.items():
                await self.inner.keep(Binding("", who, of, (where,)), "bearer", text)
            self.holds = {}
        return await self.inner.credential(user, agent, host, organisation=organisation)


class TestSealedVault(VaultContract):
    @pytest.fixture(autouse=True)
    def _key(self, key: Path) -> None:
        self.key = key

    def vault(self, holds: Mapping[tuple[str, str, str], str]) -> Opened:  # type: ignore[override]
        return Opened(SealedVault(KeySource(str(self.key))), holds)


class TestEnvironmentVault(VaultContract):
    def vault(self, holds: Mapping[tuple[str, str, str], str]) -> EnvironmentVault:
        environ = {
            f"ATAMO_SECRET_{number}": encode({"who": who, "agent": agent, "hosts": [host], "value": text})
            for number, ((who, agent, host), text) in enumerate(holds.items())
        }
        made = EnvironmentVault(environ)
        assert not environ, "no program that is started inherits them"
        return made


@pytest.mark.parametrize(
    "text",
    ["canary-text", "{}", '{"who": "ann", "agent": "crm", "value": "canary-text"}',
     '{"who": "user ann", "agent": "crm", "value": "canary-text", "kind": "oauth2"}',
     '{"who": "user ann", "agent": "crm", "value": "canary-text", "hosts": ["https://crm.example"]}',
     '{"who": "user ann", "agent": "crm", "value": "canary-text", "kind": "basic"}',
     '{"who": "user ann", "agent": "crm", "value": "canary-text", "kind": "header"}',
     '{"who": "user ann", "agent": "crm", "value": "canary-text\\nX-More: 1"}'],
)  # fmt: skip
def test_a_variable_that_holds_no_token_is_named_and_not_told(text: str) -> None:
    with pytest.raises(ValueError, match="ATAMO_SECRET_CRM") as found:
        EnvironmentVault({"ATAMO_SECRET_CRM": text})
    assert "canary-text" not in str(found.value)


async def begun(key: Path, store: MemoryStore) -> SealedVault:
    vault = SealedVault(KeySource(str(key)))
    await vault.begin(store, ManualClock())
    return vault


async def opened() -> MemoryStore:
    store = MemoryStore()
    await store.open(lambda first, notes: None)
    return store


def test_what_is_kept_outlives_the_vault_and_the_last_version_is_given(key: Path) -> None:
    async def story() -> None:
        store = await opened()
        vault = await begun(key, store)
        assert isinstance(vault, KeepingVault)
        for text in ("the first", "the second"):
            token = await vault.keep(CRM, "bearer", text, by="ann")
        assert (token.version, len(vault.tokens())) == (2, 1)
        again = await begun(key, store)
        found = await again.credential("user ann", "crm", "CRM.example", organisation="acme")
        assert found is not None
        assert (found.reveal(), found.name, found.version) == ("the second", token.id, 2)
        assert await again.credential("user ann", "crm", "crm.example", organisation="birch") is None
        assert await again.remove(token.id) is not None
        assert await again.remove(token.id) is None
        assert (
            await (await begun(key, store)).credential("user ann", "crm", "crm.example", organisation="acme")
            is None
        )

    asyncio.run(story())


def test_two_tokens_for_one_host_are_refused(key: Path) -> None:
    async def story() -> None:
        vault = await begun(key, await opened())
        await vault.keep(CRM, "bearer", "one")
        with pytest.raises(ValueError, match="is for the same host already"):
            await vault.keep(
                Binding("acme", "user ann", "crm", ("crm.example", "other.example")), "bearer", "two"
            )
        await vault.keep(Binding("acme", "user ann", "crm", ("other.example",)), "bearer", "two")
        await vault.keep(Binding("acme", "user ann", "crm"), "text", "of no host")
        found = [await vault.credential("user ann", "crm", host, organisation="acme")
                 for host in ("crm.example", "other.example", "")]  # fmt: skip
        assert [one.reveal() for one in found if one is not None] == ["one", "two", "of no host"]

    asyncio.run(story())


def test_what_is_swapped_in_the_store_does_not_open(key: Path) -> None:
    """Whoever writes to the store gives nobody another's token, an older one, or one for another host."""

    async def story() -> None:
        store = await opened()
        vault = await begun(key, store)
        mine = await vault.keep(CRM, "bearer", "ann's own")
        old = {entry.key: entry.value for entry in await store.entries(BUCKET)}[mine.id]
        mine = await vault.keep(CRM, "bearer", "ann's second")
        his = await vault.keep(Binding("acme", "user bob", "crm", ("crm.example",)), "bearer", "bob's own")
        kept = {entry.key: entry.value for entry in await store.entries(BUCKET)}
        assert isinstance(old, dict)
        ann, bob = kept[mine.id], kept[his.id]
        assert isinstance(ann, dict)
        assert isinstance(bob, dict)
        evil = {**ann, "binding": {**ann["binding"], "hosts": ["evil.example"]}}  # type: ignore[dict-item]
        for changed in ({**ann, "sealed": bob["sealed"]}, {**ann, "sealed": old["sealed"]},
                        {**ann, "kind": "text"}, {**ann, "version": 7}, evil):  # fmt: skip
            await store.put(Put(BUCKET, mine.id, changed))
            host = "evil.example" if changed is evil else "crm.example"
            with pytest.raises(NotAllowed, match="does not open"):
                await (await begun(key, store)).credential("user ann", "crm", host, organisation="acme")

    asyncio.run(story())


def test_rotation_seals_all_under_the_first_key_and_says_what_none_opens(key: Path) -> None:
    async def story() -> None:
        store = await opened()
        vault = await begun(key, store)
        hosts = [f"h{number}.example" for number in range(5)]
        for host in hosts:
            await vault.keep(Binding("", "user ann", "crm", (host,)), "bearer", f"for {host}")
        old, new = key.read_text(), new_key()
        key.write_text(f"{new}\n{old}")
        done = await vault.rotate("root")
        assert (done.key, done.count, done.lost) == (new.partition(":")[0], 5, ())
        assert (await vault.rotate()).count == 0
        key.write_text(f"{new}\n")
        again = await begun(key, store)
        for host in hosts:
            found = await again.credential("user ann", "crm", host)
            assert found is not None
            assert (found.reveal(), found.version) == (f"for {host}", 1)
        key.write_text(f"{new_key()}\n")
        assert len((await again.rotate()).lost) == 5
        with pytest.raises(NotAllowed, match="not among the keys"):
            await again.credential("user ann", "crm", hosts[0])

    asyncio.run(story())
