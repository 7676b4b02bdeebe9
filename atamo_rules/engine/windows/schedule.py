"""`every …`: the moments of a schedule, one after the other.

Seconds, minutes and hours are counted in UTC from 1970, so that a change of the clocks moves none of them. Days and
weeks begin at midnight of the zone, weeks on a Monday. Days with a time, and cron, are those of Debian's cron as
`cronsim` has it: a time that the clocks leap over comes at the end of the leap, one that comes twice comes once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from atamo_rules.engine.windows.state import Micros, State, length, micros, moment
from atamo_rules.functions.cron import next_of
from atamo_rules.model.window import Schedule

MOST = 1000
"""Moments that were missed and are made up for, where all of them are; the oldest are left out."""
LATE = timedelta(minutes=1)
"""A moment that is noticed later than this was missed."""
_DAY = timedelta(days=1)


def following(schedule: Schedule, after: datetime) -> datetime | None:
    """The next moment after one, in UTC; None where there is none in the next fifty years."""
    if schedule.cron:
        return next_of(schedule.cron, schedule.zone, after)
    if schedule.every < _DAY or schedule.every % _DAY:
        step = schedule.every // timedelta(microseconds=1)
        return moment((micros(after) // step + 1) * step)
    zone = ZoneInfo(schedule.zone)
    days = schedule.every // _DAY
    first = 4 if days % 7 == 0 else 0  # 1970-01-05 was a Monday
    today = after.astimezone(zone).date()
    past = (today.toordinal() - _EPOCH - first) % days
    day = today - timedelta(days=past)
    while True:
        day += timedelta(days=days)
        begins = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        if begins > after:
            return begins


_EPOCH = datetime(1970, 1, 1).toordinal()


def begin(schedule: Schedule, now: datetime) -> State | None:
    """The state of a schedule that begins now."""
    due = following(schedule, now)
    return State(micros(due), True, []) if due is not None else None


def struck(schedule: Schedule, state: State, now: Micros) -> tuple[State | None, list[Micros]]:
    """The moments up to now that are to be acted on, and the state after them. Those that were missed are made up for
    as the schedule says: by the last alone, by all, or not."""
    dues: list[Micros] = []
    due: datetime | None = moment(state.wake)
    while due is not None and micros(due) <= now:
        dues.append(micros(due))
        del dues[:-MOST]
        due = following(schedule, due)
    if schedule.missed == "once":
        dues = dues[-1:]
    if schedule.missed == "skip":
        dues = [one for one in dues[-1:] if now - one <= length(LATE)]
    return (State(micros(due), True, []) if due is not None else None), dues
