"""What a store says of servers that it cannot use, and how it lives with those that fail."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.stores.nats.place import Place, Server, read_place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub.controller import Controller
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Done
from atamo_rules.testing.store_stage import Stage, event
from tests.nats.servers import NatsServer, free_ports, one_server, place_of


def refusal(place: Place, folder: Path) -> str:
    """Why a store is not opened."""

    async def story() -> str:
        stage = Stage(lambda clock: NatsStore(place, folder, clock))
        with pytest.raises(StoreUnavailable) as raised:
            await stage.open()
        return str(raised.value)

    return asyncio.run(story())


def test_a_server_that_answers_before_it_has_written_is_refused(tmp_path: Path) -> None:
    server = one_server(tmp_path, sync="2m")
    try:
        said = refusal(place_of(server, stream="s"), tmp_path)
    finally:
        server.kill()
    assert "loses what it took when its power is lost" in said
    assert "set `sync_interval: always`" in said


def test_a_server_without_a_stream_is_refused(tmp_path: Path) -> None:
    server = NatsServer(tmp_path, jetstream=False)
    server.start()
    server.ready()
    try:
        assert "has no JetStream" in refusal(place_of(server, stream="s"), tmp_path)
    finally:
        server.kill()


def test_a_server_that_does_not_say_how_it_writes_is_refused(server: NatsServer, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    place = Place((Server("127.0.0.1", server.port, port),), "s")
    assert f"`http: {port}`" in refusal(place, tmp_path)


def test_servers_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atamo_rules.builtin.stores.nats.connecting.CONNECTING", 0.5)
    (port,) = free_ports(1)
    place = Place((Server("127.0.0.1", port, port),), "s")
    assert refusal(place, tmp_path) == f"no server answers at 127.0.0.1:{port}"


def test_a_stream_of_another_program_is_refused(place: Place, tmp_path: Path) -> None:
    async def make() -> None:
        import nats

        client = await nats.connect(place.servers[0].url)
        await client.jetstream().add_stream(name=place.stream, subjects=[f"{place.stream}.orders"])
        await client.close()

    asyncio.run(make())
    assert "is of another program" in refusal(place, tmp_path)


def test_a_stream_that_was_taken_away_and_made_anew_is_not_taken_for_the_one_before(
    place: Place, tmp_path: Path
) -> None:
    async def story() -> None:
        import nats

        stage = Stage(lambda clock: NatsStore(place, tmp_path, clock))
        await stage.open()
        await stage.accept()
        await stage.store.close()
        client = await nats.connect(place.servers[0].url)
        await client.jetstream().delete_stream(place.stream)
        await client.close()

    asyncio.run(story())
    assert "follows another stream" in refusal(place, tmp_path)


@pytest.mark.parametrize(
    ("said", "servers", "stream", "replicas"),
    [
        ("h", (("h", 4222, 8222),), "atamo", 1),
        ("//h:1/s?monitor=2", (("h", 1, 2),), "s", 1),
        ("a,b:2,c/s", (("a", 4222, 8222), ("b", 2, 8222), ("c", 4222, 8222)), "s", 3),
        ("a,b/s?replicas=1&monitor=1,2", (("a", 4222, 1), ("b", 4222, 2)), "s", 1),
    ],
)
def test_a_place_is_read(
    said: str, servers: tuple[tuple[str, int, int], ...], stream: str, replicas: int
) -> None:
    place = read_place(said)
    assert tuple((one.host, one.port, one.monitor) for one in place.servers) == servers
    assert (place.stream, place.replicas) == (stream, replicas)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("h/a.b", "no name of a stream"),
        ("h:x", "no server"),
        ("h?monitr=1", "no setting"),
        ("h?replicas=3", "needs as many servers"),
        ("a,b?monitor=1,2,3", "one for each"),
        ("h?monitor=x", "no number"),
    ],
)
def test_what_is_no_place_is_said_why(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_place(said)


def test_more_than_a_message_holds_goes_in_parts(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: NatsStore(place, tmp_path, clock))
        await stage.open()
        large = event("e1", text="x" * 3_000_000)
        await stage.store.accept([stage.arrival(large), stage.arrival(event("e2"))])
        other = NatsStore(place, tmp_path / "other", stage.clock)
        await other.open(lambda first, notes: None)
        assert await other.event("/test#e1") == large
        assert await other.event("/test#e2") == event("e2")
        await other.close()
        await stage.again()
        assert await stage.store.event("/test#e1") == large
        await stage.store.close()

    asyncio.run(story())


def test_a_server_that_is_killed_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async def story(server: NatsServer) -> None:
        place = place_of(server, stream="s")
        stage = Stage(lambda clock: NatsStore(place, tmp_path / "hub", clock))
        await stage.open()
        known = []

        async def produce(number: int) -> None:
            for step in range(15):
                kept = await stage.accept(f"e{number}-{step}", stage.work(f"a{number}-{step}", lease=60.0,
                                          event=f"/test#e{number}-{step}"))  # fmt: skip
                known.append(kept.known)
                (lease,) = kept.leases
                assert await stage.store.settle(lease, Done(None)) is not None

        producers = [asyncio.create_task(produce(number)) for number in range(8)]
        for _ in range(3):
            await asyncio.sleep(0.05)
            server.kill()
            server.start()
            await asyncio.to_thread(server.ready)
        await asyncio.gather(*producers)
        assert known == ["new"] * 120
        assert [record.position for record in stage.heard] == list(range(1, 481 + 120))
        assert sorted({record.kind: stage.kinds().count(record.kind) for record in stage.heard}.items()) == [
            ("action.done", 120),
            ("action.started", 120),
            ("event.accepted", 120),
            ("event.decided", 120),
            ("event.finished", 120),
        ]
        heard = list(stage.heard)
        await stage.again()
        assert list(await stage.store.audit(0, 10_000)) == heard
        await stage.store.close()

    server = one_server(tmp_path)
    try:
        asyncio.run(story(server))
    finally:
        server.kill()


def test_while_no_server_answers_what_is_on_its_way_waits_and_nothing_new_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atamo_rules.builtin.stores.nats.journal.PATIENCE", 0.2)

    async def story(server: NatsServer) -> None:
        stage = Stage(lambda clock: NatsStore(place_of(server, stream="s"), tmp_path / "hub", clock))
        await stage.open()
        server.kill()
        waiting = asyncio.create_task(stage.accept("e1"))
        async with asyncio.timeout(20):
            while not stage.store.full:
                await asyncio.sleep(0.05)
        with pytest.raises(Busy):
            await stage.accept("e2")
        with pytest.raises(Busy):
            await stage.store.append([Frame("q", "data", 1)])
        assert not waiting.done()
        server.start()
        assert (await asyncio.wait_for(waiting, 30)).known == "new"
        assert (await stage.accept("e2")).known == "new"
        assert stage.kinds().count("event.accepted") == 2
        await stage.store.close()

    server = one_server(tmp_path)
    try:
        asyncio.run(story(server))
    finally:
        server.kill()


def test_a_hub_is_stopped_though_no_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its servers may be away for days: whoever stops it waits for its time, and not for them."""
    monkeypatch.setattr("atamo_rules.hub.controller.FAREWELL", 0.3)
    monkeypatch.setattr("atamo_rules.builtin.stores.nats.taking_over.GOODBYE", 0.3)
    said: list[str] = []

    async def story(server: NatsServer) -> None:
        store = NatsStore(place_of(server, stream="s"), tmp_path / "hub")
        rules = TextProvider("event tick\n  n: whole\n")
        controller = Controller(rules, store, alarm=lambda alert: said.append(alert.message))
        await controller.start()
        server.kill()
        async with asyncio.timeout(20):
            await controller.stop(0.1, park=True)
        assert controller.hub.broken.is_set()

    server = one_server(tmp_path)
    try:
        asyncio.run(story(server))
    finally:
        server.kill()
    assert said == ["the store does not answer: this hub leaves without having told it"]
