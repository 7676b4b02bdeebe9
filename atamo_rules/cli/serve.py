"""The dispatcher's life: rules, doors, then a signal or the end of the input, then the drain."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atamo_rules.cli.doors import keep_open
from atamo_rules.cli.equipment import auditors_of, drop_folder, sign, store_of, thresholds, ways_of, witnesses
from atamo_rules.cli.listening import listen, rate_of
from atamo_rules.cli.notify import notify
from atamo_rules.cli.plugged import plug_in
from atamo_rules.cli.run_options import Options
from atamo_rules.errors import RulesetRejected, StoreUnavailable
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ways import Way
from atamo_rules.source.codes import NOTHING_HERE

if TYPE_CHECKING:
    from atamo_rules.cli.voice import Voice
    from atamo_rules.hub.ports import Rejected
    from atamo_rules.hub.store import Store


async def serve(folder: Path, options: Options, voice: Voice) -> int:
    """Run until a signal or the end of the input; gives the exit code. Raises click.UsageError for a taken port or a
    store that another hub holds."""
    from atamo_rules.builtin.events.stdin import StandardOutput

    if not (options.listens or options.stdin or options.drop or options.events):
        raise click.UsageError(
            "There is no way in: give --stdin, --drop or --events, or leave --no-http out."
        )
    rate_of(options)
    store = store_of(folder, options.store)
    listening = listen(options) if options.listens else None
    stdin = Way("stdin", StandardOutput()) if options.stdin else None
    controller = _controller(folder, options, voice, store, stdin)
    try:
        await controller.start()
    except RulesetRejected as error:
        none = any(one.code is NOTHING_HERE for one in error.diagnostics)
        voice.warn(f"nothing is served: {'there are no rules' if none else 'the rules have errors'}")
        return 2 if none else 1
    except StoreUnavailable as error:
        raise click.UsageError(f"The store cannot be used: {error}.") from None
    voice.left(controller.hub.left)
    for one in controller.providers.now:
        voice.tell(f"asking the provider {one.name} {one.version} beside the rules")
    settle_memory()
    finish = asyncio.Event()
    with _signals(finish) as heard:
        refused = await keep_open(folder, controller, listening, options, voice, finish, stdin)
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


def _controller(folder: Path, options: Options, voice: Voice, store: Store, stdin: Way | None) -> Controller:
    """The hub that the options mean, not started yet. Raises click.UsageError for what cannot be had."""
    from atamo_rules.builtin.configuration.folder import FolderProvider

    store.level = options.audit_level
    auditors = auditors_of(folder, options)
    events = [plug_in("atamo.event_providers", one, folder) for one in options.events]
    providers = [plug_in("atamo.configuration_providers", one, folder) for one in options.providers]
    vault = plug_in("atamo.vaults", options.vault, folder) if options.vault else None
    drop = (Way("drop", drop_folder(options.drop)),) if options.drop else ()
    rules = FolderProvider(
        folder,
        tests=options.tests,
        watch=options.reload,
        params=options.params,
        code=options.code,
        weaker_walls=options.weaker_walls,
    )
    try:
        return Controller(
            rules,
            store,
            auditors,
            lambda state: _settled(state, voice),
            lambda alert: voice.warn(alert.message),
            witnesses(folder, options, store),
            sign(options.sign),
            events=(
                *ways_of(folder, options, voice),
                *drop,
                *((stdin,) if stdin is not None else ()),
                *events,
            ),
            thresholds=thresholds(options.alerts),
            vault=vault,
            providers=providers,
        )
    except ValueError as error:
        raise click.UsageError(f"--provider: {error}.") from None


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


@contextmanager
def _signals(finish: asyncio.Event) -> Iterator[list[int]]:
    """Sets `finish` on the first SIGTERM or SIGINT; a second one ends the process at once."""
    heard: list[int] = []
    loop = asyncio.get_running_loop()

    def on(number: int, _: object) -> None:
        for other in (signal.SIGTERM, signal.SIGINT):
            signal.signal(other, signal.SIG_DFL)
        heard.append(number)
        loop.call_soon_threadsafe(finish.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        # The loop's own handler has a signal wake it, and no more: by then it may be gone. It hears of signals by the
        # pipe that threads wake it by, too, and a byte is lost where that is full.
        loop.add_signal_handler(number, _nothing)
        signal.signal(number, on)
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)
    try:
        yield heard
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            if heard:
                signal.signal(number, signal.SIG_DFL)


def _nothing() -> None:
    """What else there is to do."""
