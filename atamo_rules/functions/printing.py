"""Values as text: what a template prints, and what JSON keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from atamo_rules.functions.floats import exactly
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json


def jsonable(value: Any) -> Json:
    """A runtime value as JSON: moments in RFC 3339 (UTC, `Z`), dates and durations in ISO 8601, floats exactly."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, float):
        return exactly(value) if isfinite(value) else None
    return value  # type: ignore[no-any-return]


def printed(value: Any) -> str:
    """A value as a template prints it: texts as they are, numbers exactly, the rest as compact JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and isfinite(value):
        value = exactly(value)
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    ready = jsonable(value)
    return ready if isinstance(ready, str) else encode(ready)


def moment_text(value: datetime) -> str:
    """RFC 3339 in UTC, without a fraction when there is none."""
    text = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def duration_text(value: timedelta) -> str:
    """ISO 8601: `PT15M`, `P1DT2H`, `-PT5S`; `PT0S` for none."""
    micros = (value.days * 86400 + value.seconds) * 1_000_000 + value.microseconds
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    seconds, micros = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    clock = "".join(
        part
        for part in (
            f"{hours}H" if hours else "",
            f"{minutes}M" if minutes else "",
            f"{seconds}{fraction}S" if seconds or fraction else "",
        )
    )
    day = f"{days}D" if days else ""
    if not day and not clock:
        return "PT0S"
    return f"{sign}P{day}{'T' if clock else ''}{clock}"


def length_text(value: timedelta) -> str:
    """A length of time as rules write it, in the largest unit of which it is a whole number: `10 minutes`, `1 hour`."""
    for unit, one in _UNITS.items():
        if value and value % one == timedelta(0):
            many = value // one
            return f"{many} {unit}{'' if many == 1 else 's'}"
    return f"{format((Decimal(value // _MICRO) / 1_000_000).normalize(), 'f')} seconds"


_MICRO = timedelta(microseconds=1)
_UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
