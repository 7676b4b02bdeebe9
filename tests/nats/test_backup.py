"""A stream that was backed up while hubs wrote it is restored on other servers, and hubs go on with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nats
import pytest

from atamo_rules.builtin.stores.nats import shrinking
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.errors import StoreUnavailable
from atamo_rules.model.outcome import Done
from atamo_rules.testing.store_stage import Stage
from tests.nats.servers import one_server, place_of
from tests.nats.snapshots import backup, restore
from tests.nats.test_two_hubs import leaves


@pytest.mark.parametrize("shortened", [False, True], ids=["whole", "behind a copy"])
def test_what_was_backed_up_is_gone_on_with(place: Place, tmp_path: Path, shortened: bool) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: NatsStore(place, tmp_path / "one", clock))
        await stage.open()
        assert isinstance(stage.store, NatsStore)
        stream = stage.store.stream
        for number in range(9):
            await stage.accept(f"e{number}", stage.work(f"a{number}", f"/test#e{number}"))
        if shortened:
            await stream.link.purge(await shrinking.copy(stream))
            await stage.accept("behind", stage.work("behind", "/test#behind"))
        head, told = await stage.store.head(), await leaves(stage.store)
        kept = [await backup(stream.link.client, place.stream)]
        if shortened:  # once more before the copies: the one that goes with the stream is still there
            await stage.accept("since", stage.work("since", "/test#since"))
            await stream.link.purge(await shrinking.copy(stream))
            kept.append(await backup(stream.link.client, f"OBJ_{place.stream}_copies"))
        await stage.accept("later", stage.work("later", "/test#later"))
        await stage.store.close()

        server = one_server(tmp_path / "servers")
        try:
            client = await nats.connect(server.server.url)
            for one in kept:
                await restore(client, one)
            await client.close()
            other = place_of(server, stream=place.stream)
            with pytest.raises(StoreUnavailable, match="follows another stream"):
                await NatsStore(other, tmp_path / "one", stage.clock).open(lambda first, notes: None)
            stage.store = NatsStore(other, tmp_path / "new", stage.clock, grace=0.4)
            await stage.open()
            assert (await leaves(stage.store))[:head] == told
            leases = await stage.claim(20)
            assert len(leases) == 9 + shortened
            for lease in leases:
                assert await stage.store.settle(lease, Done(None)) is not None
            await stage.store.close()
        finally:
            server.kill()

    asyncio.run(story())
