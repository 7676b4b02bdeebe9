"""What makes the built-in parts of a hub from `NAME:PLACE`: the functions that their entry points name."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
    from atamo_rules.builtin.auditors.opentelemetry import OpenTelemetryAuditor
    from atamo_rules.builtin.configuration.folder import FolderProvider
    from atamo_rules.builtin.events.drop import DropFolder
    from atamo_rules.builtin.events.stdin import StandardInput
    from atamo_rules.builtin.stores.memory import MemoryStore
    from atamo_rules.builtin.stores.nats.store import NatsStore
    from atamo_rules.builtin.stores.sqlite.store import SqliteStore
    from atamo_rules.builtin.vaults.environment import EnvironmentVault
    from atamo_rules.builtin.vaults.sealed import SealedVault


def memory(place: str, folder: str) -> MemoryStore:
    """A store that ends with the process. It has no place."""
    from atamo_rules.builtin.stores.memory import MemoryStore

    if place:
        raise ValueError("`memory` has no place")
    return MemoryStore()


def sqlite(place: str, folder: str) -> SqliteStore:
    """A store in a file; without a place, that of the project."""
    from atamo_rules.builtin.stores.sqlite.store import SqliteStore

    return SqliteStore(Path(place) if place else Path(folder) / ".atamo" / "hub.db")


def nats(place: str, folder: str) -> NatsStore:
    """A store that several hubs share, in a stream of NATS JetStream: `HOST:PORT,HOST:PORT/STREAM`."""
    from atamo_rules.builtin.stores.nats.place import read_place
    from atamo_rules.builtin.stores.nats.store import NatsStore

    if not place:
        raise ValueError("`nats` needs its servers: `nats:HOST:4222,HOST:4222,HOST:4222/STREAM`")
    return NatsStore(read_place(place), Path(folder) / ".atamo" / "nats")


def jsonl(place: str, folder: str) -> JsonLinesAuditor:
    """An auditor that writes a line for every step; without a place, to the file of the project."""
    from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor

    return JsonLinesAuditor(Path(place) if place else Path(folder) / ".atamo" / "audit.jsonl")


def opentelemetry(place: str, folder: str) -> OpenTelemetryAuditor:
    """An auditor that makes spans, for whatever the process has set up to take them. It has no place. Raises ValueError
    where nothing takes them: they would be lost without a word."""
    from atamo_rules.builtin.auditors.opentelemetry import OpenTelemetryAuditor, taken

    made = OpenTelemetryAuditor()
    if not taken():
        raise ValueError(
            "nothing takes its spans: start the hub by `opentelemetry-instrument atamo run …`, of the package "
            "`opentelemetry-distro`"
        )
    return made


def folder(place: str, folder: str) -> FolderProvider:
    """Rules of a folder; without a place, the project's."""
    from atamo_rules.builtin.configuration.folder import FolderProvider

    return FolderProvider(Path(place or folder))


def drop(place: str, folder: str) -> DropFolder:
    """Events from files that are put into a folder, which is taken from the project's."""
    from atamo_rules.builtin.events.drop import DropFolder

    if not place:
        raise ValueError("`drop` needs a folder: `drop:inbox`")
    return DropFolder(Path(folder) / place)


def stdin(place: str, folder: str) -> StandardInput:
    """Events from standard input, a line each; refusals are said on standard error."""
    from atamo_rules.builtin.events.stdin import StandardInput

    def refused(line: int, reasons: tuple[str, ...]) -> None:
        sys.stderr.write(f"line {line} was not taken: {'; '.join(reasons)}\n")

    return StandardInput(refused)


def file(place: str, folder: str) -> SealedVault:
    """A vault in the hub's store, sealed with the keys of a file, `env:NAME` or `command:WORDS`. Token servers that it
    may ask stand in ATAMO_TOKEN_HOSTS."""
    from atamo_rules.builtin.vaults.keys import KeySource
    from atamo_rules.builtin.vaults.sealed import SealedVault

    if not place:
        raise ValueError("`file` needs its keys: `file:vault.key`; `atamo secret keygen vault.key` makes one")
    hosts = os.environ.get("ATAMO_TOKEN_HOSTS", "").lower().split(",")
    return SealedVault(KeySource(place), frozenset(host.strip() for host in hosts if host.strip()))


def environment(place: str, folder: str) -> EnvironmentVault:
    """A vault of what the environment holds. It has no place."""
    from atamo_rules.builtin.vaults.environment import EnvironmentVault

    if place:
        raise ValueError("`environment` has no place")
    return EnvironmentVault(os.environ)
