"""What stood in the way, as JSON where JSON was asked for: whoever reads a pipe never takes nothing for an answer."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import click

from atamo_rules.cli.console import say


def wants_json(ctx: click.Context | None = None) -> bool:
    """Whether the command was to answer in JSON: what it was given, or, where it was not understood, its words."""
    if ctx is not None and "format" in ctx.params:
        return bool(ctx.params["format"] == "json")
    words = sys.argv[1:]
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def as_document(message: str, code: str, status: int, ctx: click.Context | None = None) -> None:
    """Write to standard output what was said on standard error, where JSON was asked for."""
    if wants_json(ctx):
        write({"title": message, "code": code, "exit": status})


def nothing(message: str) -> int:
    """Say that there was nothing to do it with, and give the exit code."""
    say(f"{message}\n", err=True)
    as_document(message, "nothing", 1, click.get_current_context(silent=True))
    return 1


def write(document: Any) -> None:
    """Write one document to standard output."""
    from atamo_rules.model.strict_json import encode

    say(encode(document) + "\n")
