"""The dispatcher's life: rules, doors, then a signal or the end of the input, then the drain."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.listening import first_key, listen, rate_of, server_of, sign_ins
from atamo_rules.cli.notify import notify
from atamo_rules.cli.plugged import plug_in
from atamo_rules.errors import RulesetRejected, StoreUnavailable
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ways import Way

if TYPE_CHECKING:
    from atamo_rules.builtin.events.drop import DropFolder
    from atamo_rules.builtin.events.stdin import StandardInput
    from atamo_rules.builtin.witnesses.file import FileWitness
    from atamo_rules.cli.run import Voice
    from atamo_rules.hub.audit.notary import Sign
    from atamo_rules.hub.ports import Auditor, Rejected
    from atamo_rules.hub.store import Store
    from atamo_rules.hub.telemetry.thresholds import Threshold
    from atamo_rules.hub.ways import Ways
    from atamo_rules.model.audit import Level
    from atamo_rules.rest.keysets import Issuer


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `atamo run`, as click gives them."""

    host: str | None
    port: int | None
    hosts: tuple[str, ...]
    http: bool | None
    stdin: bool
    drop: str | None
    audit: str | None
    store: str | None
    audit_level: Level
    checkpoints: str | None
    sign: str | None
    reload: bool
    tests: bool
    max_body: int
    drain: float
    alerts: tuple[str, ...]
    quiet: bool
    params: Mapping[str, Any]
    events: tuple[str, ...] = ()
    auditors: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    vault: str | None = None
    rate: str | None = None
    patience: float = 20.0
    providers: tuple[str, ...] = ()
    weaker_walls: bool = False
    issuer: Issuer | None = None

    @property
    def listens(self) -> bool:
        """Whether there is an HTTP door: asked for, or not ruled out by --stdin standing alone."""
        if self.http is not None:
            return self.http
        return not self.stdin or self.port is not None or self.host is not None

    @property
    def ends(self) -> bool:
        """Whether the end of standard input is the end of the process."""
        return self.stdin and not (self.listens or self.drop or self.events)


async def serve(folder: Path, options: Options, voice: Voice) -> int:
    """Run until a signal or the end of the input; gives the exit code. Raises click.UsageError for a taken port or a
    store that another hub holds."""
    from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
    from atamo_rules.builtin.configuration.folder import FolderProvider
    from atamo_rules.builtin.events.stdin import StandardOutput

    if not (options.listens or options.stdin or options.drop or options.events):
        raise click.UsageError(
            "There is no way in: give --stdin, --drop or --events, or leave --no-http out."
        )
    rate_of(options)
    store = _store(folder, options.store)
    store.level = options.audit_level
    listening = listen(options) if options.listens else None
    audit = folder / ".atamo" / "audit.jsonl" if options.audit is None else Path(options.audit)
    try:
        auditors: tuple[Auditor, ...] = () if options.audit == "none" else (JsonLinesAuditor(audit),)
    except OSError as error:
        raise click.UsageError(f"The audit `{audit}` cannot be written: {error.strerror}.") from None
    auditors = (*auditors, *(plug_in("atamo.auditors", one, folder) for one in options.auditors))
    events = [plug_in("atamo.event_providers", one, folder) for one in options.events]
    providers = [plug_in("atamo.configuration_providers", one, folder) for one in options.providers]
    vault = plug_in("atamo.vaults", options.vault, folder) if options.vault else None
    drop = _drop(options.drop) if options.drop else None
    ways = [*_ways(folder, options, voice), *([Way("drop", drop)] if drop is not None else [])]
    stdin = Way("stdin", StandardOutput()) if options.stdin else None
    if stdin is not None:
        ways.append(stdin)
    rules = FolderProvider(
        folder,
        tests=options.tests,
        watch=options.reload,
        params=options.params,
        code=options.code,
        weaker_walls=options.weaker_walls,
    )
    try:
        controller = Controller(
            rules,
            store,
            auditors,
            lambda state: _settled(state, voice),
            lambda alert: voice.warn(alert.message),
            _witnesses(folder, options, store),
            _sign(options.sign),
            events=(*ways, *events),
            thresholds=_thresholds(options.alerts),
            vault=vault,
            providers=providers,
        )
    except ValueError as error:
        raise click.UsageError(f"--provider: {error}.") from None
    try:
        await controller.start()
    except RulesetRejected:
        voice.warn("nothing is served: the rules have errors")
        return 1
    except StoreUnavailable as error:
        raise click.UsageError(f"The store cannot be used: {error}.") from None
    voice.left(controller.hub.left)
    for one in controller.providers.now:
        voice.tell(f"asking the provider {one.name} {one.version} beside the rules")
    settle_memory()
    finish = asyncio.Event()
    with _signals(finish) as heard:
        refused = await _doors(controller, listening, options, voice, finish, stdin)
        notify("STOPPING=1")
        voice.tell("stopping: taking nothing more, finishing what is under way")
        # What a signal finds in line waits in the store for the next start; the end of the input waits for it.
        left = await controller.stop(options.drain, park=store.caps.durable and bool(heard))
    if controller.hub.broken.is_set():
        return 2
    if left:
        later = "; the next start goes on with what is left" if store.caps.durable else ""
        voice.warn(
            f"{left} action{'' if left == 1 else 's'} did not finish in {options.drain:g} seconds{later}"
        )
    return 130 if signal.SIGINT in heard else 1 if refused else 0


