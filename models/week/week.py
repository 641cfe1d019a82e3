"""ISO weeks as half-open intervals of event time in a configurable time zone.

`2021-W18` in UTC is [2021-05-03T00:00Z, 2021-05-10T00:00Z). In a zone with daylight saving a week may have 167 or 169
hours, because its bounds are local midnights.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_NAME = re.compile(r"^(\d{4})-W(\d{2})$")


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week, ordered by year and number."""

    year: int
    number: int
    timezone: str = "UTC"  # name in the tz database

    @classmethod
    def parse(cls, name: str, timezone: str = "UTC") -> "Week":
        """Parse "2021-W18".

        Raises:
            ValueError: The text is not an ISO week of that year.
        """
        match = _NAME.match(name)
        if match is None:
            raise ValueError(f"{name!r} is not an ISO week such as 2021-W18")
        year, number = int(match[1]), int(match[2])
        date.fromisocalendar(year, number, 1)
        return cls(year, number, timezone)

    @classmethod
    def of(cls, moment: datetime, timezone: str = "UTC") -> "Week":
        """The week that contains `moment` (aware)."""
        calendar = moment.astimezone(ZoneInfo(timezone)).isocalendar()
        return cls(calendar.year, calendar.week, timezone)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @property
    def start(self) -> datetime:
        """The first moment, in UTC."""
        return _bounds(self.year, self.number, self.timezone)[0]

    @property
    def end(self) -> datetime:
        """The first moment after the week, in UTC."""
        return _bounds(self.year, self.number, self.timezone)[1]

    @property
    def previous(self) -> "Week":
        """The week before."""
        return Week.of(self.start - timedelta(hours=1), self.timezone)

    @property
    def next(self) -> "Week":
        """The week after."""
        return Week.of(self.end, self.timezone)

    def contains(self, moment: datetime) -> bool:
        """Whether start <= moment < end."""
        start, end = _bounds(self.year, self.number, self.timezone)
        return start <= moment < end

    def day_of(self, moment: datetime) -> int:
        """0 for Monday … 6 for Sunday, in the week's zone."""
        return moment.astimezone(ZoneInfo(self.timezone)).weekday()


@lru_cache(maxsize=256)  # called for every record of a slice
def _bounds(year: int, number: int, timezone: str) -> tuple[datetime, datetime]:
    monday = date.fromisocalendar(year, number, 1)
    midnights = (datetime.combine(day, time(), ZoneInfo(timezone)) for day in (monday, monday + timedelta(days=7)))
    first, after = (midnight.astimezone(UTC) for midnight in midnights)
    return first, after
