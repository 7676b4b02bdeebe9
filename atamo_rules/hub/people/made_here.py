"""Keys that are made where a hub runs: a file in its project's folder, or beside its store, says what one is, and
the hub takes it in.

Whoever writes there decides everything anyway, so nobody made such a key for its holder who could not come as them
without it: it has no maker. No file holds what opens, only the digest. The way is the same whether or not the hub runs,
and is what is left to whom no key opens any more.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from atamo_rules.model.authority import VERBS
from atamo_rules.people.keys import HERE, Key, read_key

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

KEYS = "keys"
LARGEST = 64 << 10


def place_of(where: Path) -> Path:
    """Where keys wait for the hub of a project's folder, or of a store in a file."""
    return where.parent / KEYS if where.is_file() else where / ".atamo" / KEYS


def lay_down(where: Path, key: Key) -> Path:
    """Have the hub of a project's folder, or of a store in a file, take a key in: now, or when it is started. Raises
    OSError."""
    place = place_of(where)
    made = [one for one in (place.parent, place) if not one.exists()]
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, half = place / f"{key.id}.json", place / f".{key.id}"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(key.kept(), file)
        file.flush()
        os.fsync(file.fileno())
    if getattr(os, "geteuid", os.getpid)() == 0:  # for the hub, which may run as somebody less
        of = (where if where.is_file() or place.parent in made else place.parent).stat()
        for one in (*made, half):
            os.chown(one, of.st_uid, of.st_gid)
    half.replace(path)
    return path


async def take_in(place: Path, hub: Hub) -> tuple[list[Key], list[str]]:
    """Take in what waits at a place: the keys, and what is said of files that are none, which are put aside. A hub that
    ends meanwhile takes the same key in again when it is started, which changes nothing."""
    taken, wrong = [], []
    for path in sorted(place.glob("*.json")):
        try:
            key = _read(path)
        except FileNotFoundError:  # another hub of this folder was faster
            continue
        except OSError as error:
            wrong.append(f"`{path}` cannot be read: {error.strerror}; it is tried again")
            continue
        except (ValueError, TypeError, KeyError, RecursionError):
            path.replace(path.with_suffix(".refused"))
            wrong.append(f"`{path}` is not as `atamo key create` writes it, and is put aside")
            continue
        known = hub.current.intake.people.users.get(key.holder)
        if known is not None:
            key = replace(key, organisation=known.organisation)
        if key.id not in hub.keyring.keys:
            await hub.keyring.keep(replace(key, by=HERE, made_by=(), parent="", revoked=""))
            taken.append(key)
        path.unlink(missing_ok=True)
    return taken, wrong


def _read(path: Path) -> Key:
    """The key of a file. Raises OSError, and for anything else ValueError, TypeError or KeyError."""
    found = path.stat()
    if not S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise ValueError("it is no file, or too large")
    key = read_key(json.loads(path.read_text("utf-8")))
    texts = (key.digest, key.holder, key.organisation, key.role, key.over, key.made, key.about, *key.types)
    if not all(isinstance(one, str) for one in texts) or key.id != path.stem or not key.holder:
        raise ValueError("it is no key")
    if not set(key.verbs) <= set(VERBS):  # what is not known would limit it to nothing, which is no limit
        raise ValueError("there is no such verb")
    key.grants(), key.limits(), key.usable(datetime.now(UTC))
    return key
