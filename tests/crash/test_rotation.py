"""A process that is killed while it turns the keys of a vault leaves every token readable, by the old or the new."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.vaults.keys import KeySource, new_key, read_keys
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.hub.clock import SystemClock
from atamo_rules.people.tokens import Binding

TOKENS = 30
ROUNDS = 50
TURNING = """
import asyncio, sys
from pathlib import Path
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.vaults.keys import KeySource
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.hub.clock import SystemClock

async def main(folder):
    store = SqliteStore(folder / "hub.db")
    await store.open(lambda first, notes: None)
    vault = SealedVault(KeySource(str(folder / "vault.key")))
    await vault.begin(store, SystemClock())
    print("turning", flush=True)
    await vault.rotate()
    print("turned", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(Path(sys.argv[1])))
"""


async def vault_of(folder: Path) -> tuple[SqliteStore, SealedVault]:
    store = SqliteStore(folder / "hub.db")
    await store.open(lambda first, notes: None)
    vault = SealedVault(KeySource(str(folder / "vault.key")))
    await vault.begin(store, SystemClock())
    return store, vault


async def fill(folder: Path) -> None:
    store, vault = await vault_of(folder)
    for number in range(TOKENS):
        await vault.keep(Binding("", f"user u{number}", "crm", ("crm.example",)), "bearer", f"token {number}")
    await store.close()


async def check(folder: Path, keys: set[str]) -> int:
    """Every token is there, whole, under one of these keys; gives how many are under the first."""
    store, vault = await vault_of(folder)
    try:
        assert len(vault.tokens()) == TOKENS
        assert {one.key for one in vault.tokens()} <= keys
        for number in range(TOKENS):
            found = await vault.credential(f"user u{number}", "crm", "crm.example")
            assert found is not None
            assert (found.reveal(), found.version) == (f"token {number}", 1)
        return sum(one.key == vault.keys.first for one in vault.tokens())
    finally:
        await store.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_token_is_readable_whenever_the_process_is_killed(tmp_path: Path) -> None:
    key = tmp_path / "vault.key"
    key.touch(0o600)
    key.write_text(f"{new_key()}\n")
    asyncio.run(fill(tmp_path))
    chance = random.Random(7)
    took, amid = 0.0, 0
    for _ in range(ROUNDS):
        old = KeySource(str(key)).read()
        line = f"{new_key()}\n"
        key.write_text(line + key.read_text())
        process = subprocess.Popen([sys.executable, "-c", TURNING, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"turning\n"
        begun = time.monotonic()
        if took:
            time.sleep(chance.random() * took)
        else:  # the first one goes to its end, and says how long one takes here
            assert process.stdout.readline() == b"turned\n"
            took = time.monotonic() - begun
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
        first = read_keys(line, "here").first
        done = asyncio.run(check(tmp_path, {first, *old.all}))
        amid += 0 < done < TOKENS
        # However fast this machine is by now: a longer time where none was turned, a shorter one where all were.
        took *= 1.2 if done == 0 else 0.85 if done == TOKENS else 1.0
    assert amid > 5, "some were killed in the middle"
