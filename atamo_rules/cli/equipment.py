"""What a hub that is served is made of, as the options say; what cannot be had is a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atamo_rules.cli.plugged import plug_in
from atamo_rules.cli.run_options import Options
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.ways import Way

if TYPE_CHECKING:
    from atamo_rules.builtin.events.drop import DropFolder
    from atamo_rules.builtin.witnesses.file import FileWitness
    from atamo_rules.cli.voice import Voice
    from atamo_rules.hub.audit.notary import Sign
    from atamo_rules.hub.ports import Auditor
    from atamo_rules.hub.store import Store
    from atamo_rules.hub.telemetry.thresholds import Threshold


def auditors_of(folder: Path, options: Options) -> tuple[Auditor, ...]:
    """Who is told of every step: the file of `--audit`, and plug-ins. Raises click.UsageError."""
    from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor

    audit = folder / ".atamo" / "audit.jsonl" if options.audit is None else Path(options.audit)
    try:
        file: tuple[Auditor, ...] = () if options.audit == "none" else (JsonLinesAuditor(audit),)
    except OSError as error:
        raise click.UsageError(f"The audit `{audit}` cannot be written: {error.strerror}.") from None
    return (*file, *(plug_in("atamo.auditors", one, folder) for one in options.auditors))


def thresholds(written: tuple[str, ...]) -> tuple[Threshold, ...]:
    """The thresholds of `--alert`."""
    from atamo_rules.hub.telemetry.thresholds import read_threshold

    try:
        return tuple(read_threshold(one) for one in written)
    except ValueError as error:
        raise click.UsageError(f"--alert: {error}.") from None


def store_of(folder: Path, given: str | None) -> Store:
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


def witnesses(folder: Path, options: Options, store: Store) -> tuple[FileWitness, ...]:
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


def sign(file: str | None) -> Sign | None:
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


def ways_of(folder: Path, options: Options, voice: Voice) -> tuple[Way, ...]:
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


def drop_folder(folder: str) -> DropFolder:
    """The folder of `--drop`."""
    from atamo_rules.builtin.events.drop import DropFolder

    try:
        return DropFolder(Path(folder))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise click.UsageError(f"The drop folder `{folder}` cannot be used: {why}.") from None
