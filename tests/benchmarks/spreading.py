"""New rules reach three hubs that share a stream: from the write into the folder of each until all decide by them,
beside a bare watch of a key that three clients have."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from time import monotonic, perf_counter

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.hub.controller import Controller
from tests.benchmarks.clustered import new_place, servers
from tests.benchmarks.table import Table, spread

LIMIT = 0.25
HUBS = 3
RULES = """
event order.created
  total: number

agent desk
  uses log
  send note
    text: text

rule big
  on order.created
  when total > 10
  do
    send desk.note
      text: "NUMBER"
"""


async def _hubs(place: Place, folder: Path, edits: int) -> tuple[list[float], list[float]]:
    """Seconds from the write, and of them from when each hub had noticed it, until the last has the new rules."""
    written: list[float] = []
    took: list[float] = []
    async with AsyncExitStack() as stack:
        controllers: list[Controller] = []
        for number in range(HUBS):
            rules = folder / str(number) / "rules"
            rules.mkdir(parents=True)
            (rules / "shop.atamo").write_text(RULES, "utf-8")
            store = NatsStore(place, folder / str(number) / "view")
            controller = Controller(FolderProvider(rules), store)
            await controller.start()
            stack.push_async_callback(controller.stop)
            controllers.append(controller)
        await asyncio.sleep(0.5)  # the watches stand
        for edit in range(edits):
            before = [one.hub.current for one in controllers]
            text = RULES.replace("NUMBER", str(edit))
            begun = monotonic()
            for number in range(HUBS):
                (folder / str(number) / "rules" / "shop.atamo").write_text(text, "utf-8")
            async with asyncio.timeout(30):
                while any(one.hub.current is was for one, was in zip(controllers, before, strict=True)):
                    await asyncio.sleep(0.001)
            written.append(monotonic() - begun)
            took.append(max(one.hub.current.took for one in controllers))
            await asyncio.sleep(0.2)
    return written, took


async def _watched(place: Place, edits: int) -> list[float]:
    """Seconds from a put until three clients have it."""
    import nats

    clients = [await nats.connect([server.url for server in place.servers]) for _ in range(HUBS)]
    buckets = [
        await clients[0].jetstream().create_key_value(bucket="bare", replicas=place.replicas),
        *[await client.jetstream().key_value("bare") for client in clients[1:]],
    ]
    watches = [await bucket.watch("rules") for bucket in buckets]
    for watch in watches:
        assert await watch.updates(5) is None  # nothing there yet
    found: list[float] = []
    for edit in range(edits):
        begun = perf_counter()
        await buckets[0].put("rules", RULES.replace("NUMBER", str(edit)).encode())
        await asyncio.gather(*(watch.updates(5) for watch in watches))
        found.append(perf_counter() - begun)
    for client in clients:
        await client.close()
    return found


def run(*, small: bool) -> Table:
    """Edits, one after the other."""
    edits = 2 if small else 60
    with servers(3) as three, tempfile.TemporaryDirectory() as folder:
        place = new_place(three)
        written, took = asyncio.run(_hubs(place, Path(folder), edits))
        bare = asyncio.run(_watched(place, edits))

    def row(name: str, all: list[float]) -> tuple[str, ...]:
        late = quantiles(all, n=100, method="inclusive")[98]
        return name, *spread(all), f"{late * 1000:.1f}", f"{late / LIMIT:.2f}"

    return Table(
        "nats-rules: new rules at three hubs that share a stream, milliseconds until the last has them",
        ("what", "min", "median", "max", "99 of 100", "of limit"),
        (
            row("write to live at all", written),
            row("of it compiling, testing, binding", took),
            row("a bare watch of a key", bare),
        ),
        (
            f"{edits} edits, {HUBS} hubs in one process; limit {LIMIT * 1000:g} ms",
            "the watch of a folder waits for it to be quiet, which is most of it",
        ),
    )
