"""On which events a changed rule acts, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atamo_rules.cli.ink import Ink, plain
from atamo_rules.proof.shown import given


def moved_lines(acts: dict[str, Any] | None, ink: Ink) -> Iterator[str]:
    """An event that it acts on now and did not before, one the other way round, or that there is neither."""
    if acts is None:
        return
    if acts["same"]:
        yield ink.faint("acts on the same events as before")
    if acts["more"] is not None:
        yield f"{ink.good('now acts on')} {plain(given(acts['more']))}"
    if acts["less"] is not None:
        yield f"{ink.bad('acts no more on')} {plain(given(acts['less']))}"
