"""The states of windows as a store keeps them: under their places, with the name of the hub that counts there.

Hubs that share a store count each for itself. A state belongs to the hub that wrote it last, which wakes it; another
takes it up when that one is gone. A schedule belongs to all: its moments, and the events made of them, are the same at
every hub, and only the first of equal events is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from atamo_rules.engine.windows.state import Place, State, part_of, state_of
from atamo_rules.hub.store import Store
from atamo_rules.model.work import Entry, Put

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

BUCKET = "windows"


def puts(written: Mapping[Place, State | None], hub: str) -> tuple[Put, ...]:
    """States as a store keeps them; `hub` is empty where it is alone."""
    return tuple(
        Put(BUCKET, _key(place), _document(state.document(), hub) if state is not None else None)
        for place, state in written.items()
    )


async def left_of(
    hub: Hub, gone: frozenset[str], known: Callable[[Place], State | None]
) -> dict[Place, State]:
    """The states that are now to be woken by this hub: of schedules, and those of hubs that are `gone`, written anew
    under its name; of two that take one up, one has it."""
    found: dict[Place, State] = {}
    name = hub.left.hub
    for entry in await hub.store.entries(BUCKET):
        shelf, _, key = entry.key.partition("\n")
        place = Place(shelf, key)
        if known(place) is not None:
            continue
        document, keeper = _read(entry)
        if keeper != name and part_of(shelf) != "schedule":
            if keeper not in gone:
                continue
            put = Put(BUCKET, entry.key, _document(document, name), expect=entry.revision)
            if await hub.surely(lambda put=put: hub.store.put(put)) is None:  # type: ignore[misc]
                continue
        found[place] = state_of(document)
    return found


async def holds(store: Store, place: Place, hub: str) -> bool:
    """Whether what stands at a place is this hub's to wake."""
    entry = await store.get(BUCKET, _key(place))
    return (
        entry is None or entry.value is None or part_of(place.shelf) == "schedule" or _read(entry)[1] == hub
    )


def _key(place: Place) -> str:
    return f"{place.shelf}\n{place.key}"


def _document(document: list[Any], hub: str) -> list[Any]:
    return [*document, hub] if hub else document


def _read(entry: Entry) -> tuple[list[Any], str]:
    value: Any = entry.value
    return list(value[:3]), str(value[3]) if len(value) > 3 else ""
