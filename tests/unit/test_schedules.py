"""Schedules over changes of the clocks, leap days and missed moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.engine.windows.schedule import LATE, begin, following, struck
from atamo_rules.engine.windows.state import length, micros
from atamo_rules.model.window import Missed, Schedule

HALF_PAST_TWO = Schedule("30 2 * * *", timedelta(0), "Europe/Paris")


def moments(schedule: Schedule, after: str, many: int) -> list[str]:
    now, found = datetime.fromisoformat(after), []
    for _ in range(many):
        due = following(schedule, now)
        assert due is not None
        found.append(due.strftime("%d %H:%M"))
        now = due
    return found


def test_a_time_that_the_clocks_leap_over_comes_at_the_end_of_the_leap() -> None:
    assert moments(HALF_PAST_TWO, "2026-03-28T12:00:00Z", 2) == ["29 01:00", "30 00:30"]


def test_a_time_that_comes_twice_comes_once() -> None:
    assert moments(HALF_PAST_TWO, "2026-10-24T12:00:00Z", 2) == ["25 00:30", "26 01:30"]


def test_days_begin_at_midnight_of_the_zone_however_long_they_are() -> None:
    daily = Schedule("", timedelta(days=1), "Europe/Paris")
    assert moments(daily, "2026-03-28T12:00:00Z", 3) == ["28 23:00", "29 22:00", "30 22:00"]


def test_weeks_begin_on_a_monday() -> None:
    weekly = Schedule("", timedelta(weeks=1), "UTC")
    due = following(weekly, datetime(2026, 1, 1, tzinfo=UTC))
    assert due == datetime(2026, 1, 5, tzinfo=UTC)


def test_hours_go_on_through_a_change_of_the_clocks() -> None:
    hourly = Schedule("", timedelta(hours=1), "Europe/Paris")
    assert moments(hourly, "2026-03-29T00:30:00Z", 3) == ["29 01:00", "29 02:00", "29 03:00"]


def test_a_leap_day_comes_every_four_years() -> None:
    leap = Schedule("0 0 29 2 *", timedelta(0), "UTC")
    assert following(leap, datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, tzinfo=UTC)


schedules = st.builds(
    Schedule,
    st.just(""),
    st.sampled_from(
        [timedelta(minutes=7), timedelta(hours=5), timedelta(days=1), timedelta(days=3), timedelta(weeks=2)]
    ),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
) | st.builds(
    Schedule,
    st.sampled_from(["30 2 * * *", "0 9 * * 1-5", "*/10 * * * *"]),
    st.just(timedelta(0)),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]),
)


@given(schedules, st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))
def test_the_next_moment_is_later_and_there_is_none_between(schedule: Schedule, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    due = following(schedule, now)
    assert due is not None
    assert due > now
    assert following(schedule, now + (due - now) / 2) == due


@pytest.mark.parametrize(("missed", "many"), [("once", 1), ("all", 4), ("skip", 0)])
def test_missed_moments(missed: Missed, many: int) -> None:
    hourly = Schedule("", timedelta(hours=1), "UTC", missed)
    state = begin(hourly, datetime(2026, 1, 1, tzinfo=UTC))
    assert state is not None
    now = micros(datetime(2026, 1, 1, 4, 30, tzinfo=UTC))
    after, dues = struck(hourly, state, now)
    assert len(dues) == many
    assert after is not None
    assert after.wake == micros(datetime(2026, 1, 1, 5, tzinfo=UTC))
    assert len(struck(hourly, state, state.wake + length(LATE))[1]) == 1
