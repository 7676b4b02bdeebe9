"""Real servers of NATS on this machine, each with a folder and ports of its own."""

from __future__ import annotations

import asyncio
import ctypes
import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from nats.errors import Error

from atamo_rules.builtin.stores.nats.link import Link
from atamo_rules.builtin.stores.nats.place import Place, Server

PATIENCE = 30.0
LOWEST, HIGHEST = 10_000, 32_000
"""Ports that systems give to no connection by themselves."""


def program() -> str:
    """The server's program, of the package that brings it."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server") or "nats-server"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that no connection is given by itself before a server takes them: those are
    above. Processes that look at once begin at different ones."""
    found: list[int] = []
    while len(found) < count:
        port = next(_PORTS)
        with suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            found.append(port)
    return found


def _ports() -> Iterator[int]:
    """All of them, from one by chance on."""
    chance = random.Random()  # not that which a test was given: others were given the same
    while True:
        first = chance.randrange(LOWEST, HIGHEST)
        yield from range(first, min(first + 40, HIGHEST))


_PORTS = _ports()


def end_with_parent() -> None:
    """For `preexec_fn`: a server ends with the process of its test, also where that is killed. Linux alone has it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class NatsServer:
    """One server, which can be killed and started again with what it had."""

    def __init__(
        self,
        folder: Path,
        name: str = "one",
        *,
        sync: str = "always",
        routes: str = "",
        jetstream: bool = True,
        more: str = "",
    ) -> None:
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self.name = name
        self.port, self.monitor, self.route = free_ports(3)
        self.sync = sync
        self.jetstream = jetstream
        self.routes = routes
        self.more = more
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port, self.monitor)

    def start(self) -> None:
        """Run it, without waiting for it."""
        cluster = (
            f'cluster {{ name: c, listen: "127.0.0.1:{self.route}", routes: [{self.routes}] }}'
            if self.routes
            else ""
        )
        sync = f"sync_interval: {self.sync}" if self.sync else ""
        streams = f'jetstream {{ store_dir: "{self.folder / "data"}", {sync} }}' if self.jetstream else ""
        config = self.folder / "server.conf"
        config.write_text(
            f'server_name: "{self.name}"\nhost: 127.0.0.1\nport: {self.port}\nhttp: "127.0.0.1:{self.monitor}"\n'
            f"{streams}\n{cluster}\n{self.more}\n"
        )
        self.process = subprocess.Popen(
            [program(), "-c", str(config), "-l", str(self.folder / "log")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )

    def ready(self) -> None:
        """Come back when its JetStream answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError, ValueError):
                opener = build_opener(ProxyHandler({}))
                with opener.open(f"{self.server.told_at}/healthz", timeout=2) as answer:
                    if json.loads(answer.read())["status"] == "ok":
                        return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text("utf-8"))

    def kill(self) -> None:
        """End it as a loss of its process does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


async def leader_of(link: Link, servers: Sequence[NatsServer]) -> NatsServer:
    """The one that leads the stream; asked until one does, for nobody answers while they choose."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(Error, TimeoutError):
                info = await link.stream.stream_info(link.place.stream)
                for server in servers:
                    if info.cluster is not None and server.name == info.cluster.leader:
                        return server
            await asyncio.sleep(0.05)


def one_server(folder: Path, **more: str) -> NatsServer:
    """A server that is ready."""
    server = NatsServer(folder, **more)
    server.start()
    server.ready()
    return server


def three_servers(folder: Path) -> list[NatsServer]:
    """A cluster of three that is ready."""
    servers = [NatsServer(folder, name, routes="-") for name in ("one", "two", "three")]
    routes = ", ".join(f'"nats://127.0.0.1:{server.route}"' for server in servers)
    for server in servers:
        server.routes = routes
        server.start()
    for server in servers:
        server.ready()
    return servers


def place_of(*servers: NatsServer, stream: str) -> Place:
    """Where a stream of these servers is."""
    return Place(tuple(server.server for server in servers), stream, len(servers))
