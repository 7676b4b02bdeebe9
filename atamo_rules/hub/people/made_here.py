"""Keys that are made and ended where a hub runs: a file in its project's folder, or beside its store, says what a key
is, or which one opens nothing any more, and the hub takes it in.

Whoever writes there decides everything anyway, so nobody made such a key for its holder who could not come as them
without it: it has no maker. No file holds what opens, only the digest. The way is the same whether or not the hub runs,
and is what is left to whom no key opens any more.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, TypeVar

from atamo_rules.model.authority import VERBS
from atamo_rules.people import issuing
from atamo_rules.people.keys import HERE, Key, read_key

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

KEYS = "keys"
LARGEST = 64 << 10
END = ".end"
"""What a file is called that ends a key: its id, and this."""
Read = TypeVar("Read")
_ID = re.compile(r"[a-z0-9]{8}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found at a place: keys that were made, keys that were ended, and what is said of all else."""

    made: tuple[Key, ...] = ()
    ended: tuple[Key, ...] = ()
    wrong: tuple[str, ...] = ()


def place_of(where: Path) -> Path:
    """Where keys wait for the hub of a project's folder, or of a store in a file."""
    return where.parent / KEYS if where.is_file() else where / ".atamo" / KEYS


def lay_down(where: Path, key: Key) -> Path:
    """Have the hub of a project's folder, or of a store in a file, take a key in: now, or when it is started. Raises
    OSError."""
    return _write(where, f"{key.id}.json", key.kept())


def lay_down_end(where: Path, id: str, *, made: bool = False) -> Path:
    """Have that hub end the key of an id; with `made` also those that were made with it, with those, and so on. Raises
    OSError, and ValueError for what is no id."""
    if not _ID.fullmatch(id):
        raise ValueError(f"`{id}` is no id of a key")
    return _write(where, f"{id}{END}", {"made": made})


def waiting(where: Path) -> tuple[list[Key], list[str]]:
    """The keys, and the ids of those to be ended, that no hub took in yet. What is not as it was laid down is left to
    the hub to say."""
    keys: list[Key] = []
    for path in sorted(place_of(where).glob("*.json")):
        try:
            keys.append(_read(path))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue
    return keys, [path.stem for path in sorted(place_of(where).glob(f"*{END}"))]


def _write(where: Path, name: str, document: Mapping[str, Any]) -> Path:
    place = place_of(where)
    made = [one for one in (place.parent, place) if not one.exists()]
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, half = place / name, place / f".{name}.{os.getpid()}"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    if getattr(os, "geteuid", os.getpid)() == 0:  # for the hub, which may run as somebody less
        of = (where if where.is_file() or place.parent in made else place.parent).stat()
        for one in (*made, half):
            os.chown(one, of.st_uid, of.st_gid)
    half.replace(path)
    return path


async def take_in(place: Path, hub: Hub, *, lasting: bool = True) -> Taken:
    """Take in what waits at a place; files that are none of it are put aside. Keys are made before any are ended. A hub
    that ends meanwhile takes the same in again when it is started, which changes nothing.

    Where what a hub keeps is not `lasting`, the files stay, for its next start or for one that has a file: without them
    that one would be open to everybody on its machine. Only a key that was revoked goes."""
    wrong: list[str] = []
    made = await _make(place, hub, wrong, lasting)
    return Taken(tuple(made), tuple(await _end(place, hub, wrong, lasting)), tuple(wrong))


async def _make(place: Path, hub: Hub, wrong: list[str], lasting: bool) -> list[Key]:
    taken = []
    for path in sorted(place.glob("*.json")):
        key = _tried(path, _read, "create", wrong)
        if key is None:
            continue
        known = hub.current.intake.people.users.get(key.holder)
        if known is not None:
            key = replace(key, organisation=known.organisation)
        if key.id not in hub.keyring.keys:
            await hub.keyring.keep(replace(key, by=HERE, made_by=(), parent="", revoked=""))
            taken.append(key)
        if lasting or hub.keyring.keys[key.id].revoked:
            path.unlink(missing_ok=True)
    return taken


async def _end(place: Path, hub: Hub, wrong: list[str], lasting: bool) -> list[Key]:
    ended = []
    for path in sorted(place.glob(f"*{END}")):
        order = _tried(path, _read_end, "revoke", wrong)
        if order is None:
            continue
        key = hub.keyring.keys.get(path.stem)
        if key is None and not lasting:  # it may be one of before
            continue
        if key is None:
            path.replace(path.with_suffix(".refused"))
            wrong.append(f"`{path}` ends no key: there is none of this id; it is put aside")
            continue
        for one in (key, *(issuing.descendants(key.id, hub.keyring.keys) if order["made"] else ())):
            if not one.revoked:
                ended.append(await hub.keyring.revoke(one.id, HERE) or one)
        if lasting:
            path.unlink(missing_ok=True)
    return ended


def _tried(path: Path, read: Callable[[Path], Read], command: str, wrong: list[str]) -> Read | None:
    """What a file says; None for one that is left for now or put aside, and why."""
    try:
        return read(path)
    except FileNotFoundError:  # another hub of this folder was faster
        return None
    except OSError as error:
        wrong.append(f"`{path}` cannot be read: {error.strerror}; it is tried again")
    except (ValueError, TypeError, KeyError, RecursionError):
        path.replace(path.with_suffix(".refused"))
        wrong.append(f"`{path}` is not as `atamo key {command}` writes it, and is put aside")
    return None


def _document(path: Path) -> Any:
    """The JSON of a file. Raises OSError and ValueError."""
    found = path.stat()
    if not S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise ValueError("it is no file, or too large")
    return json.loads(path.read_text("utf-8"))


def _read_end(path: Path) -> Mapping[str, bool]:
    """How the key of a file's name is to be ended. Raises OSError, and ValueError for anything else."""
    order = _document(path)
    if not isinstance(order, dict) or order.keys() != {"made"} or not isinstance(order["made"], bool):
        raise ValueError("it ends no key")
    return order


def _read(path: Path) -> Key:
    """The key of a file. Raises OSError, and for anything else ValueError, TypeError or KeyError."""
    key = read_key(_document(path))
    texts = (key.digest, key.holder, key.organisation, key.role, key.over, key.made, key.about, *key.types)
    if not all(isinstance(one, str) for one in texts) or key.id != path.stem or not key.holder:
        raise ValueError("it is no key")
    if not set(key.verbs) <= set(VERBS):  # what is not known would limit it to nothing, which is no limit
        raise ValueError("there is no such verb")
    key.grants(), key.limits(), key.usable(datetime.now(UTC))
    return key
