"""The moments that a text of cron names, as `cronsim` reads it: the rules of Debian's cron."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError


def next_of(cron: str, zone: str, after: datetime) -> datetime | None:
    """The next moment after one, in UTC; None where there is none in the next fifty years."""
    try:
        return next(CronSim(cron, after.astimezone(ZoneInfo(zone)).replace(microsecond=0))).astimezone(UTC)
    except (StopIteration, CronSimError):
        return None


def trouble(cron: str) -> str:
    """Why a text is no schedule of cron; empty when it is one."""
    try:
        next(CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return "it never comes"
    return ""
