"""`atamo key create --folder`: a key that is made where a hub runs, for which no key is asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from atamo_rules.cli.console import say


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
    try:
        lay_down(place, key)
    except OSError as error:
        raise click.UsageError(
            f"The key was not made: `{error.filename or folder}` cannot be written: {error.strerror}."
        ) from None
    say(
        f"key {key.id} of {key.holder}: keep it, it is not shown again\n"
        "its hub takes it within a second, or when it is started"
        f"{'' if met else f'; none has run in `{folder}` yet'}\n",
        err=True,
    )
    return 0
