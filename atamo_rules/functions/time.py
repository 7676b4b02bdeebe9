"""Functions on moments, dates and lengths of time; RFC 3339 and ISO 8601 read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.signature import Function, takes
from atamo_rules.model.types import Duration, Moment, Number, OneOf, Text

WHOLE = Number(whole=True)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION = re.compile(
    r"([-+])?P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.(\d{1,6}))?S)?)?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


LONGEST = 64
"""Characters of the longest text that writes a moment, a date or a duration."""


def parse_moment(text: str) -> datetime | None:
    """The moment an RFC 3339 text writes, in UTC; None when it writes none. A zone is required.

    A leap second (:60) is read as the second after :59; digits beyond microseconds are dropped.
    """
    return _parsed_moment(text) if len(text) <= LONGEST else None


def parse_date(text: str) -> date | None:
    """The calendar date an ISO 8601 text (YYYY-MM-DD) writes; None when it writes none."""
    return _parsed_date(text) if len(text) <= LONGEST else None


def parse_duration(text: str) -> timedelta | None:
    """The length an ISO 8601 duration writes, weeks to seconds; None for months and years, which have none."""
    return _parsed_duration(text) if len(text) <= LONGEST else None


# Many rules read the same few texts of one event.


@lru_cache(4096)
def _parsed_moment(text: str) -> datetime | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    leap = second == 60
    micros = int((found.group(7) or "0").ljust(6, "0")[:6])
    zone = found.group(8)
    offset = timedelta(0)
    if zone not in ("Z", "z"):
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        offset = -offset if zone[0] == "-" else offset
    try:
        made = datetime(year, month, day, hour, minute, 59 if leap else second, micros, UTC) - offset
        return made + timedelta(seconds=1) if leap else made
    except (ValueError, OverflowError):
        return None


@lru_cache(4096)
def _parsed_date(text: str) -> date | None:
    if _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@lru_cache(4096)
def _parsed_duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:6]):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:6])
    micros = int((found.group(7) or "0").ljust(6, "0"))
    try:
        made = timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros
        )
    except OverflowError:
        return None
    return -made if found.group(1) == "-" else made


def local(moment: datetime, zone: str = "UTC") -> datetime | None:
    """A moment on the clocks of a zone; None for a zone nobody knows, and at the edges of the calendar."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError, OverflowError):
        return None


def _of(moment: datetime, zone: str, part: str) -> Any:
    found = local(moment, zone)
    return ABSENT if found is None else getattr(found, part)


def _weekday(moment: datetime, zone: str = "UTC") -> Any:
    found = local(moment, zone)
    return ABSENT if found is None else DAYS[found.weekday()]


def _date(moment: datetime, zone: str = "UTC") -> Any:
    found = local(moment, zone)
    return ABSENT if found is None else found.date()


_FORMATS: dict[str, Callable[[datetime], str]] = {
    "%Y": lambda m: f"{m.year:04d}",
    "%m": lambda m: f"{m.month:02d}",
    "%d": lambda m: f"{m.day:02d}",
    "%H": lambda m: f"{m.hour:02d}",
    "%M": lambda m: f"{m.minute:02d}",
    "%S": lambda m: f"{m.second:02d}",
    "%%": lambda m: "%",
}


def _format(moment: datetime, pattern: str, zone: str = "UTC") -> Any:
    found = local(moment, zone)
    if found is None or len(pattern) > 1000:
        return ABSENT
    return re.sub("%.", lambda m: _FORMATS[m.group()](found) if m.group() in _FORMATS else m.group(), pattern)


def _seconds(length: timedelta) -> Any:
    micros = (length.days * 86400 + length.seconds) * 1_000_000 + length.microseconds
    whole, rest = divmod(micros, 1_000_000)
    return whole if rest == 0 else Decimal(micros) / 1_000_000


def _moment(text: str) -> Any:
    found = parse_moment(text)
    return ABSENT if found is None else found


def _duration(text: str) -> Any:
    found = parse_duration(text)
    return ABSENT if found is None else found


_ZONED = takes("moment:moment", optional="zone:text")


def _calendar(name: str) -> Function:
    return Function(name, f"The {name} of a moment, in UTC or in a zone.", _ZONED, WHOLE,
                    lambda m, z="UTC": _of(m, z, name), ())  # fmt: skip


FUNCTIONS = (
    Function("moment", "The moment an RFC 3339 text writes; absent when it writes none.", takes("text:text"), Moment(),
             _moment, (('moment("2026-02-28T23:30:00-01:00")', "2026-03-01T00:30:00Z"),)),
    Function("duration", "The length an ISO 8601 text writes.", takes("text:text"), Duration(), _duration,
             (('duration("PT90M")', "PT1H30M"),)),
    Function("weekday", "The day of the week, in UTC or in a zone.", _ZONED, OneOf(DAYS), _weekday,
             (('weekday(moment("2026-11-23T12:00:00Z"))', "monday"),)),
    Function("date", "The calendar date of a moment, in UTC or in a zone.", _ZONED, Moment(date_only=True), _date,
             (('date(moment("2026-11-23T23:30:00Z"), "Europe/Paris")', "2026-11-24"),)),
    _calendar("year"), _calendar("month"), _calendar("day"), _calendar("hour"), _calendar("minute"),
    Function("format_time", "A moment in a pattern of %Y %m %d %H %M %S, in UTC or in a zone.",
             takes("moment:moment", "pattern:text", optional="zone:text"), Text(), _format,
             (('format_time(moment("2026-11-23T09:05:00Z"), "%d.%m.%Y %H:%M")', "23.11.2026 09:05"),)),
    Function("seconds", "A length of time in seconds.", takes("length:duration"), Number(), _seconds,
             (("seconds(90 minutes)", 5400),)),
)  # fmt: skip
