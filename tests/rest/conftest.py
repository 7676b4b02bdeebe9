"""A real hub behind a real uvicorn on a free port, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.project.sources import ways
from atamo_rules.rest.app import application
from atamo_rules.rest.slow import PATIENCE, impatient
from tests.places import write


class Serving:
    """A running hub: `web` calls it, `run` runs a coroutine in its loop."""

    def __init__(
        self, folder: Path, server: uvicorn.Server, controller: Controller, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.folder = folder
        self.server = server
        self.port: int = server.servers[0].sockets[0].getsockname()[1]
        self.controller = controller
        self.loop = loop
        self.web = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=60)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(90)

    def post(self, value: Any, path: str = "/v1/events", **more: Any) -> httpx2.Response:
        return self.web.post(path, json=value, **more)

    def over(self, id: str) -> dict[str, Any]:
        """What is told of a message once nothing more follows from it."""
        self.run(self.controller.hub.wait(id, 60))
        told: dict[str, Any] = self.web.get(f"/v1/events/{id}").json()
        return told

    def raw(self, data: bytes) -> bytes:
        """What the server answers to some bytes, until it closes or two seconds pass. It is left the time to answer
        before it hears that nothing more comes: one who has left is answered no more."""
        got = b""
        with socket.create_connection(("127.0.0.1", self.port), 5) as line, suppress(OSError):
            line.sendall(data)
            for step in ("answers", "came by", "hears of the end"):
                if step == "came by":  # its loop has: however long this machine stalled, the bytes were read
                    self.run(asyncio.sleep(0.05))
                elif step == "hears of the end":
                    line.shutdown(socket.SHUT_WR)
                line.settimeout(2 if step == "hears of the end" else 0.15)
                with suppress(TimeoutError):
                    while piece := line.recv(65536):
                        got += piece
                    return got
        return got


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], Serving]]:
    """Starts a hub on some rule text; everything is stopped after the test."""
    ends: list[Callable[[], None]] = []

    def start(
        text: str, *, sources: str = "", door: Mapping[str, Any] | None = None, **agents: Any
    ) -> Serving:
        files = {"rules/a.atamo": text, **({"sources.yaml": sources} if sources else {})}
        folder = write(tmp_path / f"p{len(ends)}", files)
        loop = asyncio.new_event_loop()
        ready = threading.Event()
        made: list[Any] = []

        async def life() -> None:
            audit = JsonLinesAuditor(folder / ".atamo" / "audit.jsonl")
            controller = Controller(
                FolderProvider(folder, watch=False),
                MemoryStore(),
                (audit,),
                agents=agents,
                events=ways(folder),
            )
            await controller.start()
            config = uvicorn.Config(
                application(lambda: controller.hub, **{"largest": 1 << 20, "beat": 0.1, **(door or {})}),
                http=impatient((door or {}).get("patience", PATIENCE)),
                log_level="warning",
                lifespan="off",
                access_log=False,
            )
            server = _Server(config)
            listening = socket.create_server(("127.0.0.1", 0))
            made.extend([controller, server])
            task = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.005)
            ready.set()
            await task
            await controller.stop(5)

        thread = threading.Thread(target=lambda: loop.run_until_complete(life()))
        thread.start()
        assert ready.wait(30)
        serving = Serving(folder, made[1], made[0], loop)

        def end() -> None:
            serving.web.close()
            made[1].should_exit = True
            thread.join(20)
            loop.close()

        ends.append(end)
        return serving

    yield start
    for end in ends:
        end()
