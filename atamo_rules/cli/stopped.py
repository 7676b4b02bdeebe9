"""Asking what the hub of a project kept, without the hub: its store is read, and nothing is written or done.

The questions go through the very same handlers that answer over HTTP, so the answers are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.hubs import Refused
from atamo_rules.cli.shared import refuse_shared, view_of
from atamo_rules.model.authority import Principal
from atamo_rules.model.strict_json import decode
from atamo_rules.people.roles import LOCAL

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation

STORE = Path(".atamo/hub.db")
"""Where in a project its hub keeps what it accepted."""
ASK = "Ask a hub that runs: leave the folder out, or say where the hub is with `--url`."


def store_of(folder: str) -> Path:
    """The store file of a project, or the file itself. Raises click.UsageError."""
    refuse_shared(folder, ASK + view_of(folder))
    place = Path(folder)
    if not place.exists():
        raise click.UsageError(f"`{folder}` does not exist.")
    path = place / STORE if place.is_dir() else place
    if not path.is_file():
        raise click.UsageError(f"No hub has kept anything in `{folder}`: there is no `{path}`.")
    return path


class StoppedHub:
    """What a project's hub kept. Raises click.UsageError where there is nothing, or what cannot be read."""

    def __init__(self, folder: str) -> None:
        from atamo_rules.builtin.stores.sqlite.store import SqliteStore
        from atamo_rules.hub.hub import Hub
        from atamo_rules.rest.app import application

        path = store_of(folder)
        place = Path(folder)
        self.loop = asyncio.new_event_loop()
        self.store = SqliteStore(path)
        self.hub = Hub(_rules(place if place.is_dir() else path.parent.parent), self.store)
        self.app = application(lambda: self.hub, others=(_owner,))

    def __enter__(self) -> StoppedHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, wait: float = 0.0) -> Any:
        """The JSON at a path; nothing new can come, so nobody waits. Raises Refused."""
        import httpx2

        from atamo_rules.errors import StoreUnavailable

        given = {name: value for name, value in (params or {}).items() if value not in (None, "", ())}

        async def ask() -> httpx2.Response:
            if not self.hub.keyring.loaded:  # a hub does so when it starts, which this one never does
                await self.hub.keyring.load()
            transport = httpx2.ASGITransport(self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.get(path, params=given)

        try:
            response = self.loop.run_until_complete(ask())
        except StoreUnavailable as error:
            raise click.UsageError(f"The store cannot be read: {error}.") from None
        value = decode(response.content)
        if response.status_code >= 400:
            raise Refused(response.status_code, value if isinstance(value, dict) else {})
        return value


def records_of(place: Path) -> tuple[Path, Iterator[bytes]]:
    """Where the records of a project are, and each as it is kept; or those of a file that an auditor wrote. Raises
    click.UsageError."""
    if place.is_file() and place.suffix != ".db":
        return place, _lines(place)
    path = store_of(str(place))
    return path, _rows(path)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def _rows(path: Path) -> Iterator[bytes]:
    import sqlite3
    from contextlib import closing

    from atamo_rules.builtin.stores.sqlite.audit import log
    from atamo_rules.builtin.stores.sqlite.schema import open_to_read

    try:
        with closing(open_to_read(path)) as connection:
            yield from log(connection)
    except (
        sqlite3.Error,
        UnicodeDecodeError,
    ) as error:  # what SQLite says of a damaged schema may be damaged too
        raise click.UsageError(f"The store `{path}` cannot be read: {error}.") from None


async def _owner(request: object) -> Principal:
    """Whoever can read the store file may see what is in it."""
    return LOCAL


def _rules(folder: Path) -> Generation:
    """The rules that stand in a folder now; none where there are none, or they have errors."""
    from atamo_rules.compiler.pipeline import compile_sources
    from atamo_rules.hub.generation import generation
    from atamo_rules.hub.project.people import read_people
    from atamo_rules.hub.project.rulebook import NothingThere, Rulebook
    from atamo_rules.model.people import Directory

    try:
        ruleset = Rulebook((folder,)).compile().ruleset
    except NothingThere:
        ruleset = None
    if ruleset is None:
        ruleset = compile_sources([], lambda *_: "").ruleset
        assert ruleset is not None, "no rules are rules"
    people = read_people(folder)[0] if folder.is_dir() else Directory()
    return generation(ruleset, people, {})
