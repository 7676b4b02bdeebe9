"""Moments on the command line: a time of RFC 3339, a day, or how long ago."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from atamo_rules.functions.printing import moment_text
from atamo_rules.functions.time import parse_date, parse_moment

Command = TypeVar("Command", bound=Callable[..., Any])

_AGO = re.compile(r"(\d{1,6})\s*(s|m|min|h|d|w)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


class Moment(click.ParamType[Any]):
    """Gives the moment as RFC 3339 text, as a hub reads it."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = read_moment(str(value), datetime.now(UTC))
        if found is None:
            self.fail(
                f"`{value}` is no moment: write 2h, 30min, 7d, 2026-01-31 or 2026-01-31T09:00:00Z.",
                param,
                ctx,
            )
        return moment_text(found)


def read_moment(text: str, now: datetime) -> datetime | None:
    """The moment that a text means; None when it means none. A day begins at midnight in UTC."""
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return now - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
    if (day := parse_date(text)) is not None:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return parse_moment(text)


def moment_option(name: str, about: str) -> Callable[[Command], Command]:
    """Adds an option whose value is a moment."""
    return click.option(
        name, type=Moment(), default=None, metavar="WHEN", help=f"{about} 2h, 7d, a day, or RFC 3339."
    )
