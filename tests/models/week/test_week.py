"""ISO weeks as half-open intervals."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.week.week import Week

MOMENTS = st.datetimes(datetime(2006, 1, 8), datetime(2090, 1, 1), timezones=st.just(UTC))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata"])


@given(MOMENTS, ZONES)
def test_every_moment_is_in_exactly_one_week(moment: datetime, zone: str) -> None:
    """Half-open: a week's end is the next week's start."""
    week = Week.of(moment, zone)
    assert week.contains(moment)
    assert not week.previous.contains(moment)
    assert not week.next.contains(moment)
    assert week.previous.end == week.start
    assert week.next.start == week.end
    assert Week.parse(str(week), zone) == week


@given(MOMENTS, ZONES)
def test_a_week_starts_on_a_local_monday_midnight(moment: datetime, zone: str) -> None:
    """Also when the clocks change inside it."""
    local = Week.of(moment, zone).start.astimezone(ZoneInfo(zone))
    assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)


def test_a_week_with_a_clock_change_has_167_hours() -> None:
    """28 March 2021 in Berlin."""
    week = Week.parse("2021-W12", "Europe/Berlin")
    assert week.end - week.start == timedelta(hours=167)


def test_the_reference_weeks_are_where_they_belong() -> None:
    """3 May 2021 starts W18; 1 January 2021 is in 2020-W53."""
    assert Week.parse("2021-W18").start == datetime(2021, 5, 3, tzinfo=UTC)
    assert str(Week.of(datetime(2021, 1, 1, tzinfo=UTC))) == "2020-W53"


@pytest.mark.parametrize("name", ["2021-W54", "2021-W00", "2021W18", "21-W18", "2021-W1", "", "2021-W18 "])
def test_what_is_no_week_is_refused(name: str) -> None:
    """2021 has 52 weeks."""
    with pytest.raises(ValueError, match=r"week|ISO|Invalid"):
        Week.parse(name)
