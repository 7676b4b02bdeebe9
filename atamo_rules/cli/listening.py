"""The HTTP door of `atamo run`: its socket, its server, and the first key of a hub that others can reach."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.ink import plain
from atamo_rules.errors import StoreUnavailable
from atamo_rules.people.keys import FIRST

if TYPE_CHECKING:
    from atamo_rules.cli.run_options import Options
    from atamo_rules.cli.voice import Voice
    from atamo_rules.hub.controller import Controller
    from atamo_rules.hub.hub import Hub
    from atamo_rules.rest.oidc import SignIn
    from atamo_rules.rest.rates import Rate

EVERY = 0.5
"""Seconds between two looks for keys that were made in the folder."""


def listen(options: Options) -> socket.socket:
    """The socket of `--host` and `--port`, bound. Raises click.UsageError where it cannot be."""
    host, port = options.host or "127.0.0.1", 8080 if options.port is None else options.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise click.UsageError(
            f"Cannot listen on {host}:{port}: {why}. `--port 0` takes any free port."
        ) from None
    made.setblocking(False)
    return made


async def first_key(hub: Hub, listening: socket.socket, voice: Voice) -> None:
    """Make the first key of a hub that others can reach, before it answers anybody."""
    if listening.getsockname()[0] not in ("127.0.0.1", "::1") and hub.keyring.open:

        def shown(text: str) -> None:
            voice.warn(
                f"others can reach this address: whoever asks shows a key. The first, shown this once: {text}"
            )

        await hub.keyring.make("admin", by=FIRST, shown=shown, role="admin", over="everything")


class MadeHere:
    """The keys that are made or ended in the folder of a hub, or beside a store that is elsewhere."""

    def __init__(self, folder: Path, store: str | None, hub: Hub, voice: Voice) -> None:
        from atamo_rules.hub.people.made_here import place_of

        self.hub, self.voice = hub, voice
        kind, _, file = (store or "").partition(":")
        self.places = {place_of(folder), *([place_of(Path(file))] if kind == "sqlite" and file else [])}
        self.said: set[str] = set()
        """What is wrong there, which is said once."""

    async def look(self) -> None:
        """Take in those there are."""
        from atamo_rules.hub.people.made_here import Taken, take_in

        said: list[str] = []
        for place in self.places:
            try:
                taken = await take_in(place, self.hub, lasting=self.hub.store.caps.durable)
            except OSError as error:
                taken = Taken(wrong=(f"keys in `{place}` cannot be taken in: {error.strerror or error}",))
            said += taken.wrong
            for key in taken.made:
                self.voice.tell(
                    f"key {key.id} of {plain(key.holder)} was made where this hub runs, and opens it"
                )
            for key in taken.ended:
                self.voice.tell(
                    f"key {key.id} of {plain(key.holder)} was revoked where this hub runs, and opens nothing any more"
                )
        for why in said:
            if why not in self.said:
                self.voice.warn(plain(why))
        self.said = set(said)

    async def follow(self) -> None:
        """Take them in for as long as the hub runs. What cannot be kept now is tried again."""
        while True:
            await asyncio.sleep(EVERY)
            with suppress(StoreUnavailable):
                await self.look()


def server_of(controller: Controller, options: Options, others: tuple[SignIn, ...]) -> Any:
    """The HTTP server of a hub, which ends when it is told to and heeds no signal."""
    import uvicorn

    from atamo_rules.rest.app import application
    from atamo_rules.rest.slow import HEADERS, impatient

    class Server(uvicorn.Server):
        """Signals are the dispatcher's, which has more to end than this door."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    names = (*options.hosts, *([options.host] if options.host else []))
    config = uvicorn.Config(
        application(
            lambda: controller.hub,
            names,
            options.max_body << 20,
            others=others,
            rate=rate_of(options),
            patience=options.patience,
        ),
        http=impatient(options.patience),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        h11_max_incomplete_event_size=HEADERS,
        timeout_graceful_shutdown=max(1, int(options.drain)),
    )
    return Server(config)


def sign_ins(controller: Controller, options: Options, voice: Voice) -> tuple[SignIn, ...]:
    """Who is let in beside those with keys. That an issuer does not show its keys is said when it is found, and when
    it is over: keys of the hub's own open it all the while, so nothing else waits for it."""
    if options.issuer is None:
        return ()
    from atamo_rules.rest.oidc import SignIn

    url = options.issuer.url

    def heard(trouble: str) -> None:
        if trouble:
            voice.warn(
                f"nobody signs in by {url}: {trouble}; it is asked again. `atamo doctor` tries it, "
                "--oidc-issuer and --oidc-keys say where the keys are"
            )
        else:
            voice.tell(f"people sign in by {url} again")

    return (SignIn(lambda: controller.hub, options.issuer, heard),)


def rate_of(options: Options) -> Rate | None:
    """How often a key may ask, as `--rate` says. Raises click.UsageError."""
    from atamo_rules.rest.rates import read_rate

    try:
        return read_rate(options.rate) if options.rate else None
    except ValueError as error:
        raise click.UsageError(f"--rate: {error}.") from None
