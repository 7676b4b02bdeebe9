"""The one place that decides about colour and writes to the terminal."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def wants_color(stream: TextIO, choice: str | None) -> bool:
    """Whether to colour a stream: the option, ATAMO_COLOR, NO_COLOR, FORCE_COLOR, then whether it is a terminal."""
    if choice in ("always", "never"):
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def color_of(stream: TextIO | None = None) -> bool:
    """Whether to colour, by the options of the running command."""
    ctx = click.get_current_context(silent=True)
    choice = getattr(ctx.find_root().obj, "color", None) if ctx is not None else None
    return wants_color(stream or sys.stdout, choice)


def say(text: str, *, err: bool = False) -> None:
    """Write a text as it is, whatever it holds: what a stream cannot encode is escaped."""
    stream = sys.stderr if err else sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
