"""The ways into a hub that is served: opened, held open to the end, closed."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from atamo_rules.cli.listening import MadeHere, first_key, server_of, sign_ins
from atamo_rules.cli.notify import notify
from atamo_rules.cli.run_options import Options
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.ways import Way

if TYPE_CHECKING:
    from pathlib import Path

    from atamo_rules.builtin.events.stdin import StandardInput
    from atamo_rules.cli.voice import Voice
    from atamo_rules.hub.ways import Ways


async def keep_open(
    folder: Path,
    controller: Controller,
    listening: socket.socket | None,
    options: Options,
    voice: Voice,
    finish: asyncio.Event,
    stdin: Way | None,
) -> int:
    """Open every way in, wait for the end, close them; gives how many lines were refused."""
    hub = controller.hub
    refused = 0

    def tell_refused(number: int, reasons: tuple[str, ...]) -> None:
        nonlocal refused
        refused += 1
        voice.warn(f"line {number} was refused: {'; '.join(reasons)}")

    doors: list[asyncio.Task[Any]] = []
    reading_keys: list[asyncio.Task[None]] = []
    server: Any = None
    if listening is not None:
        keys = MadeHere(folder, options.store, hub, voice)
        await keys.look()
        await first_key(hub, listening, voice)
        others = sign_ins(controller, options, voice)
        reading_keys = [asyncio.create_task(one.begin()) for one in others]
        reading_keys.append(asyncio.create_task(keys.follow()))
        server = server_of(controller, options, others)
        doors.append(asyncio.create_task(server.serve(sockets=[listening])))
        address = listening.getsockname()
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        voice.tell(f"listening on http://{host}:{address[1]}")
    if options.drop:
        voice.tell(f"taking files from {options.drop}")
    for way in hub.ways.ways:
        if way.path:
            voice.tell(f"`{way.name}` receives posts to {way.path}")
    reading: asyncio.Task[None] | None = None
    if stdin is not None:
        from atamo_rules.builtin.events.stdin import StandardInput

        reading = asyncio.create_task(_read(hub.ways, stdin, StandardInput(tell_refused)))
        if options.ends:
            reading.add_done_callback(lambda _: finish.set())
    notify("READY=1")
    broken = asyncio.create_task(hub.broken.wait())
    broken.add_done_callback(lambda _: finish.set())
    await finish.wait()
    for one in (broken, *reading_keys):
        one.cancel()
    hub.accepting = False
    if server is not None:
        server.should_exit = True
    for door in (*doors, *([reading] if reading else [])):
        if server is None or door is not doors[0]:
            door.cancel()
    await asyncio.gather(*doors, *([reading] if reading else []), return_exceptions=True)
    return refused


async def _read(ways: Ways, way: Way, provider: StandardInput) -> None:
    """Take standard input to its end, and stay until all that it asked for is answered."""
    await provider.run(partial(ways.submit, way))
    await ways.owing.settled(way)
