"""Lengths of time as people read them: `12 ms`, `3.5 s`, `4 h 10 min`."""

from __future__ import annotations

from datetime import timedelta


def length_text(time: timedelta) -> str:
    """A length of time with as many digits as people want."""
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
