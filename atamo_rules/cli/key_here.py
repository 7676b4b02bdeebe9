"""`atamo key … --folder`: keys made, listed and revoked where a hub runs, for which no key is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import Refused
from atamo_rules.cli.ink import plain


def make_here(folder: str, order: dict[str, Any]) -> int:
    """Make a key, show it, and have the hub of a project, or of a store in a file, take it in. It is shown first:
    what ends between leaves a text that opens nothing, and never a key that nobody has. Raises click.UsageError."""
    from atamo_rules.hub.clock import SystemClock
    from atamo_rules.hub.people.made_here import lay_down
    from atamo_rules.people.keys import HERE, make
    from atamo_rules.rest.orders import held
    from atamo_rules.rest.problem import Problem

    place, now = Path(folder), SystemClock().now()
    if not place.exists():
        raise click.UsageError(f"`{folder}` does not exist.")
    met = place.is_file() or (place / ".atamo").exists()
    try:
        more = held(order, "NewKey")
    except Problem as problem:
        raise click.UsageError(f"A key cannot be made so: {problem.detail}.") from None
    days = more.pop("expires", 0)
    for name in ("verbs", "types"):
        more[name] = tuple(more.get(name, ()))
    ends = (now + timedelta(days=days)).isoformat() if days else ""
    text, key = make(more.pop("holder"), by=HERE, made=now.isoformat(), expires=ends, **more)
    say(f"{text}\n")
    with _written(folder, "made"):
        lay_down(place, key)
    say(
        f"key {key.id} of {key.holder}: keep it, it is not shown again\n"
        "its hub takes it within a second, or when it is started"
        f"{'' if met else f'; none has run in `{folder}` yet'}\n",
        err=True,
    )
    return 0


def kept_here(folder: str) -> dict[str, Any]:
    """What the hub of a project keeps of keys, as it would list them, whether or not it runs; `waiting` are those that
    it did not take in yet, and `ending` the ids of those that it did not revoke yet. Raises click.UsageError."""
    from atamo_rules.cli.stopped import STORE, StoppedHub
    from atamo_rules.hub.people.made_here import waiting

    place = Path(folder)
    made, ending = waiting(place)
    found: dict[str, Any] = {"keys": []}
    if not made or (place / STORE).exists() or place.is_file():  # else none has run here yet
        with StoppedHub(folder) as hub:
            found = hub.get("/v1/keys")
    known = {one["id"] for one in found["keys"]}
    return {**found, "waiting": [key.document() for key in made if key.id not in known], "ending": ending}


def revoke_here(folder: str, id: str, *, made: bool) -> int:
    """Have the hub of a project, or of a store in a file, end a key. A store that hubs share cannot be read here: there
    the hub says whether there is such a key. Raises click.UsageError, and Refused where there is none."""
    from atamo_rules.cli.shared import shared_store
    from atamo_rules.hub.people.made_here import lay_down_end

    holder = ""
    if not shared_store(folder):
        kept = kept_here(folder)
        known = {one["id"]: one for one in (*kept["keys"], *kept["waiting"])}.get(id)
        if known is None:
            remedy = f"`atamo key list --folder {folder}` lists them"
            raise Refused(
                404, {"title": "there is no key of this id", "remedy": remedy, "code": "unknown-key"}
            )
        holder = known["holder"]
        if known["revoked"] and not made:
            say(f"key {id} of {plain(holder)} opens nothing any more\n")
            return 0
    try:
        with _written(folder, "revoked"):
            lay_down_end(Path(folder), id, made=made)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    of = f" of {plain(holder)}" if holder else ""
    also = ", and those that were made with it" if made else ""
    say(f"key {id}{of}{also}: its hub revokes it within a second, or when it is started\n")
    return 0


@contextmanager
def _written(folder: str, done: str) -> Iterator[None]:
    """Raises click.UsageError where the folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(
            f"The key was not {done}: `{error.filename or folder}` cannot be written: {error.strerror}."
        ) from None