def _thresholds(written: tuple[str, ...]) -> tuple[Threshold, ...]:
    """The thresholds of `--alert`."""
    from atamo_rules.hub.telemetry.thresholds import read_threshold

    try:
        return tuple(read_threshold(one) for one in written)
    except ValueError as error:
        raise click.UsageError(f"--alert: {error}.") from None


def _store(folder: Path, given: str | None) -> Store:
    """The store that is meant, held from here on."""
    if given is not None and given.partition(":")[0] == "sqlite" and not given.partition(":")[2]:
        raise click.UsageError(f"`--store {given}` names no file: write `sqlite:PATH`.")
    store: Store = plug_in("atamo.stores", given or "sqlite", folder)
    take = getattr(store, "take", None)
    try:
        if take is not None:
            take()
    except StoreUnavailable as error:
        raise click.UsageError(f"The store cannot be used: {error}.") from None
    return store


def _witnesses(folder: Path, options: Options, store: Store) -> tuple[FileWitness, ...]:
    """Where checkpoints are put down; what a store in memory tells ends with it."""
    from atamo_rules.builtin.witnesses.file import FileWitness
    from atamo_rules.hub.audit.note import NoteBroken

    if options.checkpoints == "none" or (options.checkpoints is None and not store.caps.durable):
        return ()
    path = Path(options.checkpoints) if options.checkpoints else folder / ".atamo" / "checkpoints"
    try:
        return (FileWitness(path),)
    except OSError as error:
        raise click.UsageError(f"The checkpoints `{path}` cannot be written: {error.strerror}.") from None
    except NoteBroken as error:
        raise click.UsageError(f"`{path}` holds something else than checkpoints: {error}.") from None


def _sign(file: str | None) -> Sign | None:
    """What signs checkpoints."""
    from atamo_rules.hub.audit.signing import read_signing

    if file is None:
        return None
    path = Path(file)
    if not path.is_file():
        raise click.UsageError(f"The key `{file}` {'is not a file' if path.exists() else 'does not exist'}.")
    try:
        return read_signing(path.read_text("utf-8")).sign
    except (OSError, ValueError) as error:
        raise click.UsageError(f"The key in `{file}` cannot be used: {error}.") from None


def settle_memory() -> None:
    """Take the rules, which stay, out of the sight of Python's cycle collector, and have it look less often at what
    comes and goes: events and actions hold no cycles, and it would spend a third of the time of each on them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _settled(state: Generation | Rejected, voice: Voice) -> None:
    """Tell of a state of the rules; those that hold from here on stay, and need not be walked by the collector."""
    voice.state(state)
    if isinstance(state, Generation):
        gc.freeze()


async def _doors(
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
        await first_key(hub, listening, voice)
        others = sign_ins(controller, options, voice)
        reading_keys = [asyncio.create_task(one.begin()) for one in others]
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


def _ways(folder: Path, options: Options, voice: Voice) -> tuple[Way, ...]:
    """The sources of the project's `sources.yaml`; what is wrong with its shape is said with the rules. Raises
    click.UsageError."""
    from atamo_rules.hub.project.sources import read_declared, ways

    if read_declared(folder)[1]:
        return ()
    try:
        made = ways(folder)
    except ValueError as error:
        raise click.UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    if not options.listens:
        for way in made:
            if way.path:
                voice.warn(f"nobody can post to the source `{way.name}`: there is no HTTP door")
    return made


def _drop(folder: str) -> DropFolder:
    from atamo_rules.builtin.events.drop import DropFolder

    try:
        return DropFolder(Path(folder))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise click.UsageError(f"The drop folder `{folder}` cannot be used: {why}.") from None


@contextmanager
def _signals(finish: asyncio.Event) -> Iterator[list[int]]:
    """Sets `finish` on the first SIGTERM or SIGINT; a second one ends the process at once."""
    heard: list[int] = []
    loop = asyncio.get_running_loop()

    def on(number: int) -> None:
        heard.append(number)
        finish.set()
        for other in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(other)
            signal.signal(other, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on, number)
    try:
        yield heard
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
